// The Java client: send with one shared callback, poll of up to 5,000 records. A fresh JVM, so its warm-up counts.

import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class Peer {
    static final Map<String, String> FLAGS = new HashMap<>();
    static final AtomicInteger FAILED = new AtomicInteger();

    public static void main(String[] words) throws Exception {
        for (int i = 1; i < words.length; i++) {
            String name = words[i].substring(2);
            FLAGS.put(name, name.equals("keyed") || name.equals("headers") ? "" : words[++i]);
        }
        switch (words[0]) {
            case "produce" -> produce();
            case "consume" -> consume();
            default -> latency();
        }
        System.exit(0);
    }

    static String flag(String name, String otherwise) {
        return FLAGS.getOrDefault(name, otherwise);
    }

    static int number(String name, int otherwise) {
        return Integer.parseInt(flag(name, Integer.toString(otherwise)));
    }

    static byte[][] rows() throws Exception {
        int size = number("size", 100);
        byte[] pool = Files.readAllBytes(Path.of(flag("pool", "")));
        byte[][] rows = new byte[pool.length / size][];
        for (int i = 0; i < rows.length; i++) rows[i] = Arrays.copyOfRange(pool, i * size, (i + 1) * size);
        return rows;
    }

    /** What a load uses between its first record and its last acknowledgement. */
    static final class Meter {
        static final com.sun.management.OperatingSystemMXBean PROCESS =
            (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        final long cpu = PROCESS.getProcessCpuTime();
        final long begin = System.nanoTime();

        void print(String load, long records, long bytes, String more) throws Exception {
            double wall = (System.nanoTime() - begin) / 1e9, used = (PROCESS.getProcessCpuTime() - cpu) / 1e9;
            double ended = System.currentTimeMillis() / 1e3, kib = 0;
            for (String line : Files.readAllLines(Path.of("/proc/self/status")))
                if (line.startsWith("VmHWM:")) kib = Double.parseDouble(line.replaceAll("[^0-9]", ""));
            System.out.printf(Locale.ROOT,
                "{\"client\":\"java\",\"version\":\"%s\",\"op\":\"%s\",\"records\":%d,\"bytes\":%d,\"wall_s\":%f,\"cpu_s\":%f,"
                + "\"cpu_us_per_record\":%f,\"records_per_s\":%f,\"mb_per_s\":%f,\"max_rss_mb\":%f,\"ended_s\":%f%s}%n",
                version(), load, records, bytes, wall, used, used * 1e6 / records, records / wall,
                bytes / 1e6 / wall, kib / 1024, ended, more);
        }
    }

    static String version() throws Exception {
        Properties properties = new Properties();
        try (InputStream file = KafkaProducer.class.getResourceAsStream("/kafka/kafka-version.properties")) {
            properties.load(file);
        }
        return properties.getProperty("version");
    }

    static KafkaProducer<byte[], byte[]> producer(String linger) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", flag("brokers", "127.0.0.1:9092"));
        properties.put("acks", "all");
        properties.put("linger.ms", flag("linger-ms", linger));
        properties.put("batch.size", flag("batch-bytes", "1000000"));
        properties.put("compression.type", flag("codec", "none"));
        properties.put("buffer.memory", "67108864");
        properties.put("max.request.size", "8388608");
        KafkaProducer<byte[], byte[]> producer =
            new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
        producer.partitionsFor(flag("topic", "bench"));
        return producer;
    }

    static void produce() throws Exception {
        byte[][] rows = rows();
        String topic = flag("topic", "bench");
        int records = number("records", 5_000_000);
        boolean keyed = FLAGS.containsKey("keyed");
        List<Header> headers = FLAGS.containsKey("headers")
            ? List.of(new RecordHeader("trace", "0123456789abcdef".getBytes(StandardCharsets.US_ASCII))) : null;
        KafkaProducer<byte[], byte[]> producer = producer("5");
        Meter meter = new Meter();
        for (int i = 0; i < records; i++) {
            byte[] value = rows[i % rows.length], key = keyed ? Arrays.copyOfRange(value, 6, 13) : null;
            producer.send(new ProducerRecord<>(topic, null, key, value, headers), (metadata, error) -> note(error));
        }
        producer.flush();
        if (FAILED.get() > 0) throw new Exception(FAILED + " records were not delivered");
        meter.print("produce", records, (long) records * number("size", 100), "");
    }

    static void note(Exception error) {
        if (error != null) FAILED.incrementAndGet();
    }

    static void consume() throws Exception {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", flag("brokers", "127.0.0.1:9092"));
        properties.put("enable.auto.commit", "false");
        properties.put("max.poll.records", "5000");
        properties.put("max.partition.fetch.bytes", "1048576");
        KafkaConsumer<byte[], byte[]> consumer =
            new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        String topic = flag("topic", "bench");
        List<TopicPartition> partitions = new ArrayList<>();
        consumer.partitionsFor(topic).forEach(info -> partitions.add(new TopicPartition(topic, info.partition())));
        long wanted = number("records", 5_000_000), records = 0, bytes = 0;
        Meter meter = new Meter();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        while (records < wanted)
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
                records++;
                bytes += record.value().length;
            }
        meter.print("consume", records, bytes, "");
    }

    /** An open loop: each record is due at its moment, whatever became of those before it. */
    static void latency() throws Exception {
        byte[][] rows = rows();
        String topic = flag("topic", "bench");
        int rate = number("rate", 1_000), warmUp = rate * number("warm-seconds", 2), records = rate * number("seconds", 10);
        KafkaProducer<byte[], byte[]> producer = producer("0");
        long[] fromDue = new long[records], fromCall = new long[records];
        Meter meter = null;
        long start = System.nanoTime();
        for (int i = 0; i < warmUp + records; i++) {
            if (i == warmUp) meter = new Meter();
            long due = start + i * 1_000_000_000L / rate, early;
            while ((early = due - System.nanoTime()) > 0) LockSupport.parkNanos(early);
            int counted = i - warmUp;
            long called = System.nanoTime();
            producer.send(new ProducerRecord<>(topic, rows[i % rows.length]), (metadata, error) -> {
                note(error);
                long now = System.nanoTime();
                if (counted >= 0) {
                    fromDue[counted] = now - due;
                    fromCall[counted] = now - called;
                }
            });
        }
        producer.flush();
        if (FAILED.get() > 0) throw new Exception(FAILED + " records were not delivered");
        String more = ",\"rate\":" + rate + percentiles("", fromDue) + percentiles("call_", fromCall);
        meter.print("latency", records, (long) records * number("size", 100), more);
    }

    static String percentiles(String prefix, long[] latencies) {
        Arrays.sort(latencies);
        StringBuilder text = new StringBuilder();
        String[] names = {"p50", "p99", "p999", "max"};
        int[] thousandths = {500, 990, 999, 1000};
        for (int i = 0; i < names.length; i++) {
            int index = (int) Math.min(latencies.length - 1, (long) latencies.length * thousandths[i] / 1000);
            text.append(String.format(Locale.ROOT, ",\"%s%s_ms\":%f", prefix, names[i], latencies[index] / 1e6));
        }
        return text.toString();
    }
}
