"""Confluent's client for Python, which is librdkafka: python3 confluent.py BOOTSTRAP. See ../README.md."""

import sys
import threading
import time

from confluent_kafka import Consumer, KafkaException, OFFSET_BEGINNING, Producer, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourceType,
)
from confluent_kafka import ConsumerGroupTopicPartitions, TopicCollection

SERVERS = sys.argv[1]
TOPIC = "confluent-numbers"
COPY = "confluent-copy"
LIMIT = 60
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]


def done(step):
    print("ok", step, flush=True)


def results(futures):
    return {key: future.result(LIMIT) for key, future in futures.items()}


def admin():
    return AdminClient({"bootstrap.servers": SERVERS})


def topics():
    client = admin()
    results(client.create_topics([NewTopic(TOPIC, 4, 3, config={"retention.ms": "7200000"}), NewTopic(COPY, 1, 3)]))
    try:
        results(client.create_topics([NewTopic(TOPIC, 1, 1)]))
        raise AssertionError("a topic was created twice")
    except KafkaException as error:
        assert error.args[0].name() == "TOPIC_ALREADY_EXISTS", error
    results(client.create_partitions([NewPartitions(TOPIC, 6)]))
    described = results(client.describe_topics(TopicCollection([TOPIC])))[TOPIC]
    assert len(described.partitions) == 6
    assert all(len(partition.replicas) == 3 for partition in described.partitions)
    resource = ConfigResource(
        ResourceType.TOPIC,
        TOPIC,
        incremental_configs=[
            ConfigEntry("max.message.bytes", "200000", incremental_operation=AlterConfigOpType.SET)
        ],
    )
    results(client.incremental_alter_configs([resource]))
    configs = list(results(client.describe_configs([ConfigResource(ResourceType.TOPIC, TOPIC)])).values())[0]
    assert configs["retention.ms"].value == "7200000"
    assert configs["max.message.bytes"].value == "200000"
    cluster = client.describe_cluster().result(LIMIT)
    assert len(cluster.nodes) == 3
    done("topics")


def produce():
    number = 0
    for codec in CODECS:
        failed = []
        producer = Producer(
            {"bootstrap.servers": SERVERS, "enable.idempotence": True, "compression.type": codec, "linger.ms": 5}
        )
        for _ in range(12):
            producer.produce(
                TOPIC,
                key=f"key {number}",
                value=f"{number} " + "and so on " * 20,
                partition=number % 6,
                headers=[("trace", b"\x00\x01"), ("nothing", None)],
                on_delivery=lambda error, _: error and failed.append(error),
            )
            number += 1
        assert producer.flush(LIMIT) == 0
        assert not failed, failed
    done("produce")


def read(consumer, count, seen=None):
    seen = {} if seen is None else seen
    deadline = time.monotonic() + LIMIT
    while len(seen) < count and time.monotonic() < deadline:
        message = consumer.poll(0.1)
        if message is None:
            continue
        assert not message.error(), message.error()
        number = int(message.value().split()[0])
        assert number not in seen, f"{number} came twice"
        seen[number] = message
    assert len(seen) == count, sorted(seen)
    return seen


def consumer(group, **settings):
    base = {
        "bootstrap.servers": SERVERS,
        "group.id": group,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
    }
    return Consumer({**base, **settings})


def consume():
    reader = consumer("confluent-unused")
    reader.assign([TopicPartition(TOPIC, partition, OFFSET_BEGINNING) for partition in range(6)])
    seen = read(reader, 60)
    for number, message in seen.items():
        assert message.key() == f"key {number}".encode()
        assert message.headers() == [("trace", b"\x00\x01"), ("nothing", None)]
        assert message.partition() == number % 6
    assert reader.get_watermark_offsets(TopicPartition(TOPIC, 0)) == (0, 10)
    early = reader.offsets_for_times([TopicPartition(TOPIC, 0, 1)], LIMIT)
    assert early[0].offset == 0, early
    reader.close()
    done("consume")


def group(protocol):
    """Two members share six partitions; when one leaves, the other has them all."""
    name = f"confluent-{protocol}"
    settings = {"group.protocol": protocol}
    if protocol == "classic":
        settings |= {"partition.assignment.strategy": "cooperative-sticky", "session.timeout.ms": 10000}
    members = [consumer(name, **settings), consumer(name, **settings)]
    for member in members:
        member.subscribe([TOPIC])
    seen = {}
    deadline = time.monotonic() + LIMIT
    while [len(member.assignment()) for member in members] != [3, 3] or len(seen) < 60:
        assert time.monotonic() < deadline, [len(member.assignment()) for member in members]
        for member in members:
            message = member.poll(0.05)
            if message is not None:
                assert not message.error(), message.error()
                seen[int(message.value().split()[0])] = message
    for member in members:
        held = member.assignment()
        member.commit(
            offsets=[TopicPartition(TOPIC, partition.partition, 10) for partition in held], asynchronous=False
        )
    members[1].close()
    while len(members[0].assignment()) != 6:
        assert time.monotonic() < deadline, members[0].assignment()
        members[0].poll(0.05)
    committed = members[0].committed([TopicPartition(TOPIC, partition) for partition in range(6)], LIMIT)
    assert [partition.offset for partition in committed] == [10] * 6, committed
    members[0].close()
    done(f"group {protocol}")


