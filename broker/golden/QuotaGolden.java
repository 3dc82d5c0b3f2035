// Prints what Kafka's own Sensor, Rate and QuotaUtils answer to generated loads, as the table golden.csv beside
// this file. Needs kafka-clients and kafka-server-common 4.4.0 and slf4j-api on the class path:
//   javac -cp "$JARS" QuotaGolden.java && java -cp "$JARS:." QuotaGolden > golden.csv
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.metrics.*;
import org.apache.kafka.common.metrics.stats.Rate;
import org.apache.kafka.server.quota.QuotaUtils;

public class QuotaGolden {

    public static void main(String[] args) {
        System.out.println("# load,quota,samples,window_ms  then  time_ms,bytes,checked,throttle_ms,window_size_ms");
        load("steady", 1, 1_000_000, 11, 1000, r -> 10, r -> 16_384);
        load("bursts", 2, 50_000, 11, 1000, r -> r.nextInt(20) == 0 ? 3_000 + r.nextInt(9_000) : r.nextInt(40), r -> 1 + r.nextInt(60_000));
        load("idle-gaps", 3, 1_000, 11, 1000, r -> r.nextInt(4) == 0 ? 11_000 + r.nextInt(4_000) : r.nextInt(1_500), r -> r.nextInt(9_000));
        load("obedient", 4, 20_000, 11, 1000, r -> -1, r -> 1 + r.nextInt(40_000));
        load("few-windows", 5, 100_000, 2, 3000, r -> r.nextInt(700), r -> r.nextInt(200_000));
        load("fractional", 6, 1234.5, 11, 1000, r -> r.nextInt(300), r -> r.nextInt(1_000));
        load("unrecorded", -7, 40_000, 11, 1000, r -> r.nextInt(200), r -> r.nextInt(30_000));
    }

    interface Draw { int next(Random random); }

    static void load(String name, int seed, double quota, int samples, int windowMs, Draw gap, Draw bytes) {
        System.out.println("load " + name + "," + quota + "," + samples + "," + windowMs);
        MetricConfig config = new MetricConfig().timeWindow(windowMs, TimeUnit.MILLISECONDS).samples(samples)
            .quota(new Quota(quota, true));
        Metrics metrics = new Metrics();
        Sensor sensor = metrics.sensor("s");
        Rate rate = new Rate();
        sensor.add(metrics.metricName("rate", "g"), rate, config);
        Random random = new Random(seed);
        long now = 1_700_000_000_000L;
        long throttle = 0;
        for (int i = 0; i < 300; i++) {
            int step = gap.next(random);
            now += step >= 0 ? step : throttle + random.nextInt(50);
            int value = bytes.next(random);
            throttle = record(sensor, value, now);
            System.out.println(now + "," + value + ",1," + throttle + "," + rate.windowSize(config, now));
            if (seed < 0 && throttle > 0) {
                sensor.record(-value, now, false);
                System.out.println(now + "," + -value + ",0,0," + rate.windowSize(config, now));
            }
        }
        metrics.close();
    }

    static long record(Sensor sensor, double value, long now) {
        try {
            sensor.record(value, now, true);
            return 0;
        } catch (QuotaViolationException e) {
            return QuotaUtils.throttleTime(e, now);
        }
    }
}
