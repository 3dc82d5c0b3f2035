// Command member is a member of a group, by franz-go: member BOOTSTRAP NAME ASSIGNOR. NAME is that of group and topic,
// ASSIGNOR range, roundrobin, sticky, cooperative-sticky, or for the consumer protocol consumer. It prints the value of
// each record that it reads, and leaves in good order at the end of its input.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	servers, name, assignor := strings.Split(os.Args[1], ","), os.Args[2], os.Args[3]
	options := []kgo.Opt{
		kgo.SeedBrokers(servers...), kgo.ClientID("franz"), kgo.ConsumerGroup(name), kgo.ConsumeTopics(name),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	}
	balancers := map[string]kgo.GroupBalancer{
		"range":              kgo.RangeBalancer(),
		"roundrobin":         kgo.RoundRobinBalancer(),
		"sticky":             kgo.StickyBalancer(),
		"cooperative-sticky": kgo.CooperativeStickyBalancer(),
	}
	if balancer := balancers[assignor]; balancer != nil {
		options = append(options, kgo.Balancers(balancer), kgo.HeartbeatInterval(500*time.Millisecond))
	} else {
		options = append(options, kgo.ServerSideBalancer(), kgo.Balancers(kgo.StickyBalancer()))
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	for ctx.Err() == nil {
		client.PollFetches(ctx).EachRecord(func(record *kgo.Record) {
			fmt.Println(string(record.Value))
		})
	}
	if err := client.CommitUncommittedOffsets(context.Background()); err != nil {
		panic(err)
	}
	client.Close()
}