def transactions():
    producer = Producer({"bootstrap.servers": SERVERS, "transactional.id": "confluent-writer"})
    producer.init_transactions(LIMIT)
    for numbers, commit in [(range(100, 110), True), (range(900, 905), False)]:
        producer.begin_transaction()
        for number in numbers:
            producer.produce(TOPIC, value=str(number), partition=number % 6)
        if commit:
            producer.commit_transaction(LIMIT)
        else:
            producer.flush(LIMIT)
            producer.abort_transaction(LIMIT)
    # Read, write and commit the offsets in one transaction.
    reader = consumer("confluent-copier", **{"isolation.level": "read_committed"})
    reader.subscribe([TOPIC])
    seen = read(reader, 70)
    assert set(seen) == set(range(60)) | set(range(100, 110))
    producer.begin_transaction()
    for number in sorted(seen):
        producer.produce(COPY, value=str(number))
    producer.send_offsets_to_transaction(
        reader.position(reader.assignment()), reader.consumer_group_metadata(), LIMIT
    )
    producer.commit_transaction(LIMIT)
    committed = reader.committed(reader.assignment(), LIMIT)
    assert sum(partition.offset for partition in committed) >= 70, committed
    reader.close()
    # A second producer of the same id puts an end to the first.
    second = Producer({"bootstrap.servers": SERVERS, "transactional.id": "confluent-writer"})
    second.init_transactions(LIMIT)
    try:
        producer.begin_transaction()
        producer.produce(COPY, value="too late")
        producer.commit_transaction(LIMIT)
        raise AssertionError("a fenced producer has committed")
    except KafkaException as error:
        assert error.args[0].fatal(), error
    copied = consumer("confluent-unused", **{"isolation.level": "read_committed"})
    copied.assign([TopicPartition(COPY, 0, OFFSET_BEGINNING)])
    assert len(read(copied, 70)) == 70
    copied.close()
    done("transactions")


def groups():
    client = admin()
    listed = client.list_consumer_groups().result(LIMIT)
    names = {listing.group_id for listing in listed.valid}
    assert {"confluent-classic", "confluent-consumer", "confluent-copier"} <= names, names
    described = results(client.describe_consumer_groups(["confluent-classic"]))["confluent-classic"]
    assert described.state.name == "EMPTY", described.state
    wanted = ConsumerGroupTopicPartitions("confluent-classic")
    held = client.list_consumer_group_offsets([wanted])["confluent-classic"].result(LIMIT)
    assert {partition.offset for partition in held.topic_partitions} == {10}
    moved = ConsumerGroupTopicPartitions("confluent-classic", [TopicPartition(TOPIC, 0, 3)])
    results(client.alter_consumer_group_offsets([moved]))
    held = client.list_consumer_group_offsets([wanted])["confluent-classic"].result(LIMIT)
    assert {partition.partition: partition.offset for partition in held.topic_partitions}[0] == 3
    results(client.delete_consumer_groups(["confluent-classic", "confluent-consumer"]))
    done("groups")


def records():
    client = admin()
    deleted = results(client.delete_records([TopicPartition(TOPIC, 0, 4)]))
    assert [held.low_watermark for held in deleted.values()] == [4]
    offsets = results(
        client.list_offsets({TopicPartition(TOPIC, 0): OffsetSpec.earliest()})
    )
    assert [held.offset for held in offsets.values()] == [4]
    results(client.delete_topics([TOPIC, COPY]))
    assert TOPIC not in client.list_topics(timeout=LIMIT).topics
    done("records")


topics()
produce()
consume()
# The protocols wait for heartbeats, so they may as well wait together.
failures = []


def guarded(protocol):
    try:
        group(protocol)
    except BaseException as error:
        failures.append(error)


waiting = [threading.Thread(target=guarded, args=[protocol]) for protocol in ["classic", "consumer"]]
for thread in waiting:
    thread.start()
for thread in waiting:
    thread.join()
if failures:
    raise failures[0]
transactions()
groups()
records()
