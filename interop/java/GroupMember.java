import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * A member of a group: prints the value of each record that it reads, and leaves in good order at the end of its input.
 *
 * Arguments: servers, the name of topic and group, range, roundrobin, sticky, cooperative-sticky, or for the consumer
 * protocol consumer.
 */
public class GroupMember {
    public static void main(String[] arguments) throws Exception {
        Map<String, Object> settings = new HashMap<>(Map.of(
                "bootstrap.servers", arguments[0],
                "client.id", "java",
                "group.id", arguments[1],
                "auto.offset.reset", "earliest",
                "key.deserializer", StringDeserializer.class,
                "value.deserializer", StringDeserializer.class));
        if (arguments[2].equals("consumer")) {
            settings.put("group.protocol", "consumer");
        } else {
            String name = switch (arguments[2]) {
                case "range" -> "Range";
                case "roundrobin" -> "RoundRobin";
                case "sticky" -> "Sticky";
                default -> "CooperativeSticky";
            };
            settings.put(
                    "partition.assignment.strategy", "org.apache.kafka.clients.consumer." + name + "Assignor");
            settings.put("heartbeat.interval.ms", 500);
        }
        AtomicBoolean over = new AtomicBoolean();
        Thread input = new Thread(() -> {
            try {
                while (System.in.read() >= 0) {}
            } catch (Exception broken) {
                // As good as its end.
            }
            over.set(true);
        });
        input.setDaemon(true);
        input.start();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(settings)) {
            consumer.subscribe(List.of(arguments[1]));
            while (!over.get()) {
                consumer.poll(Duration.ofMillis(50)).forEach(record -> System.out.println(record.value()));
            }
        }
    }
}
