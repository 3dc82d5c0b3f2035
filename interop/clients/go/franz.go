package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	franzTopic = "franz-numbers"
	franzCopy  = "franz-copy"
)

// franz is franz-go's turn.
func franz(servers []string) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*limit)
	defer cancel()
	client := func(options ...kgo.Opt) *kgo.Client {
		return got(kgo.NewClient(append(options, kgo.SeedBrokers(servers...))...))
	}
	admin := kadm.NewClient(client())
	defer admin.Close()

	franzTopics(ctx, admin)
	franzProduce(ctx, client)
	franzConsume(ctx, client)
	var both sync.WaitGroup
	for _, protocol := range []string{"classic", "consumer"} {
		both.Go(func() { franzGroup(ctx, client, admin, protocol) })
	}
	both.Wait()
	done("group classic")
	done("group consumer")
	franzTransactions(ctx, servers, client, admin)
	franzGroups(ctx, admin)
	franzRecords(ctx, admin)
}

func franzTopics(ctx context.Context, admin *kadm.Client) {
	retention := "7200000"
	must(got(admin.CreateTopics(ctx, 4, 3, map[string]*string{"retention.ms": &retention}, franzTopic)).Error())
	must(got(admin.CreateTopics(ctx, 1, 3, nil, franzCopy)).Error())
	_, err := admin.CreateTopic(ctx, 1, 1, nil, franzTopic)
	check(errors.Is(err, kerr.TopicAlreadyExists), "a topic was created twice", err)
	must(got(admin.UpdatePartitions(ctx, 6, franzTopic)).Error())
	described := got(admin.ListTopics(ctx, franzTopic))
	check(len(described[franzTopic].Partitions) == 6, "six partitions", described)
	size := "200000"
	altered := got(admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Name: "max.message.bytes", Value: &size}}, franzTopic))
	must(altered[0].Err)
	config := got(got(admin.DescribeTopicConfigs(ctx, franzTopic)).On(franzTopic, nil))
	held := map[string]string{}
	for _, entry := range config.Configs {
		held[entry.Key] = entry.MaybeValue()
	}
	check(held["retention.ms"] == retention && held["max.message.bytes"] == size, "settings", held)
	check(len(got(admin.BrokerMetadata(ctx)).Brokers) == 3, "three nodes")
	done("topics")
}

func franzProduce(ctx context.Context, client func(...kgo.Opt) *kgo.Client) {
	next := 0
	codecs := []kgo.CompressionCodec{
		kgo.NoCompression(), kgo.GzipCompression(), kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression(),
	}
	for _, codec := range codecs {
		producer := client(kgo.ProducerBatchCompression(codec), kgo.RecordPartitioner(kgo.ManualPartitioner()))
		var records []*kgo.Record
		for range 12 {
			records = append(records, &kgo.Record{
				Topic:     franzTopic,
				Partition: int32(next % 6),
				Key:       fmt.Append(nil, "key ", next),
				Value:     text(next),
				Headers:   []kgo.RecordHeader{{Key: "trace", Value: []byte{0, 1}}},
			})
			next++
		}
		must(producer.ProduceSync(ctx, records...).FirstErr())
		producer.Close()
	}
	done("produce")
}

// read polls until that many different numbers were read.
func read(ctx context.Context, consumer *kgo.Client, count int) map[int]*kgo.Record {
	seen := map[int]*kgo.Record{}
	for len(seen) < count {
		fetches := consumer.PollFetches(ctx)
		must(fetches.Err())
		fetches.EachRecord(func(record *kgo.Record) {
			check(seen[number(record.Value)] == nil, "came twice", record)
			seen[number(record.Value)] = record
		})
	}
	return seen
}

func franzConsume(ctx context.Context, client func(...kgo.Opt) *kgo.Client) {
	consumer := client(kgo.ConsumeTopics(franzTopic))
	defer consumer.Close()
	for number, record := range read(ctx, consumer, 60) {
		check(string(record.Key) == fmt.Sprint("key ", number), "key", record)
		check(len(record.Headers) == 1 && string(record.Headers[0].Value) == "\x00\x01", "headers", record)
		check(record.Partition == int32(number%6), "partition", record)
	}
	done("consume")
}

