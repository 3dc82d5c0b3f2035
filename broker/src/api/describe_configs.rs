//! `DescribeConfigs`, versions 1-4.
//!
//! Topics: every setting that Kafka's topics have, with its value and source. Nodes: a few settings that tools
//! look at.
//!
//! Gaps: no documentation texts; other resource types are answered with `INVALID_REQUEST`.

use std::num::NonZeroU32;

use bytestring::ByteString;
use ottla_proto::ErrorCode;
use ottla_proto::messages::describe_configs::{
    DescribeConfigsRequest, DescribeConfigsResource, DescribeConfigsResourceResult, DescribeConfigsResponse,
    DescribeConfigsResult, DescribeConfigsSynonym,
};
use ottla_proto::wire::VersionRange;

use super::{Call, each_once};
use crate::engine::{Engine, Kind};

pub(super) const VERSIONS: VersionRange = VersionRange::new(1, 4);

pub(super) fn handle(
    engine: &mut Engine,
    call: &Call,
    request: DescribeConfigsRequest,
) -> DescribeConfigsResponse {
    let answer = |resource: DescribeConfigsResource| {
        let found = match resource.resource_type {
            TOPIC => topic(engine, &resource.resource_name),
            NODE => node(engine, &resource.resource_name),
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
    value: ByteString,
    source: i8,
    kind: i8,
}

type Refusal = (ErrorCode, &'static str);

fn topic(engine: &Engine, name: &str) -> Result<Vec<Described>, Refusal> {
    let unknown = (ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, "There is no topic of this name");
    let topic = engine.topics.named(name).ok_or(unknown)?;
    let settings = topic.config.iter().map(|(setting, value, set)| Described {
        name: setting.name.into(),
        value: value.into(),
        source: if set { TOPIC_CONFIG } else { DEFAULT_CONFIG },
        kind: kind_number(setting.kind),
    });
    Ok(settings.collect())
}

fn node(engine: &Engine, name: &str) -> Result<Vec<Described>, Refusal> {
    let unknown = (ErrorCode::INVALID_REQUEST, "There is no broker of this number");
    let address = name.parse().ok().and_then(|id: i32| engine.address(id.into())).ok_or(unknown)?;
    let config = &engine.config;
    let connection_rate =
        config.max_connection_creation_rate.map_or(i32::MAX.unsigned_abs(), NonZeroU32::get);
    let setting = |name: &'static str, value: String, kind: i8| Described {
        name: name.into(),
        value: value.into(),
        source: STATIC_BROKER_CONFIG,
        kind,
    };
    Ok(vec![
        setting("auto.create.topics.enable", config.auto_create_topics.to_string(), BOOLEAN),
        setting("default.replication.factor", config.default_replication_factor.to_string(), INT),
        setting("fetch.max.bytes", config.fetch_max_bytes.to_string(), INT),
        setting("max.connection.creation.rate", connection_rate.to_string(), INT),
        setting("node.id", address.id.to_string(), INT),
        setting("num.partitions", config.default_partitions.to_string(), INT),
        setting("quota.window.num", config.quota_windows.samples.to_string(), INT),
        setting("quota.window.size.seconds", (config.quota_windows.length_ms / 1000).to_string(), INT),
    ])
}

fn describe(setting: Described, version: i16, with_synonyms: bool) -> DescribeConfigsResourceResult {
    let synonym = DescribeConfigsSynonym {
        name: setting.name.clone(),
        value: Some(setting.value.clone()),
        source: setting.source,
        ..DescribeConfigsSynonym::default()
    };
    DescribeConfigsResourceResult {
        name: setting.name,
        value: Some(setting.value),
        read_only: setting.source == STATIC_BROKER_CONFIG,
        config_source: setting.source,
        synonyms: if with_synonyms { vec![synonym] } else { Vec::new() },
        // Earlier versions have no room for it.
        config_type: if version >= 3 { setting.kind } else { 0 },
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
        Kind::Long { .. } => 5,
        Kind::Double => 6,
        Kind::List(_) | Kind::Text => 7,
    }
}

const BOOLEAN: i8 = 1;
const INT: i8 = 3;

pub(super) const TOPIC: i8 = 2;
pub(super) const NODE: i8 = 4;

/// Set on the topic.
pub(super) const TOPIC_CONFIG: i8 = 1;
/// Set when the broker was started.
const STATIC_BROKER_CONFIG: i8 = 4;
/// Kafka's default.
pub(super) const DEFAULT_CONFIG: i8 = 5;
