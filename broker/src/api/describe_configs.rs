//! `DescribeConfigs`, versions 1-4.
//!
//! Topics: every setting that Kafka's topics have, with its value and source. The node that is asked: a few settings that
//! tools look at, and what was set since it runs. Without a name: what was set for all nodes.
//!
//! Gaps: no documentation texts; other resource types are answered with `INVALID_REQUEST`.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use bytestring::ByteString;
use ottla_proto::messages::describe_configs::{
    DescribeConfigsRequest, DescribeConfigsResource, DescribeConfigsResourceResult, DescribeConfigsResponse,
    DescribeConfigsResult, DescribeConfigsSynonym,
};
use ottla_proto::wire::VersionRange;
use ottla_proto::{BrokerId, ErrorCode};

use super::{Call, each_once};
use crate::engine::{Config, Engine, Kind};

pub(super) const VERSIONS: VersionRange = VersionRange::new(1, 4);

pub(super) fn handle(
    engine: &mut Engine,
    call: &Call,
    request: DescribeConfigsRequest,
) -> DescribeConfigsResponse {
    let answer = |resource: DescribeConfigsResource| {
        let found = match resource.resource_type {
            TOPIC => topic(engine, &resource.resource_name),
            NODE => node(engine, call, &resource.resource_name),
            _ => Err((ErrorCode::INVALID_REQUEST, "This broker describes topics and brokers only")),
        };
        let mut result = DescribeConfigsResult {
            resource_type: resource.resource_type,
            resource_name: resource.resource_name,
            ..DescribeConfigsResult::default()
        };
        match found {
            Ok(settings) => {
                let asked = |name: &str| {
                    let keys = resource.configuration_keys.as_ref().filter(|keys| !keys.is_empty());
                    keys.is_none_or(|keys| keys.iter().any(|key| *key == name))
                };
                let settings = settings.into_iter().filter(|setting| asked(&setting.name));
                let configs =
                    settings.map(|setting| describe(setting, call.version, request.include_synonyms));
                result.configs = configs.collect();
            }
            Err((error_code, message)) => {
                result.error_code = error_code;
                result.error_message = Some(message.into());
            }
        }
        result
    };
    let asked = |resource: &DescribeConfigsResource| {
        (resource.resource_type, resource.resource_name.clone(), resource.configuration_keys.clone())
    };
    DescribeConfigsResponse {
        results: each_once(request.resources, asked).map(answer).collect(),
        ..DescribeConfigsResponse::default()
    }
}

struct Described {
    name: ByteString,
    kind: i8,
    read_only: bool,
    value: Sourced,
    /// What would count if there were no such value.
    hidden: Option<Sourced>,
}

/// A value, and where it comes from.
type Sourced = (ByteString, i8);

