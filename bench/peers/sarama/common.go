package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A load as the command line asks for it.
type load struct {
	name, brokers, topic, codec, pool         string
	records, size, batch, rate, seconds, warm int
	linger                                    time.Duration
	keyed, headers                            bool
}

func read() load {
	l := load{}
	if len(os.Args) < 2 {
		fail(fmt.Errorf("produce, consume or latency, then flags"))
	}
	l.name = os.Args[1]
	flags := flag.NewFlagSet(l.name, flag.ExitOnError)
	flags.StringVar(&l.brokers, "brokers", "127.0.0.1:9092", "")
	flags.StringVar(&l.topic, "topic", "bench", "")
	flags.StringVar(&l.codec, "codec", "none", "")
	flags.StringVar(&l.pool, "pool", "", "file of values")
	flags.IntVar(&l.records, "records", 5_000_000, "")
	flags.IntVar(&l.size, "size", 100, "")
	flags.IntVar(&l.batch, "batch-bytes", 1_000_000, "")
	flags.IntVar(&l.rate, "rate", 1_000, "")
	flags.IntVar(&l.seconds, "seconds", 10, "")
	flags.IntVar(&l.warm, "warm-seconds", 2, "")
	flags.BoolVar(&l.keyed, "keyed", false, "")
	flags.BoolVar(&l.headers, "headers", false, "")
	otherwise := 5
	if l.name == "latency" {
		otherwise = 0
	}
	linger := flags.Int("linger-ms", otherwise, "")
	_ = flags.String("acks", "all", "")
	check(flags.Parse(os.Args[2:]))
	l.linger = time.Duration(*linger) * time.Millisecond
	return l
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "error:", err)
	os.Exit(1)
}

func check(err error) {
	if err != nil {
		fail(err)
	}
}

func (l load) rows() [][]byte {
	pool, err := os.ReadFile(l.pool)
	check(err)
	return slices.Collect(slices.Chunk(pool, l.size))
}

// What a load uses between its first record and its last acknowledgement.
type meter struct {
	begin  time.Time
	cpu    time.Duration
	allocs uint64
}

func begin() meter { return meter{allocs: allocs(), cpu: cpu(), begin: time.Now()} }

func allocs() uint64 {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return memory.Mallocs
}

func cpu() time.Duration {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

type usage struct {
	wall, cpu float64
	// By which the caller knows how long the process took to get here.
	ended  time.Time
	allocs uint64
}

func (m meter) end() usage {
	u := usage{wall: time.Since(m.begin).Seconds(), cpu: (cpu() - m.cpu).Seconds(), ended: time.Now()}
	u.allocs = allocs() - m.allocs
	return u
}

func (u usage) print(l load, records, bytes int, more map[string]any) {
	line := map[string]any{
		"client": client, "version": version(), "op": l.name, "records": records, "bytes": bytes, "wall_s": u.wall,
		"cpu_s": u.cpu, "cpu_us_per_record": u.cpu * 1e6 / float64(records), "records_per_s": float64(records) / u.wall,
		"mb_per_s": float64(bytes) / 1e6 / u.wall, "max_rss_mb": peakMemory(),
		"ended_s": float64(u.ended.UnixMicro()) / 1e6, "allocs_per_record": float64(u.allocs) / float64(records),
	}
	for name, value := range more {
		line[name] = value
	}
	text, err := json.Marshal(line)
	check(err)
	fmt.Println(string(text))
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == library {
				return module.Version
			}
		}
	}
	return "?"
}

func peakMemory() (megabytes float64) {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			_, _ = fmt.Sscan(value, &megabytes)
		}
	}
	return megabytes / 1024
}

// An open loop: each record is due at its moment, whatever became of those before it.
type openLoop struct {
	load
	fromDue, fromCall []time.Duration
}

// A record as the loop hands it over.
type sent struct {
	index       int
	due, called time.Time
}

func newOpenLoop(l load) *openLoop {
	counted := l.rate * l.seconds
	return &openLoop{l, make([]time.Duration, counted), make([]time.Duration, counted)}
}

func (o *openLoop) run(send func(sent)) meter {
	m := begin()
	start := time.Now()
	warm := o.rate * o.warm
	for i := range warm + len(o.fromDue) {
		if i == warm {
			m = begin()
		}
		due := start.Add(time.Duration(i) * time.Second / time.Duration(o.rate))
		if early := time.Until(due); early > 0 {
			time.Sleep(early)
		}
		send(sent{i - warm, due, time.Now()})
	}
	return m
}

func (o *openLoop) acknowledged(s sent) {
	if now := time.Now(); s.index >= 0 {
		o.fromDue[s.index], o.fromCall[s.index] = now.Sub(s.due), now.Sub(s.called)
	}
}

func (o *openLoop) print(u usage) {
	more := map[string]any{"rate": o.rate}
	for prefix, latencies := range map[string][]time.Duration{"": o.fromDue, "call_": o.fromCall} {
		slices.Sort(latencies)
		for name, thousandths := range map[string]int{"p50": 500, "p99": 990, "p999": 999, "max": 1000} {
			index := min(len(latencies)*thousandths/1000, len(latencies)-1)
			more[prefix+name+"_ms"] = float64(latencies[index]) / 1e6
		}
	}
	u.print(o.load, len(o.fromDue), len(o.fromDue)*o.size, more)
}
