"""aiokafka, a client written in Python: python3 aio.py BOOTSTRAP. See ../README.md."""

import asyncio
import sys

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError

SERVERS = sys.argv[1]
TOPIC = "aio-numbers"
COPY = "aio-copy"
LIMIT = 60
# The other codecs need packages of their own.
CODECS = [None, "gzip"]


def done(step):
    print("ok", step, flush=True)


async def until(what, holds):
    async def wait():
        while not holds():
            await asyncio.sleep(0.02)

    try:
        await asyncio.wait_for(wait(), LIMIT)
    except asyncio.TimeoutError:
        raise AssertionError(what) from None


async def topics(admin):
    created = await admin.create_topics(
        [NewTopic(TOPIC, 4, 3, topic_configs={"retention.ms": "7200000"}), NewTopic(COPY, 1, 3)]
    )
    assert all(error[1] == 0 for error in created.topic_errors), created
    try:
        created = await admin.create_topics([NewTopic(TOPIC, 1, 1)])
        assert created.topic_errors[0][1] == TopicAlreadyExistsError.errno, created
    except TopicAlreadyExistsError:
        pass
    await admin.create_partitions({TOPIC: NewPartitions(6)})
    (described,) = await admin.describe_topics([TOPIC])
    assert len(described["partitions"]) == 6, described
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, TOPIC, {"retention.ms": "3600000"})])
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, TOPIC)])
    configs = {entry[0]: entry[1] for answer in answers for resource in answer.resources for entry in resource[4]}
    assert configs["retention.ms"] == "3600000", configs
    assert len((await admin.describe_cluster())["brokers"]) == 3
    done("topics")


async def produce():
    number = 0
    for codec in CODECS:
        producer = AIOKafkaProducer(
            bootstrap_servers=SERVERS, enable_idempotence=True, compression_type=codec, linger_ms=5
        )
        async with producer:
            sent = []
            for _ in range(30):
                sent.append(
                    await producer.send(
                        TOPIC,
                        key=f"key {number}".encode(),
                        value=(f"{number} " + "and so on " * 20).encode(),
                        partition=number % 6,
                        headers=[("trace", b"\x00\x01")],
                    )
                )
                number += 1
            await asyncio.wait_for(asyncio.gather(*sent), LIMIT)
    done("produce")


async def read(consumer, count):
    seen = {}

    async def fill():
        while len(seen) < count:
            message = await consumer.getone()
            number = int(message.value.split()[0])
            assert number not in seen, f"{number} came twice"
            seen[number] = message

    try:
        await asyncio.wait_for(fill(), LIMIT)
    except asyncio.TimeoutError:
        raise AssertionError(sorted(seen)) from None
    return seen


def consumer(*topics, **settings):
    base = {"bootstrap_servers": SERVERS, "auto_offset_reset": "earliest", "enable_auto_commit": False}
    return AIOKafkaConsumer(*topics, **{**base, **settings})


async def consume():
    async with consumer(TOPIC) as reader:
        seen = await read(reader, 60)
        for number, message in seen.items():
            assert message.key == f"key {number}".encode()
            assert message.headers == (("trace", b"\x00\x01"),)
            assert message.partition == number % 6
        first = TopicPartition(TOPIC, 0)
        assert await reader.end_offsets([first]) == {first: 10}
        found = await reader.offsets_for_times({first: 1})
        assert found[first].offset == 0, found
    done("consume")


async def group():
    """Two members share six partitions; when one leaves, the other has them all."""
    settings = {"group_id": "aio-group", "heartbeat_interval_ms": 300}
    members = [consumer(TOPIC, **settings), consumer(TOPIC, **settings)]
    await members[0].start()
    await members[1].start()
    await until("nobody shares", lambda: [len(member.assignment()) for member in members] == [3, 3])
    for member in members:
        await member.commit({partition: 10 for partition in member.assignment()})
    await members[1].stop()
    await until("one has not all", lambda: len(members[0].assignment()) == 6)
    for partition in members[0].assignment():
        assert await members[0].committed(partition) == 10
    await members[0].stop()
    done("group classic")


async def transactions():
    producer = AIOKafkaProducer(bootstrap_servers=SERVERS, transactional_id="aio-writer")
    await producer.start()
    async with producer.transaction():
        for number in range(100, 110):
            await producer.send_and_wait(TOPIC, str(number).encode(), partition=number % 6)
    await producer.begin_transaction()
    for number in range(900, 905):
        await producer.send_and_wait(TOPIC, str(number).encode(), partition=number % 6)
    await producer.abort_transaction()
    # Read, write and commit the offsets in one transaction.
    reader = consumer(TOPIC, group_id="aio-copier", isolation_level="read_committed")
    async with reader:
        seen = await read(reader, 70)
        assert set(seen) == set(range(60)) | set(range(100, 110))
        async with producer.transaction():
            for number in sorted(seen):
                await producer.send_and_wait(COPY, str(number).encode())
            offsets = {partition: await reader.position(partition) for partition in reader.assignment()}
            await producer.send_offsets_to_transaction(offsets, "aio-copier")
        for partition, offset in offsets.items():
            assert await reader.committed(partition) == offset
    await producer.stop()
    async with consumer(COPY, isolation_level="read_committed") as copied:
        assert len(await read(copied, 70)) == 70
    done("transactions")


async def groups(admin):
    names = {name for name, _ in await admin.list_consumer_groups()}
    assert {"aio-group", "aio-copier"} <= names, names
    offsets = await admin.list_consumer_group_offsets("aio-group")
    assert {held.offset for held in offsets.values()} == {10}, offsets
    (described,) = await admin.describe_consumer_groups(["aio-group"])
    assert described.groups[0][2] == "Empty", described
    done("groups")


async def records(admin):
    first = TopicPartition(TOPIC, 0)
    deleted = await admin.delete_records({first: RecordsToDelete(before_offset=4)})
    assert deleted[first] == 4, deleted
    await admin.delete_topics([TOPIC, COPY])
    assert TOPIC not in await admin.list_topics()
    done("records")


async def main():
    admin = AIOKafkaAdminClient(bootstrap_servers=SERVERS)
    await admin.start()
    try:
        await topics(admin)
        await produce()
        await consume()
        await group()
        await transactions()
        await groups(admin)
        await records(admin)
    finally:
        await admin.close()


asyncio.run(main())
