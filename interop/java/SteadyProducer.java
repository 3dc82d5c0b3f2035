import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Writes records at an even pace to three partitions and says how long their acknowledgements took.
 *
 * Arguments: servers, name of topic and client, bytes of a batch, bytes of a record, bytes of a record that
 * goes first and is not measured, records a second, seconds. It prints "ready", waits for a line, and prints
 * at its end: median and worst in microseconds, failures.
 */
public class SteadyProducer {
    public static void main(String[] arguments) throws Exception {
        String topic = arguments[1];
        int perSecond = Integer.parseInt(arguments[5]);
        int count = perSecond * Integer.parseInt(arguments[6]);
        Map<String, Object> settings = Map.of(
                "bootstrap.servers", arguments[0],
                "client.id", topic,
                "batch.size", arguments[2],
                "linger.ms", 0,
                "key.serializer", ByteArraySerializer.class,
                "value.serializer", ByteArraySerializer.class);
        byte[] value = new byte[Integer.parseInt(arguments[3])];
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(settings)) {
            for (int partition = 0; partition < 3; partition++) {
                producer.send(new ProducerRecord<>(topic, partition, null, new byte[5])).get();
            }
            System.out.println("ready");
            System.in.read();
            AtomicLongArray micros = new AtomicLongArray(count);
            AtomicInteger failed = new AtomicInteger();
            producer.send(new ProducerRecord<>(topic, 0, null, new byte[Integer.parseInt(arguments[4])]));
            long begin = System.nanoTime();
            for (int number = 0; number < count; number++) {
                long wait = begin + 1_000_000_000L * number / perSecond - System.nanoTime();
                if (wait > 0) {
                    Thread.sleep(wait / 1_000_000, (int) (wait % 1_000_000));
                }
                int slot = number;
                long sent = System.nanoTime();
                producer.send(new ProducerRecord<>(topic, number % 3, null, value), (metadata, error) -> {
                    micros.set(slot, (System.nanoTime() - sent) / 1000);
                    if (error != null) {
                        failed.incrementAndGet();
                    }
                });
            }
            producer.flush();
            long[] sorted = new long[count];
            for (int slot = 0; slot < count; slot++) {
                sorted[slot] = micros.get(slot);
            }
            Arrays.sort(sorted);
            System.out.println(sorted[count / 2] + " " + sorted[count - 1] + " " + failed.get());
        }
    }
}