type Refusal = (ErrorCode, &'static str);

fn topic(engine: &Engine, name: &str) -> Result<Vec<Described>, Refusal> {
    let unknown = (ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, "There is no topic of this name");
    let topic = engine.topics.named(name).ok_or(unknown)?;
    let settings = topic.config.iter().map(|(setting, value, set)| Described {
        name: setting.name.into(),
        kind: kind_number(setting.kind),
        read_only: false,
        value: (value.into(), if set { TOPIC_CONFIG } else { DEFAULT_CONFIG }),
        hidden: None,
    });
    Ok(settings.collect())
}

/// Whose settings a name of a node stands for: those of the node that is asked, or without a name those of all.
pub(super) fn whose(call: &Call, name: &str) -> Result<Option<BrokerId>, Refusal> {
    if name.is_empty() {
        return Ok(None);
    }
    let is_asked = name.parse() == Ok(call.node.0);
    let refusal =
        (ErrorCode::INVALID_REQUEST, "A broker knows its own settings only: ask the one of this number");
    if is_asked { Ok(Some(call.node)) } else { Err(refusal) }
}

fn node(engine: &Engine, call: &Call, name: &str) -> Result<Vec<Described>, Refusal> {
    let node = whose(call, name)?;
    let of_all = engine.node_settings.get(None);
    let own = node.map(|node| engine.node_settings.get(Some(node))).unwrap_or_default();
    let names: BTreeSet<&String> = own.keys().chain(of_all.keys()).collect();
    let changed = names.into_iter().filter_map(|name| {
        let values = [(own.get(name), NODE_CONFIG), (of_all.get(name), ALL_NODES_CONFIG)];
        let mut values =
            values.into_iter().filter_map(|(value, source)| Some((value?.as_str().into(), source)));
        Some(Described {
            name: name.as_str().into(),
            kind: LONG,
            read_only: false,
            value: values.next()?,
            hidden: values.next(),
        })
    });
    Ok(node.into_iter().flat_map(|node| fixed(&engine.config, node)).chain(changed).collect())
}

/// What a node was started with.
fn fixed(config: &Config, node: BrokerId) -> [Described; 8] {
    let connection_rate =
        config.max_connection_creation_rate.map_or(i32::MAX.unsigned_abs(), NonZeroU32::get);
    let setting = |name: &'static str, value: String, kind: i8| Described {
        name: name.into(),
        kind,
        read_only: true,
        value: (value.into(), STATIC_BROKER_CONFIG),
        hidden: None,
    };
    [
        setting("auto.create.topics.enable", config.auto_create_topics.to_string(), BOOLEAN),
        setting("default.replication.factor", config.default_replication_factor.to_string(), INT),
        setting("fetch.max.bytes", config.fetch_max_bytes.to_string(), INT),
        setting("max.connection.creation.rate", connection_rate.to_string(), INT),
        setting("node.id", node.to_string(), INT),
        setting("num.partitions", config.default_partitions.to_string(), INT),
        setting("quota.window.num", config.quota_windows.samples.to_string(), INT),
        setting("quota.window.size.seconds", (config.quota_windows.length_ms / 1000).to_string(), INT),
    ]
}

fn describe(setting: Described, version: i16, with_synonyms: bool) -> DescribeConfigsResourceResult {
    let Described { name, kind, read_only, value, hidden } = setting;
    let synonym = |(value, source): &Sourced| DescribeConfigsSynonym {
        name: name.clone(),
        value: Some(value.clone()),
        source: *source,
        ..DescribeConfigsSynonym::default()
    };
    let synonyms = std::iter::once(&value).chain(&hidden).filter(|_| with_synonyms).map(synonym).collect();
    let (value, config_source) = value;
    DescribeConfigsResourceResult {
        name,
        value: Some(value),
        read_only,
        config_source,
        synonyms,
        // Earlier versions have no room for it.
        config_type: if version >= 3 { kind } else { 0 },
        documentation: None,
        ..DescribeConfigsResourceResult::default()
    }
}

/// Kafka's numbers for the types of settings.
fn kind_number(kind: Kind) -> i8 {
    match kind {
        Kind::Boolean | Kind::False => BOOLEAN,
        Kind::Choice(_) => 2,
        Kind::Int { .. } | Kind::Level(_) => INT,
        Kind::Long { .. } => LONG,
        Kind::Double => 6,
        Kind::List(_) | Kind::Replicas => 7,
    }
}

const BOOLEAN: i8 = 1;
const INT: i8 = 3;
const LONG: i8 = 5;

pub(super) const TOPIC: i8 = 2;
pub(super) const NODE: i8 = 4;

/// Set on the topic.
pub(super) const TOPIC_CONFIG: i8 = 1;
/// Set on the running node.
const NODE_CONFIG: i8 = 2;
/// Set for all running nodes.
const ALL_NODES_CONFIG: i8 = 3;
/// Set when the broker was started.
const STATIC_BROKER_CONFIG: i8 = 4;
/// Kafka's default.
pub(super) const DEFAULT_CONFIG: i8 = 5;
