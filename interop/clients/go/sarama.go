package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

const (
	saramaTopic = "sarama-numbers"
	saramaCopy  = "sarama-copy"
)

// saramaClient is Sarama's turn.
func saramaClient(servers []string) {
	admin := got(sarama.NewClusterAdmin(servers, saramaConfig()))
	saramaTopics(admin)
	saramaProduce(servers)
	saramaConsume(servers)
	saramaGroup(servers)
	saramaTransactions(servers, admin)
	saramaGroups(admin)
	saramaRecords(admin)
	must(admin.Close())
}

func saramaConfig() *sarama.Config {
	config := sarama.NewConfig()
	config.Version = sarama.MaxVersion
	config.Producer.Return.Successes = true
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Producer.Partitioner = sarama.NewManualPartitioner
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.Offsets.AutoCommit.Enable = false
	config.Consumer.Group.Heartbeat.Interval = 300 * time.Millisecond
	return config
}

func idempotent(config *sarama.Config) *sarama.Config {
	config.Producer.Idempotent = true
	config.Net.MaxOpenRequests = 1
	return config
}

func saramaTopics(admin sarama.ClusterAdmin) {
	retention, size := "7200000", "200000"
	detail := &sarama.TopicDetail{
		NumPartitions: 4, ReplicationFactor: 3, ConfigEntries: map[string]*string{"retention.ms": &retention},
	}
	must(admin.CreateTopic(saramaTopic, detail, false))
	must(admin.CreateTopic(saramaCopy, &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 3}, false))
	err := admin.CreateTopic(saramaTopic, detail, false)
	check(errors.Is(err, sarama.ErrTopicAlreadyExists), "a topic was created twice", err)
	must(admin.CreatePartitions(saramaTopic, 6, nil, false))
	described := got(admin.DescribeTopics([]string{saramaTopic}))
	check(len(described[0].Partitions) == 6, "six partitions", described[0])
	set := map[string]sarama.IncrementalAlterConfigsEntry{
		"max.message.bytes": {Operation: sarama.IncrementalAlterConfigsOperationSet, Value: &size},
	}
	must(admin.IncrementalAlterConfig(sarama.TopicResource, saramaTopic, set, false))
	held := map[string]string{}
	for _, entry := range got(admin.DescribeConfig(sarama.ConfigResource{Type: sarama.TopicResource, Name: saramaTopic})) {
		held[entry.Name] = entry.Value
	}
	check(held["retention.ms"] == retention && held["max.message.bytes"] == size, "settings", held)
	brokers, _, err := admin.DescribeCluster()
	must(err)
	check(len(brokers) == 3, "three nodes")
	done("topics")
}

func saramaProduce(servers []string) {
	next := 0
	codecs := []sarama.CompressionCodec{
		sarama.CompressionNone, sarama.CompressionGZIP, sarama.CompressionSnappy, sarama.CompressionLZ4, sarama.CompressionZSTD,
	}
	for _, codec := range codecs {
		config := idempotent(saramaConfig())
		config.Producer.Compression = codec
		producer := got(sarama.NewSyncProducer(servers, config))
		var messages []*sarama.ProducerMessage
		for range 12 {
			message := saramaMessage(saramaTopic, next)
			message.Key = sarama.StringEncoder(fmt.Sprint("key ", next))
			message.Headers = []sarama.RecordHeader{{Key: []byte("trace"), Value: []byte{0, 1}}}
			messages = append(messages, message)
			next++
		}
		must(producer.SendMessages(messages))
		must(producer.Close())
	}
	done("produce")
}

func saramaMessage(topic string, number int) *sarama.ProducerMessage {
	return &sarama.ProducerMessage{Topic: topic, Partition: int32(number % 6), Value: sarama.ByteEncoder(text(number))}
}

// readPartitions reads partitions of a topic from the beginning until that many different numbers were read.
func readPartitions(servers []string, topic string, partitions int32, count int) map[int]*sarama.ConsumerMessage {
	config := saramaConfig()
	config.Consumer.IsolationLevel = sarama.ReadCommitted
	consumer := got(sarama.NewConsumer(servers, config))
	messages := make(chan *sarama.ConsumerMessage)
	end := make(chan struct{})
	for partition := range partitions {
		part := got(consumer.ConsumePartition(topic, partition, sarama.OffsetOldest))
		go func() {
			for message := range part.Messages() {
				select {
				case messages <- message:
				case <-end:
				}
			}
		}()
		defer part.AsyncClose()
	}
	defer close(end)
	seen := map[int]*sarama.ConsumerMessage{}
	for deadline := time.After(limit); len(seen) < count; {
		select {
		case message := <-messages:
			check(seen[number(message.Value)] == nil, "came twice", message)
			seen[number(message.Value)] = message
		case <-deadline:
			check(false, "not everything was read", len(seen))
		}
	}
	return seen
}

func saramaConsume(servers []string) {
	for number, message := range readPartitions(servers, saramaTopic, 6, 60) {
		check(string(message.Key) == fmt.Sprint("key ", number), "key", message)
		check(len(message.Headers) == 1 && string(message.Headers[0].Value) == "\x00\x01", "headers", message)
		check(message.Partition == int32(number%6), "partition", message)
	}
	done("consume")
}

