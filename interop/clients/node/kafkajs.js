// kafkajs, a client written in JavaScript: node kafkajs.js BOOTSTRAP. See ../README.md.

const assert = require("node:assert/strict");
const { CompressionTypes, ConfigResourceTypes, Kafka, logLevel } = require("kafkajs");

const LIMIT = 60_000;
const TOPIC = "kafkajs-numbers";
const COPY = "kafkajs-copy";
const kafka = new Kafka({
  brokers: process.argv[2].split(","),
  clientId: "kafkajs",
  logLevel: logLevel.ERROR,
  retry: { initialRetryTime: 50 },
});
const done = (step) => console.log("ok", step);

async function until(what, holds) {
  const deadline = Date.now() + LIMIT;
  while (!holds()) {
    assert.ok(Date.now() < deadline, what);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function topics(admin) {
  await admin.createTopics({
    topics: [
      {
        topic: TOPIC,
        numPartitions: 4,
        replicationFactor: 3,
        configEntries: [{ name: "retention.ms", value: "7200000" }],
      },
      { topic: COPY, numPartitions: 1, replicationFactor: 3 },
    ],
  });
  assert.equal(await admin.createTopics({ topics: [{ topic: TOPIC }] }), false, "a topic was created twice");
  await admin.createPartitions({ topicPartitions: [{ topic: TOPIC, count: 6 }] });
  const described = await admin.fetchTopicMetadata({ topics: [TOPIC] });
  assert.equal(described.topics[0].partitions.length, 6);
  await admin.alterConfigs({
    resources: [
      {
        type: ConfigResourceTypes.TOPIC,
        name: TOPIC,
        configEntries: [{ name: "max.message.bytes", value: "200000" }],
      },
    ],
  });
  const configs = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: TOPIC, configNames: ["max.message.bytes"] }],
  });
  assert.equal(configs.resources[0].configEntries[0].configValue, "200000");
  assert.equal((await admin.describeCluster()).brokers.length, 3);
  done("topics");
}

async function produce() {
  const producer = kafka.producer({ idempotent: true });
  await producer.connect();
  let number = 0;
  for (const compression of [CompressionTypes.None, CompressionTypes.GZIP]) {
    const messages = [];
    for (let i = 0; i < 30; i++, number++) {
      messages.push({
        key: `key ${number}`,
        value: `${number} ${"and so on ".repeat(20)}`,
        partition: number % 6,
        headers: { trace: Buffer.from([0, 1]) },
      });
    }
    const sent = await producer.send({ topic: TOPIC, compression, messages });
    assert.ok(sent.every((partition) => partition.errorCode === 0));
  }
  await producer.disconnect();
  done("produce");
}

/// Starts a member that puts what it reads into `seen`.
async function start(groupId, topic, seen, settings = {}) {
  const { autoCommit = true, ...rest } = settings;
  const consumer = kafka.consumer({
    groupId,
    heartbeatInterval: 300,
    sessionTimeout: 10_000,
    rebalanceTimeout: 10_000,
    maxWaitTimeInMs: 100,
    ...rest,
  });
  let held = 0;
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    held = payload.memberAssignment[topic]?.length ?? 0;
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommit,
    autoCommitInterval: 100,
    eachMessage: async ({ partition, message }) => {
      const number = parseInt(message.value.toString(), 10);
      seen.set(number, { partition, message });
    },
  });
  return { consumer, held: () => held };
}

async function consume() {
  const seen = new Map();
  const { consumer } = await start("kafkajs-reader", TOPIC, seen);
  await until("not everything was read", () => seen.size === 60);
  for (const [number, { partition, message }] of seen) {
    assert.equal(message.key.toString(), `key ${number}`);
    assert.deepEqual(message.headers, { trace: Buffer.from([0, 1]) });
    assert.equal(partition, number % 6);
  }
  await consumer.disconnect();
  done("consume");
}

/// Two members share six partitions; when one leaves, the other has them all.
async function group() {
  const seen = new Map();
  const first = await start("kafkajs-group", TOPIC, seen);
  const second = await start("kafkajs-group", TOPIC, seen);
  await until("nobody shares", () => first.held() === 3 && second.held() === 3 && seen.size === 60);
  await second.consumer.disconnect();
  await until("one has not all", () => first.held() === 6);
  await first.consumer.disconnect();
  done("group classic");
}

async function transactions() {
  const producer = kafka.producer({ transactionalId: "kafkajs-writer", idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const numbers = (from, to) =>
    Array.from({ length: to - from }, (_, i) => ({ value: `${from + i}`, partition: (from + i) % 6 }));
  let transaction = await producer.transaction();
  await transaction.send({ topic: TOPIC, messages: numbers(100, 110) });
  await transaction.commit();
  transaction = await producer.transaction();
  await transaction.send({ topic: TOPIC, messages: numbers(900, 905) });
  await transaction.abort();
  // A reader of what is committed.
  const seen = new Map();
  const reader = await start("kafkajs-committed", TOPIC, seen, { autoCommit: false });
  await until("not everything was read", () => seen.size === 70);
  await reader.consumer.disconnect();
  assert.ok([...seen.keys()].every((number) => number < 900));
  // Write, and commit another group's offsets, in one transaction.
  transaction = await producer.transaction();
  await transaction.send({ topic: COPY, messages: [...seen.keys()].map((number) => ({ value: `${number}` })) });
  await transaction.sendOffsets({
    consumerGroupId: "kafkajs-copier",
    topics: [{ topic: TOPIC, partitions: [{ partition: 0, offset: "10" }] }],
  });
  await transaction.commit();
  await producer.disconnect();
  const copied = new Map();
  const copies = await start("kafkajs-copies", COPY, copied);
  await until("the copy is not whole", () => copied.size === 70);
  await copies.consumer.disconnect();
  done("transactions");
}

async function groups(admin) {
  const { groups } = await admin.listGroups();
  const names = groups.map((listed) => listed.groupId);
  for (const name of ["kafkajs-group", "kafkajs-copier"]) {
    assert.ok(names.includes(name), names.join());
  }
  const described = await admin.describeGroups(["kafkajs-group"]);
  assert.equal(described.groups[0].state, "Empty");
  const committed = await admin.fetchOffsets({ groupId: "kafkajs-copier", topics: [TOPIC] });
  assert.equal(committed[0].partitions.find(({ partition }) => partition === 0).offset, "10");
  await admin.setOffsets({ groupId: "kafkajs-group", topic: TOPIC, partitions: [{ partition: 0, offset: "3" }] });
  const moved = await admin.fetchOffsets({ groupId: "kafkajs-group", topics: [TOPIC] });
  assert.equal(moved[0].partitions.find(({ partition }) => partition === 0).offset, "3");
  await admin.deleteGroups(["kafkajs-group"]);
  done("groups");
}

async function records(admin) {
  await admin.deleteTopicRecords({ topic: TOPIC, partitions: [{ partition: 0, offset: "4" }] });
  const offsets = await admin.fetchTopicOffsets(TOPIC);
  assert.equal(offsets.find(({ partition }) => partition === 0).low, "4");
  await admin.deleteTopics({ topics: [TOPIC, COPY] });
  assert.ok(!(await admin.listTopics()).includes(TOPIC));
  done("records");
}

async function main() {
  const admin = kafka.admin();
  await admin.connect();
  await topics(admin);
  await produce();
  await consume();
  await group();
  await transactions();
  await groups(admin);
  await records(admin);
  await admin.disconnect();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
