//! Client quotas and features.

use ottla_proto::messages::alter_client_quotas::{
    AlterClientQuotasRequest, OpData, RequestEntityData, RequestEntryData,
};
use ottla_proto::messages::create_topics::{CreatableTopic, CreateTopicsRequest};
use ottla_proto::messages::describe_client_quotas::{ComponentData, DescribeClientQuotasRequest};
use ottla_proto::messages::update_features::{FeatureUpdateKey, UpdateFeaturesRequest};

use super::{Pair, drawn, settle};

type Entity = &'static [(&'static str, Option<&'static str>)];

fn alter(
    entity: Entity,
    key: &'static str,
    value: Option<f64>,
    validate_only: bool,
) -> AlterClientQuotasRequest {
    let part = |(kind, name): &(&'static str, Option<&'static str>)| RequestEntityData {
        entity_type: (*kind).into(),
        entity_name: name.map(Into::into),
        ..RequestEntityData::default()
    };
    let op = OpData {
        key: key.into(),
        value: value.unwrap_or_default(),
        remove: value.is_none(),
        ..OpData::default()
    };
    let entry = RequestEntryData {
        entity: entity.iter().map(part).collect(),
        ops: vec![op],
        ..RequestEntryData::default()
    };
    AlterClientQuotasRequest { entries: vec![entry], validate_only, ..AlterClientQuotasRequest::default() }
}