// member is one of a group: what it holds, and what it was given to read.
type member struct {
	lock sync.Mutex
	held map[int32]bool
	read map[int]bool
}

func (m *member) Setup(session sarama.ConsumerGroupSession) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.held = map[int32]bool{}
	for _, partition := range session.Claims()[saramaTopic] {
		m.held[partition] = true
	}
	return nil
}

func (m *member) Cleanup(session sarama.ConsumerGroupSession) error {
	session.Commit()
	return nil
}

func (m *member) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for {
		select {
		case message, more := <-claim.Messages():
			if !more {
				return nil
			}
			m.lock.Lock()
			m.read[number(message.Value)] = true
			m.lock.Unlock()
			session.MarkMessage(message, "")
		case <-session.Context().Done():
			return nil
		}
	}
}

func (m *member) holds() int {
	m.lock.Lock()
	defer m.lock.Unlock()
	return len(m.held)
}

// saramaGroup lets two members share six partitions; when one leaves, the other has them all.
func saramaGroup(servers []string) {
	members := [2]*member{{read: map[int]bool{}}, {read: map[int]bool{}}}
	var groups [2]sarama.ConsumerGroup
	var running sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	for index, member := range members {
		group := got(sarama.NewConsumerGroup(servers, "sarama-group", saramaConfig()))
		groups[index] = group
		running.Go(func() {
			for ctx.Err() == nil {
				err := group.Consume(ctx, []string{saramaTopic}, member)
				if errors.Is(err, sarama.ErrClosedConsumerGroup) {
					return
				}
				must(err)
			}
		})
	}
	until("nobody shares", func() bool { return members[0].holds() == 3 && members[1].holds() == 3 })
	until("not everything was read", func() bool {
		seen := map[int]bool{}
		for _, member := range members {
			member.lock.Lock()
			for number := range member.read {
				seen[number] = true
			}
			member.lock.Unlock()
		}
		return len(seen) == 60
	})
	must(groups[1].Close())
	until("one has not all", func() bool { return members[0].holds() == 6 })
	cancel()
	must(groups[0].Close())
	running.Wait()
	done("group classic")
}

func saramaTransactions(servers []string, admin sarama.ClusterAdmin) {
	config := idempotent(saramaConfig())
	config.Producer.Transaction.ID = "sarama-writer"
	producer := got(sarama.NewSyncProducer(servers, config))
	send := func(topic string, numbers ...int) {
		for _, number := range numbers {
			message := saramaMessage(topic, number)
			if topic == saramaCopy {
				message.Partition = 0
			}
			_, _, err := producer.SendMessage(message)
			must(err)
		}
	}
	must(producer.BeginTxn())
	send(saramaTopic, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109)
	must(producer.CommitTxn())
	must(producer.BeginTxn())
	send(saramaTopic, 900, 901, 902, 903, 904)
	must(producer.AbortTxn())
	// Read, write and commit offsets in one transaction.
	seen := readPartitions(servers, saramaTopic, 6, 70)
	must(producer.BeginTxn())
	for number := range seen {
		check(number < 900, "an aborted record was read", number)
		send(saramaCopy, number)
	}
	offsets := map[string][]*sarama.PartitionOffsetMetadata{saramaTopic: {{Partition: 0, Offset: 10, LeaderEpoch: -1}}}
	must(producer.AddOffsetsToTxn(offsets, "sarama-copier"))
	must(producer.CommitTxn())
	must(producer.Close())
	readPartitions(servers, saramaCopy, 1, 70)
	held := got(admin.ListConsumerGroupOffsets("sarama-copier", map[string][]int32{saramaTopic: {0}}))
	check(held.GetBlock(saramaTopic, 0).Offset == 10, "committed", held)
	done("transactions")
}

func saramaGroups(admin sarama.ClusterAdmin) {
	listed := got(admin.ListConsumerGroups())
	for _, name := range []string{"sarama-group", "sarama-copier"} {
		_, found := listed[name]
		check(found, "group is not listed", name, listed)
	}
	described := got(admin.DescribeConsumerGroups([]string{"sarama-group"}))
	check(described[0].State == "Empty", "state of the group", described[0])
	held := got(admin.ListConsumerGroupOffsets("sarama-group", map[string][]int32{saramaTopic: {0}}))
	check(held.GetBlock(saramaTopic, 0).Offset == 10, "committed", held)
	must(admin.DeleteConsumerGroupOffset("sarama-group", saramaTopic, 1))
	must(admin.DeleteConsumerGroup("sarama-group"))
	done("groups")
}

func saramaRecords(admin sarama.ClusterAdmin) {
	must(admin.DeleteRecords(saramaTopic, map[int32]int64{0: 4}))
	asked := map[string]map[int32]int64{saramaTopic: {0: sarama.OffsetOldest}}
	start := got(admin.ListOffsets(asked, nil))[saramaTopic][0]
	check(start.Err == nil || errors.Is(start.Err, sarama.ErrNoError), "start of the log", start)
	check(start.Offset == 4, "start of the log", start)
	must(admin.DeleteTopic(saramaTopic))
	must(admin.DeleteTopic(saramaCopy))
	_, found := got(admin.ListTopics())[saramaTopic]
	check(!found, "the topic is still there")
	done("records")
}
