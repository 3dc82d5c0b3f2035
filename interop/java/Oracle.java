import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.metrics.KafkaMetric;
import org.apache.kafka.common.metrics.MetricConfig;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.metrics.Quota;
import org.apache.kafka.common.metrics.QuotaViolationException;
import org.apache.kafka.common.metrics.Sensor;
import org.apache.kafka.common.metrics.stats.Rate;
import org.apache.kafka.common.metrics.stats.TokenBucket;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.requests.AbstractResponse;
import org.apache.kafka.server.quota.ControllerMutationQuotaManager;
import org.apache.kafka.server.quota.QuotaUtils;

/**
 * Kafka's own classes behind a pipe: what they read and write is the truth that the Rust code is held against.
 *
 * A question is a 4-byte length and that many bytes, of which the first names what is asked. An answer has the
 * same shape; its first byte is 0 for an answer and 1 for an exception, whose text follows. The program ends with
 * its standard input.
 */
public final class Oracle {
    public static void main(String[] args) throws IOException {
        DataInputStream in = new DataInputStream(new BufferedInputStream(System.in, 1 << 16));
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(System.out, 1 << 16));
        while (true) {
            byte[] question;
            try {
                question = in.readNBytes(in.readInt());
            } catch (EOFException end) {
                return;
            }
            byte[] answer;
            int status = 0;
            try {
                answer = answer(new DataInputStream(new java.io.ByteArrayInputStream(question)));
            } catch (Throwable problem) {
                status = 1;
                StringWriter text = new StringWriter();
                problem.printStackTrace(new PrintWriter(text));
                answer = text.toString().getBytes("UTF-8");
            }
            out.writeInt(answer.length + 1);
            out.writeByte(status);
            out.write(answer);
            out.flush();
        }
    }

    private static byte[] answer(DataInputStream question) throws Exception {
        switch (question.readByte()) {
            case 'M': return reencode(question);
            case 'T': return clientMustWait(question);
            case 'R': return readRecords(question);
            case 'W': return writeRecords(question);
            case 'E': return errors();
            case 'Q': return sampledRate(question);
            case 'B': return tokenBucket(question);
            default: throw new IllegalArgumentException("no such question");
        }
    }

    /** Name of the class, version, bytes: what Kafka writes after it has read them. */
    private static byte[] reencode(DataInputStream question) throws Exception {
        String name = question.readUTF();
        short version = question.readShort();
        ByteBufferAccessor bytes = new ByteBufferAccessor(ByteBuffer.wrap(question.readAllBytes()));
        Message message = (Message) Class.forName("org.apache.kafka.common.message." + name)
            .getConstructor().newInstance();
        message.read(bytes, version);
        if (bytes.remaining() > 0) {
            throw new IllegalStateException(bytes.remaining() + " bytes are left");
        }
        return array(MessageUtil.toByteBufferAccessor(message, version).buffer());
    }

    /** Key of the API, version, bytes of a response: whether Kafka's client waits out its throttle time. */
    private static byte[] clientMustWait(DataInputStream question) throws Exception {
        ApiKeys key = ApiKeys.forId(question.readShort());
        short version = question.readShort();
        ByteBufferAccessor bytes = new ByteBufferAccessor(ByteBuffer.wrap(question.readAllBytes()));
        AbstractResponse response = AbstractResponse.parseResponse(key, bytes, version);
        return new byte[] {(byte) (response.shouldClientThrottle(version) ? 1 : 0)};
    }

    /** Bytes of a record set: every record that Kafka finds, in the form that {@link #record} writes. */
    private static byte[] readRecords(DataInputStream question) throws Exception {
        MemoryRecords set = MemoryRecords.readableRecords(ByteBuffer.wrap(question.readAllBytes()));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        for (MutableRecordBatch batch : set.batches()) {
            batch.ensureValid();
            for (Record record : batch) {
                record(out, record);
            }
        }
        return bytes.toByteArray();
    }

    private static void record(DataOutputStream out, Record record) throws IOException {
        out.writeLong(record.offset());
        out.writeLong(record.timestamp());
        nullable(out, record.hasKey() ? array(record.key()) : null);
        nullable(out, record.hasValue() ? array(record.value()) : null);
        out.writeInt(record.headers().length);
        for (Header header : record.headers()) {
            nullable(out, header.key().getBytes("UTF-8"));
            nullable(out, header.value());
        }
    }

    /**
     * Magic, codec, base offset, producer id, epoch, base sequence, then records as {@link #record} writes them:
     * the record set that Kafka makes of them.
     */
    private static byte[] writeRecords(DataInputStream question) throws Exception {
        byte magic = question.readByte();
        Compression codec = Compression.of(new String[] {"none", "gzip", "snappy", "lz4", "zstd"}[question.readByte()]).build();
        long baseOffset = question.readLong();
        long producerId = question.readLong();
        short producerEpoch = question.readShort();
        int baseSequence = question.readInt();
        ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
        MemoryRecordsBuilder builder = MemoryRecords.builder(buffer, magic, codec, TimestampType.CREATE_TIME, baseOffset,
            magic >= 2 ? 0 : -1, producerId, producerEpoch, baseSequence, false, -1);
        while (question.available() > 0) {
            long offset = question.readLong();
            long timestamp = question.readLong();
            byte[] key = nullable(question);
            byte[] value = nullable(question);
            Header[] headers = new Header[question.readInt()];
            for (int i = 0; i < headers.length; i++) {
                headers[i] = new RecordHeader(new String(nullable(question), "UTF-8"), nullable(question));
            }
            builder.appendWithOffset(offset, new SimpleRecord(timestamp, key, value, headers));
        }
        return array(builder.build().buffer());
    }

    /** Every error code: number, name, and whether Kafka's client may try again, or must ask for new metadata. */
    private static byte[] errors() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        for (Errors error : Errors.values()) {
            out.writeShort(error.code());
            out.writeUTF(error.name());
            out.writeBoolean(error.exception() instanceof org.apache.kafka.common.errors.RetriableException);
            out.writeBoolean(error.exception() instanceof org.apache.kafka.common.errors.InvalidMetadataException);
        }
        return bytes.toByteArray();
    }

    private static final byte UNCHECKED = 0;
    private static final byte CHECKED = 1;
    private static final byte LIMIT = 2;

    /**
     * Samples, milliseconds of each, a cap, a limit; then what to do (record, record and check, change the limit), time
     * and value: after each the throttle time, the same with the cap, and the time that the rate is measured over.
     */
    private static byte[] sampledRate(DataInputStream question) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        int samples = question.readInt();
        int window = question.readInt();
        long cap = question.readInt();
        Rate rate = new Rate();
        try (Metrics metrics = new Metrics()) {
            MetricConfig config = config(samples, window, question.readDouble());
            Sensor sensor = metrics.sensor("quota");
            sensor.add(metrics.metricName("rate", "quota"), rate, config);
            KafkaMetric metric = metrics.metric(metrics.metricName("rate", "quota"));
            while (question.available() > 0) {
                byte action = question.readByte();
                long now = question.readLong();
                double value = question.readDouble();
                long throttle = 0;
                long capped = 0;
                if (action == LIMIT) {
                    config = config(samples, window, value);
                    metric.config(config);
                } else {
                    try {
                        sensor.record(value, now, action == CHECKED);
                    } catch (QuotaViolationException violation) {
                        throttle = QuotaUtils.throttleTime(violation, now);
                        capped = QuotaUtils.boundedThrottleTime(violation, cap, now);
                    }
                }
                out.writeLong(throttle);
                out.writeLong(capped);
                out.writeLong(rate.windowSize(config, now));
            }
        }
        return bytes.toByteArray();
    }

    /**
     * Samples, milliseconds of each, a limit; then what to do (take, take unless something is owed, change the limit),
     * time and value: after each for how long the client is throttled.
     */
    private static byte[] tokenBucket(DataInputStream question) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        int samples = question.readInt();
        int window = question.readInt();
        try (Metrics metrics = new Metrics()) {
            Sensor sensor = metrics.sensor("quota");
            sensor.add(metrics.metricName("tokens", "quota"), new TokenBucket(),
                config(samples, window, question.readDouble()));
            KafkaMetric metric = metrics.metric(metrics.metricName("tokens", "quota"));
            while (question.available() > 0) {
                byte action = question.readByte();
                long now = question.readLong();
                double value = question.readDouble();
                long throttle = 0;
                try {
                    if (action == LIMIT) {
                        metric.config(config(samples, window, value));
                    } else if (action == CHECKED) {
                        // As a strict quota does it.
                        sensor.checkQuotas(now);
                        sensor.record(value, now, false);
                    } else {
                        sensor.record(value, now, true);
                    }
                } catch (QuotaViolationException violation) {
                    throttle = ControllerMutationQuotaManager.throttleTimeMs(violation);
                }
                out.writeLong(throttle);
            }
        }
        return bytes.toByteArray();
    }

    private static MetricConfig config(int samples, int window, double limit) {
        return new MetricConfig().samples(samples).timeWindow(window, TimeUnit.MILLISECONDS)
            .quota(new Quota(limit, true));
    }

    private static byte[] array(ByteBuffer buffer) {
        byte[] array = new byte[buffer.remaining()];
        buffer.duplicate().get(array);
        return array;
    }

    private static void nullable(DataOutputStream out, byte[] bytes) throws IOException {
        out.writeInt(bytes == null ? -1 : bytes.length);
        if (bytes != null) {
            out.write(bytes);
        }
    }

    private static byte[] nullable(DataInputStream in) throws IOException {
        int length = in.readInt();
        return length < 0 ? null : in.readNBytes(length);
    }
}
