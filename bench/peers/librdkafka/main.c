/* librdkafka from C: rd_kafka_produce without copying the payload, batches of messages when reading. It has no latency
 * load: the crate's program shows the same. */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *flag(int count, char **words, const char *name, const char *otherwise) {
    for (int i = 2; i + 1 < count; i++)
        if (!strncmp(words[i], "--", 2) && !strcmp(words[i] + 2, name)) return words[i + 1];
    return otherwise;
}

static void fail(const char *problem) {
    fprintf(stderr, "error: %s\n", problem);
    exit(1);
}

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double begun_wall, begun_cpu;

static void begin(void) {
    begun_cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    begun_wall = seconds(CLOCK_MONOTONIC);
}

static int has(int count, char **words, const char *name) {
    for (int i = 2; i < count; i++)
        if (!strncmp(words[i], "--", 2) && !strcmp(words[i] + 2, name)) return 1;
    return 0;
}

/* Ends what begin() began and prints the line of figures. */
static void report(const char *load, long records, long bytes) {
    double wall = seconds(CLOCK_MONOTONIC) - begun_wall, cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - begun_cpu;
    double ended = seconds(CLOCK_REALTIME), kib = 0;
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status)) sscanf(line, "VmHWM: %lf", &kib);
    printf("{\"client\":\"librdkafka\",\"version\":\"%s\",\"op\":\"%s\",\"records\":%ld,\"bytes\":%ld,\"wall_s\":%f,"
           "\"cpu_s\":%f,\"cpu_us_per_record\":%f,\"records_per_s\":%f,\"mb_per_s\":%f,\"max_rss_mb\":%f,\"ended_s\":%f}\n",
           rd_kafka_version_str(), load, records, bytes, wall, cpu, cpu * 1e6 / (double)records, (double)records / wall,
           (double)bytes / 1e6 / wall, kib / 1024, ended);
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value) {
    char problem[256];
    if (rd_kafka_conf_set(conf, name, value, problem, sizeof problem)) fail(problem);
}

static long delivered, failed;

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque) {
    (void)client, (void)opaque;
    if (message->err) failed++; else delivered++;
}

static rd_kafka_t *client(rd_kafka_type_t type, rd_kafka_conf_t *conf) {
    char problem[256];
    rd_kafka_t *client = rd_kafka_new(type, conf, problem, sizeof problem);
    if (!client) fail(problem);
    return client;
}

/* The payload stays the caller's. Headers take the slower call with its list of fields. */
static rd_kafka_resp_err_t hand_over(rd_kafka_t *producer, rd_kafka_topic_t *topic, void *value, size_t size,
                                     void *key, size_t length, int headers) {
    if (headers)
        return rd_kafka_producev(producer, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_VALUE(value, size),
                                 RD_KAFKA_V_KEY(key, length), RD_KAFKA_V_HEADER("trace", "0123456789abcdef", 16),
                                 RD_KAFKA_V_END);
    return rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, 0, value, size, key, length, NULL) ? rd_kafka_last_error()
                                                                                            : RD_KAFKA_RESP_ERR_NO_ERROR;
}

static void produce(int count, char **words, rd_kafka_conf_t *conf, const char *topic) {
    long records = atol(flag(count, words, "records", "5000000"));
    size_t size = (size_t)atol(flag(count, words, "size", "100"));
    FILE *file = fopen(flag(count, words, "pool", ""), "rb");
    if (!file) fail("--pool names a file of values");
    fseek(file, 0, SEEK_END);
    size_t rows = (size_t)ftell(file) / size;
    rewind(file);
    char *pool = malloc(rows * size);
    if (!pool || fread(pool, size, rows, file) != rows) fail("the pool cannot be read");
    fclose(file);
    set(conf, "acks", "all");
    set(conf, "enable.idempotence", "true");
    set(conf, "linger.ms", flag(count, words, "linger-ms", "5"));
    set(conf, "batch.size", flag(count, words, "batch-bytes", "1000000"));
    set(conf, "batch.num.messages", "100000");
    set(conf, "compression.codec", flag(count, words, "codec", "none"));
    set(conf, "queue.buffering.max.messages", "1000000");
    set(conf, "queue.buffering.max.kbytes", "65536");
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_t *producer = client(RD_KAFKA_PRODUCER, conf);
    rd_kafka_topic_t *handle = rd_kafka_topic_new(producer, topic, NULL);
    const struct rd_kafka_metadata *metadata;
    if (rd_kafka_metadata(producer, 0, handle, &metadata, 30000)) fail("no metadata");
    int keyed = has(count, words, "keyed"), headers = has(count, words, "headers");
    begin();
    for (long i = 0; i < records; i++) {
        char *value = pool + (size_t)i % rows * size, *key = keyed ? value + 6 : NULL;
        size_t length = keyed ? 7 : 0;
        rd_kafka_resp_err_t problem;
        while ((problem = hand_over(producer, handle, value, size, key, length, headers))) {
            if (problem != RD_KAFKA_RESP_ERR__QUEUE_FULL) fail(rd_kafka_err2str(problem));
            rd_kafka_poll(producer, 10);
        }
        if (i % 4096 == 0) rd_kafka_poll(producer, 0);
    }
    while (rd_kafka_outq_len(producer) > 0) rd_kafka_flush(producer, 1000);
    if (failed || delivered != records) fail("not every record was delivered");
    report("produce", records, records * (long)size);
}

static void consume(int count, char **words, rd_kafka_conf_t *conf, const char *topic) {
    enum { MOST = 10000 };
    static rd_kafka_message_t *messages[MOST];
    long wanted = atol(flag(count, words, "records", "5000000")), records = 0, bytes = 0;
    set(conf, "fetch.message.max.bytes", "1048576");
    /* Everybody else compares checksums by default. */
    set(conf, "check.crcs", "true");
    rd_kafka_t *consumer = client(RD_KAFKA_CONSUMER, conf);
    rd_kafka_topic_t *handle = rd_kafka_topic_new(consumer, topic, NULL);
    const struct rd_kafka_metadata *metadata;
    if (rd_kafka_metadata(consumer, 0, handle, &metadata, 30000)) fail("no metadata");
    rd_kafka_queue_t *queue = rd_kafka_queue_new(consumer);
    begin();
    for (int partition = 0; partition < metadata->topics[0].partition_cnt; partition++)
        if (rd_kafka_consume_start_queue(handle, partition, RD_KAFKA_OFFSET_BEGINNING, queue)) fail("cannot start");
    while (records < wanted) {
        ssize_t got = rd_kafka_consume_batch_queue(queue, 1000, messages, MOST);
        for (ssize_t i = 0; i < got; i++) {
            if (!messages[i]->err) records++, bytes += (long)messages[i]->len;
            else if (messages[i]->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) fail(rd_kafka_message_errstr(messages[i]));
            rd_kafka_message_destroy(messages[i]);
        }
    }
    report("consume", records, bytes);
}

int main(int count, char **words) {
    if (count < 2) fail("produce or consume, then flags");
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", flag(count, words, "brokers", "127.0.0.1:9092"));
    const char *topic = flag(count, words, "topic", "bench");
    if (!strcmp(words[1], "produce")) produce(count, words, conf, topic);
    else if (!strcmp(words[1], "consume")) consume(count, words, conf, topic);
    else fail("there is no such load here");
    fflush(stdout);
    /* Without waiting for the threads of the client. */
    exit(0);
}