/// Of clients that send nothing here, so that nobody is throttled.
pub(super) fn quotas(pair: &mut Pair) {
    let normal = |answer: &mut ottla_proto::messages::AlterClientQuotasResponse| {
        for entry in &mut answer.entries {
            entry.error_message = None;
            entry.entity.sort_by_key(|part| part.entity_type.clone());
        }
    };
    const RATE: &str = "producer_byte_rate";
    const CLIENT: Entity = &[("client-id", Some("slow"))];
    const ADDRESS: Entity = &[("ip", Some("10.1.2.3"))];
    let asked: [(&str, Entity, &'static str, Option<f64>); 20] = [
        ("a client", CLIENT, RATE, Some(1e6)),
        ("any client", &[("client-id", None)], RATE, Some(2e6)),
        ("a user", &[("user", Some("u"))], "consumer_byte_rate", Some(3e6)),
        ("any user", &[("user", None)], "request_percentage", Some(1000.5)),
        ("a user's client", &[("user", Some("u")), ("client-id", Some("slow"))], RATE, Some(4e6)),
        ("mutations", CLIENT, "controller_mutation_rate", Some(0.5)),
        ("an address", ADDRESS, "connection_creation_rate", Some(7.0)),
        ("any address", &[("ip", None)], "connection_creation_rate", Some(1e6)),
        ("no rate", CLIENT, RATE, Some(0.0)),
        ("a negative rate", CLIENT, RATE, Some(-1.0)),
        ("a fraction of a byte", CLIENT, RATE, Some(0.5)),
        ("too many connections", ADDRESS, "connection_creation_rate", Some(3e9)),
        ("half a connection", ADDRESS, "connection_creation_rate", Some(0.5)),
        ("bytes of an address", ADDRESS, RATE, Some(1.0)),
        ("connections of a client", CLIENT, "connection_creation_rate", Some(1.0)),
        ("no such quota", CLIENT, "no_such_rate", Some(1.0)),
        ("a user's address", &[("user", Some("u")), ("ip", Some("10.1.2.3"))], RATE, Some(1.0)),
        ("no such entity", &[("planet", Some("x"))], RATE, Some(1.0)),
        ("nobody", &[], RATE, Some(1.0)),
        ("to remove what is not there", &[("client-id", Some("x"))], RATE, None),
    ];
    for (what, entity, key, value) in asked {
        pair.each(what, |_| alter(entity, key, value, true), normal);
        pair.compare(1, what, |_| alter(entity, key, value, false), normal);
    }
    let component = |kind: &'static str, match_type, name: Option<&'static str>| ComponentData {
        entity_type: kind.into(),
        match_type,
        r#match: name.map(Into::into),
        ..ComponentData::default()
    };
    let filters = [
        ("all", vec![], false),
        ("nothing but", vec![], true),
        ("a client", vec![component("client-id", 0, Some("slow"))], false),
        ("only a client", vec![component("client-id", 0, Some("slow"))], true),
        ("the default user", vec![component("user", 1, None)], false),
        ("a user and a client", vec![component("user", 2, None), component("client-id", 2, None)], true),
        ("addresses", vec![component("ip", 2, None)], false),
        ("no such kind", vec![component("planet", 2, None)], false),
        ("no such match", vec![component("user", 7, None)], false),
        ("twice", vec![component("user", 1, None), component("user", 1, None)], false),
        ("an address and a user", vec![component("user", 2, None), component("ip", 2, None)], false),
    ];
    settle();
    for (what, components, strict) in filters {
        let request = || DescribeClientQuotasRequest {
            components: components.clone(),
            strict,
            ..DescribeClientQuotasRequest::default()
        };
        pair.each(
            what,
            |_| request(),
            |answer| {
                answer.error_message = None;
                for entry in answer.entries.iter_mut().flatten() {
                    entry.entity.sort_by_key(|part| part.entity_type.clone());
                    entry.values.sort_by_key(|value| value.key.clone());
                }
                if let Some(entries) = &mut answer.entries {
                    entries.sort_by_key(|entry| format!("{entry:?}"));
                }
            },
        );
    }
    for (_, entity, key, value) in asked {
        pair.compare(1, "away", |_| alter(entity, key, value.map(|_| 0.0).and(None), false), normal);
    }
}

/// A client that owes permits is refused, as the controller takes them from its bucket.
pub(super) fn mutations(pair: &mut Pair) {
    const MYSELF: Entity = &[("client-id", Some("compare"))];
    const RATE: &str = "controller_mutation_rate";
    for side in &mut pair.sides {
        // 1,100 at once are free.
        side.ask(1, &alter(MYSELF, RATE, Some(100.0), false)).unwrap();
    }
    settle();
    let create = |partitions| CreateTopicsRequest {
        topics: vec![CreatableTopic {
            name: "dry".into(),
            num_partitions: partitions,
            replication_factor: 1,
            ..CreatableTopic::default()
        }],
        timeout_ms: 30_000,
        validate_only: true,
        ..CreateTopicsRequest::default()
    };
    for (what, partitions) in [("more than a burst", 1_300), ("one more", 1)] {
        pair.compare(
            7,
            what,
            |_| create(partitions),
            |answer| {
                // How long is a matter of when; a second or two here.
                answer.throttle_time_ms = answer.throttle_time_ms.signum();
                for topic in &mut answer.topics {
                    (topic.error_message, topic.topic_id, topic.configs) =
                        (None, drawn(topic.topic_id), None);
                }
            },
        );
    }
    for side in &mut pair.sides {
        side.ask(1, &alter(MYSELF, RATE, None, false)).unwrap();
    }
}

pub(super) fn features(pair: &mut Pair) {
    let update = |feature: &'static str, level, upgrade_type, validate_only| {
        let key = FeatureUpdateKey {
            feature: feature.into(),
            max_version_level: level,
            upgrade_type,
            ..FeatureUpdateKey::default()
        };
        UpdateFeaturesRequest {
            feature_updates: vec![key],
            validate_only,
            ..UpdateFeaturesRequest::default()
        }
    };
    const UPGRADE: i8 = 1;
    const SAFE_DOWNGRADE: i8 = 2;
    const UNSAFE_DOWNGRADE: i8 = 3;
    for (what, feature, level, kind) in [
        ("as it is", "transaction.version", 2, UPGRADE),
        ("too high", "transaction.version", 9, UPGRADE),
        ("below zero", "transaction.version", -1, SAFE_DOWNGRADE),
        ("lower without a word", "transaction.version", 1, UPGRADE),
        ("lower", "transaction.version", 1, SAFE_DOWNGRADE),
        ("lower, come what may", "group.version", 0, UNSAFE_DOWNGRADE),
        ("unknown kind", "transaction.version", 1, 7),
        ("no such feature", "no.such.version", 1, UPGRADE),
        ("no such feature, off", "no.such.version", 0, SAFE_DOWNGRADE),
        ("metadata as it is", "metadata.version", 33, UPGRADE),
        ("metadata too high", "metadata.version", 99, UPGRADE),
    ] {
        pair.each(
            what,
            |_| update(feature, level, kind, true),
            |answer| {
                answer.error_message = None;
                answer.results.iter_mut().for_each(|result| result.error_message = None);
            },
        );
    }
}
