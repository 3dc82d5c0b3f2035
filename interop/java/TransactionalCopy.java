import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;

/**
 * Writes in transactions, aborts one, copies from topic to topic with offsets in the transaction, and is fenced by a
 * successor. Prints what readers of committed records saw; the caller compares.
 */
public class TransactionalCopy {
    private static final int RECORDS = 5;
    private static final Duration POLL = Duration.ofMillis(200);
    private static String servers;

    public static void main(String[] arguments) throws Exception {
        servers = arguments[0];
        KafkaProducer<String, String> first = producer();
        first.beginTransaction();
        for (int i = 0; i < RECORDS; i++) {
            first.send(new ProducerRecord<>("source", "k" + i, "v" + i));
        }
        first.commitTransaction();
        first.beginTransaction();
        first.send(new ProducerRecord<>("source", "x", "aborted")).get();
        first.abortTransaction();
        System.out.println("source " + read("readers", "classic", "source", RECORDS));

        for (String protocol : new String[] {"classic", "consumer"}) {
            copy(first, protocol);
            System.out.println(protocol + " " + read("check-" + protocol, protocol, "target-" + protocol, RECORDS));
        }

        first.beginTransaction();
        first.send(new ProducerRecord<>("source", "x", "fenced")).get();
        KafkaProducer<String, String> second = producer();
        try {
            first.commitTransaction();
            System.out.println("not fenced");
        } catch (ProducerFencedException | InvalidProducerEpochException expected) {
            System.out.println("fenced");
        }
        first.close(Duration.ZERO);
        second.beginTransaction();
        second.send(new ProducerRecord<>("source", "y", "v" + RECORDS));
        second.commitTransaction();
        second.close();
        // The group was a classic one before, and goes on where that stopped.
        System.out.println("source " + read("readers", "consumer", "source", 1));
    }

    private static void copy(KafkaProducer<String, String> producer, String protocol) {
        try (KafkaConsumer<String, String> consumer = consumer("copy-" + protocol, "source", protocol)) {
            int copied = 0;
            while (copied < RECORDS) {
                ConsumerRecords<String, String> records = consumer.poll(POLL);
                if (records.isEmpty()) {
                    continue;
                }
                producer.beginTransaction();
                Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
                for (ConsumerRecord<String, String> record : records) {
                    producer.send(new ProducerRecord<>("target-" + protocol, record.key(), record.value()));
                    TopicPartition partition = new TopicPartition(record.topic(), record.partition());
                    offsets.put(partition, new OffsetAndMetadata(record.offset() + 1));
                    copied++;
                }
                producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
                producer.commitTransaction();
            }
        }
    }

    private static List<String> read(String group, String protocol, String topic, int count) {
        List<String> values = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = consumer(group, topic, protocol)) {
            while (values.size() < count) {
                consumer.poll(POLL).forEach(record -> values.add(record.value()));
            }
            // Whatever comes that should not.
            consumer.poll(POLL).forEach(record -> values.add(record.value()));
            consumer.commitSync();
        }
        Collections.sort(values);
        return values;
    }

    private static KafkaProducer<String, String> producer() {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", servers);
        properties.put("transactional.id", "copier");
        properties.put("key.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        properties.put("value.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        KafkaProducer<String, String> producer = new KafkaProducer<>(properties);
        producer.initTransactions();
        return producer;
    }

    private static KafkaConsumer<String, String> consumer(String group, String topic, String protocol) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", servers);
        properties.put("group.id", group);
        properties.put("group.protocol", protocol);
        properties.put("enable.auto.commit", "false");
        properties.put("auto.offset.reset", "earliest");
        properties.put("isolation.level", "read_committed");
        properties.put("key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
        properties.put("value.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
        KafkaConsumer<String, String> consumer = new KafkaConsumer<>(properties);
        consumer.subscribe(List.of(topic));
        return consumer;
    }
}
