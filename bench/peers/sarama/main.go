// Sarama: AsyncProducer with its successes drained, a goroutine per partition to read.
package main

import (
	"fmt"
	"os"
	"sync"

	"github.com/IBM/sarama"
)

const (
	client  = "sarama"
	library = "github.com/IBM/sarama"
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

func config(l load) *sarama.Config {
	c := sarama.NewConfig()
	c.Version = sarama.MaxVersion
	c.ClientID = "bench"
	c.Producer.RequiredAcks = sarama.WaitForAll
	c.Producer.Idempotent = true
	c.Net.MaxOpenRequests = 1 // idempotence demands it
	c.Producer.Return.Successes = true
	c.Producer.MaxMessageBytes = l.batch
	c.Producer.Flush.Frequency = l.linger
	if l.linger > 0 {
		c.Producer.Flush.Bytes = l.batch
	}
	switch l.codec {
	case "lz4":
		c.Producer.Compression = sarama.CompressionLZ4
	case "zstd":
		c.Producer.Compression = sarama.CompressionZSTD
	}
	return c
}

func producer(l load) sarama.AsyncProducer {
	p, err := sarama.NewAsyncProducer([]string{l.brokers}, config(l))
	check(err)
	go func() {
		for e := range p.Errors() {
			fail(e)
		}
	}()
	return p
}

func produce(l load) {
	rows, p := l.rows(), producer(l)
	delivered := make(chan int)
	go func() {
		count := 0
		for range p.Successes() {
			count++
		}
		delivered <- count
	}()
	header := []sarama.RecordHeader{{Key: []byte("trace"), Value: []byte("0123456789abcdef")}}
	m := begin()
	for i := range l.records {
		value := rows[i%len(rows)]
		message := &sarama.ProducerMessage{Topic: l.topic, Value: sarama.ByteEncoder(value)}
		if l.keyed {
			message.Key = sarama.ByteEncoder(value[6:13])
		}
		if l.headers {
			message.Headers = header
		}
		p.Input() <- message
	}
	p.AsyncClose()
	count := <-delivered
	u := m.end()
	if count != l.records {
		fail(fmt.Errorf("%d of %d records were delivered", count, l.records))
	}
	u.print(l, l.records, l.records*l.size, nil)
}

func consume(l load) {
	settings := config(l)
	settings.ChannelBufferSize = 1024 // the best of 256, 1,024 and 4,096
	settings.Consumer.Fetch.Default = 1 << 20
	c, err := sarama.NewClient([]string{l.brokers}, settings)
	check(err)
	reader, err := sarama.NewConsumerFromClient(c)
	check(err)
	partitions, err := c.Partitions(l.topic)
	check(err)
	type count struct{ records, bytes int }
	counts := make(chan count)
	m := begin()
	for _, partition := range partitions {
		end, err := c.GetOffset(l.topic, partition, sarama.OffsetNewest)
		check(err)
		messages, err := reader.ConsumePartition(l.topic, partition, sarama.OffsetOldest)
		check(err)
		go func() {
			var seen count
			for end > 0 {
				message := <-messages.Messages()
				seen.records++
				seen.bytes += len(message.Value)
				if message.Offset+1 >= end {
					break
				}
			}
			counts <- seen
		}()
	}
	var all count
	for range partitions {
		seen := <-counts
		all.records += seen.records
		all.bytes += seen.bytes
	}
	m.end().print(l, all.records, all.bytes, nil)
	os.Exit(0)
}

func latency(l load) {
	rows, p, o := l.rows(), producer(l), newOpenLoop(l)
	var open sync.WaitGroup
	go func() {
		for message := range p.Successes() {
			o.acknowledged(message.Metadata.(sent))
			open.Done()
		}
	}()
	m := o.run(func(s sent) {
		open.Add(1)
		value := rows[(s.index+l.rate*l.warm)%len(rows)]
		p.Input() <- &sarama.ProducerMessage{Topic: l.topic, Value: sarama.ByteEncoder(value), Metadata: s}
	})
	open.Wait()
	o.print(m.end())
	check(p.Close())
}