// franzGroup lets two members share six partitions; when one leaves, the other has them all.
func franzGroup(ctx context.Context, client func(...kgo.Opt) *kgo.Client, admin *kadm.Client, protocol string) {
	group := "franz-" + protocol
	var lock sync.Mutex
	held := [2]map[int32]bool{{}, {}}
	change := func(member int, has bool) func(context.Context, *kgo.Client, map[string][]int32) {
		return func(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
			lock.Lock()
			defer lock.Unlock()
			for _, partition := range partitions[franzTopic] {
				if has {
					held[member][partition] = true
				} else {
					delete(held[member], partition)
				}
			}
		}
	}
	member := func(index int) *kgo.Client {
		options := []kgo.Opt{
			kgo.ConsumerGroup(group), kgo.ConsumeTopics(franzTopic), kgo.DisableAutoCommit(),
			kgo.HeartbeatInterval(300 * time.Millisecond),
			kgo.OnPartitionsAssigned(change(index, true)), kgo.OnPartitionsRevoked(change(index, false)),
			kgo.OnPartitionsLost(change(index, false)),
		}
		if protocol == "consumer" {
			options = append(options, kgo.ServerSideBalancer(), kgo.Balancers(kgo.StickyBalancer()))
		}
		return client(options...)
	}
	members := [2]*kgo.Client{member(0), member(1)}
	share := func(first, second int) func() bool {
		return func() bool {
			lock.Lock()
			defer lock.Unlock()
			return len(held[0]) == first && len(held[1]) == second
		}
	}
	until("nobody shares in the "+protocol+" group", share(3, 3))
	for index, member := range members {
		offsets := map[string]map[int32]kgo.EpochOffset{franzTopic: {}}
		lock.Lock()
		for partition := range held[index] {
			offsets[franzTopic][partition] = kgo.EpochOffset{Epoch: -1, Offset: 10}
		}
		lock.Unlock()
		member.CommitOffsetsSync(ctx, offsets, nil)
	}
	members[1].Close()
	until("one has not all of the "+protocol+" group", func() bool { return share(6, 0)() || share(6, 3)() })
	members[0].Close()
	committed := got(admin.FetchOffsets(ctx, group))
	count := 0
	committed.Each(func(offset kadm.OffsetResponse) {
		check(offset.Err == nil && offset.At == 10, "committed", offset)
		count++
	})
	check(count == 6, "committed partitions", count)
}

func franzTransactions(ctx context.Context, servers []string, client func(...kgo.Opt) *kgo.Client, admin *kadm.Client) {
	producer := client(kgo.TransactionalID("franz-writer"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	write := func(from, to int, end kgo.TransactionEndTry) {
		must(producer.BeginTransaction())
		for next := from; next < to; next++ {
			record := &kgo.Record{Topic: franzTopic, Partition: int32(next % 6), Value: text(next)}
			must(producer.ProduceSync(ctx, record).FirstErr())
		}
		must(producer.EndTransaction(ctx, end))
	}
	write(100, 110, kgo.TryCommit)
	write(900, 905, kgo.TryAbort)
	described := got(admin.DescribeTransactions(ctx, "franz-writer"))["franz-writer"]
	check(described.State == "CompleteAbort", "state of the transaction", described)

	// Read, write and commit the offsets in one transaction.
	session := got(kgo.NewGroupTransactSession(
		kgo.SeedBrokers(servers...), kgo.TransactionalID("franz-copier"), kgo.ConsumerGroup("franz-copier"),
		kgo.ConsumeTopics(franzTopic), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.RequireStableFetchOffsets(),
	))
	copied := 0
	for copied < 70 {
		fetches := session.PollFetches(ctx)
		must(fetches.Err())
		must(session.Begin())
		batch := 0
		fetches.EachRecord(func(record *kgo.Record) {
			check(number(record.Value) < 900, "an aborted record was read", record)
			session.Produce(ctx, &kgo.Record{Topic: franzCopy, Value: record.Value}, func(_ *kgo.Record, err error) { must(err) })
			batch++
		})
		check(got(session.End(ctx, kgo.TryCommit)), "not committed")
		copied += batch
	}
	session.Close()
	// A second producer of the same id puts an end to the first.
	second := client(kgo.TransactionalID("franz-writer"))
	must(second.BeginTransaction())
	must(second.ProduceSync(ctx, &kgo.Record{Topic: franzCopy, Value: text(70_000)}).FirstErr())
	must(second.EndTransaction(ctx, kgo.TryAbort))
	must(producer.BeginTransaction())
	late := producer.ProduceSync(ctx, &kgo.Record{Topic: franzCopy, Value: text(80_000)}).FirstErr()
	check(late != nil, "a fenced producer has written")
	second.Close()
	producer.Close()

	reader := client(kgo.ConsumeTopics(franzCopy), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	read(ctx, reader, 70)
	reader.Close()
	done("transactions")
}

func franzGroups(ctx context.Context, admin *kadm.Client) {
	listed := got(admin.ListGroups(ctx))
	for _, name := range []string{"franz-classic", "franz-consumer", "franz-copier"} {
		check(listed[name].Group == name, "group is not listed", name, listed)
	}
	described := got(admin.DescribeGroups(ctx, "franz-classic"))["franz-classic"]
	check(described.Err == nil && described.State == "Empty", "state of the group", described)
	moved := kadm.Offsets{}
	moved.AddOffset(franzTopic, 0, 3, -1)
	must(got(admin.CommitOffsets(ctx, "franz-classic", moved)).Error())
	offset, _ := got(admin.FetchOffsets(ctx, "franz-classic")).Lookup(franzTopic, 0)
	check(offset.At == 3, "moved offset", offset)
	got(admin.DeleteGroup(ctx, "franz-classic"))
	done("groups")
}

func franzRecords(ctx context.Context, admin *kadm.Client) {
	before := kadm.Offsets{}
	before.AddOffset(franzTopic, 0, 4, -1)
	got(admin.DeleteRecords(ctx, before))
	start, _ := got(admin.ListStartOffsets(ctx, franzTopic)).Lookup(franzTopic, 0)
	check(start.Err == nil && start.Offset == 4, "start of the log", start)
	must(got(admin.DeleteTopics(ctx, franzTopic, franzCopy)).Error())
	check(!got(admin.ListTopics(ctx)).Has(franzTopic), "the topic is still there")
	done("records")
}
