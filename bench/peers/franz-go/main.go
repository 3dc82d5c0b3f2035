// franz-go: Produce with a promise and pooled records, a partitioner that stays for a whole batch; PollFetches with pools.
package main

import (
	"context"
	"os"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	client  = "franz-go"
	library = "github.com/twmb/franz-go"
)

func main() {
	switch l := read(); l.name {
	case "produce":
		produce(l)
	case "consume":
		consume(l)
	default:
		latency(l)
	}
}

func producer(l load) *kgo.Client {
	codec := map[string]kgo.CompressionCodec{"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression()}
	chosen, ok := codec[l.codec]
	if !ok {
		chosen = kgo.NoCompression()
	}
	options := []kgo.Opt{
		kgo.SeedBrokers(l.brokers),
		kgo.DefaultProduceTopic(l.topic),
		kgo.ProducerBatchCompression(chosen),
		kgo.ProducerLinger(l.linger),
		kgo.ProducerBatchMaxBytes(int32(l.batch)),
		kgo.MaxBufferedRecords(200_000),
	}
	if !l.keyed {
		options = append(options, kgo.RecordPartitioner(kgo.UniformBytesPartitioner(l.batch, true, true, nil)))
	}
	c, err := kgo.NewClient(options...)
	check(err)
	check(c.Ping(context.Background()))
	return c
}

func produce(l load) {
	rows, c, ctx := l.rows(), producer(l), context.Background()
	records := sync.Pool{New: func() any { return new(kgo.Record) }}
	done := func(r *kgo.Record, err error) {
		check(err)
		*r = kgo.Record{}
		records.Put(r)
	}
	header := []kgo.RecordHeader{{Key: "trace", Value: []byte("0123456789abcdef")}}
	m := begin()
	for i := range l.records {
		r := records.Get().(*kgo.Record)
		r.Value = rows[i%len(rows)]
		if l.keyed {
			r.Key = r.Value[6:13]
		}
		if l.headers {
			r.Headers = header
		}
		c.Produce(ctx, r, done)
	}
	check(c.Flush(ctx))
	u := m.end()
	c.Close()
	u.print(l, l.records, l.records*l.size, nil)
}

type recordPool struct{ slices sync.Pool }

func (p *recordPool) GetRecords(n int) []kgo.Record {
	if records, ok := p.slices.Get().(*[]kgo.Record); ok && cap(*records) >= n {
		return (*records)[:0]
	}
	return make([]kgo.Record, 0, n)
}

func (p *recordPool) PutRecords(records []kgo.Record) { p.slices.Put(&records) }

func consume(l load) {
	c, err := kgo.NewClient(
		kgo.SeedBrokers(l.brokers),
		kgo.ConsumeTopics(l.topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchMaxPartitionBytes(1<<20),
		kgo.WithPools(&recordPool{}),
	)
	check(err)
	ctx := context.Background()
	check(c.Ping(ctx))
	records, bytes := 0, 0
	m := begin()
	for records < l.records {
		fetches := c.PollFetches(ctx)
		check(fetches.Err())
		fetches.EachRecord(func(r *kgo.Record) {
			records++
			bytes += len(r.Value)
			r.Recycle()
		})
	}
	m.end().print(l, records, bytes, nil)
	os.Exit(0)
}

func latency(l load) {
	rows, c, ctx, o := l.rows(), producer(l), context.Background(), newOpenLoop(l)
	var open sync.WaitGroup
	m := o.run(func(s sent) {
		open.Add(1)
		value := rows[(s.index+l.rate*l.warm)%len(rows)]
		c.Produce(ctx, &kgo.Record{Value: value}, func(_ *kgo.Record, err error) {
			check(err)
			o.acknowledged(s)
			open.Done()
		})
	})
	open.Wait()
	o.print(m.end())
	c.Close()
}
