//! `AlterConfigs`, versions 0-2.
//!
//! Replaces all settings of a topic, of the node that is asked or, without a name, of all nodes: what is not named goes
//! back to its default. `validate_only` changes nothing. A resource that comes twice is refused.
//!
//! Gaps: of a node's settings only the limits of replication can be changed, and limit nothing; Kafka takes many more, and
//! names that it does not know. Other resources have no settings. All that is refused with `INVALID_REQUEST`.

use std::collections::{BTreeMap, BTreeSet};

use bytestring::ByteString;
use ottla_proto::ErrorCode;
use ottla_proto::messages::alter_configs::{
    AlterConfigsRequest, AlterConfigsResource, AlterConfigsResourceResponse, AlterConfigsResponse,
};
use ottla_proto::wire::VersionRange;

use super::Call;
use super::create_topics::refusal;
use super::describe_configs::{NODE, TOPIC, whose};
use crate::engine::{Engine, NodeSettings, TopicConfig, TopicError};

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 2);

pub(super) fn handle(engine: &mut Engine, call: &Call, request: AlterConfigsRequest) -> AlterConfigsResponse {
    let twice =
        twice(request.resources.iter().map(|resource| (resource.resource_type, &resource.resource_name)));
    let alter = |resource: AlterConfigsResource| {
        let key = (resource.resource_type, resource.resource_name);
        let settings = || {
            let mut settings = BTreeMap::new();
            for config in &resource.configs {
                let value = config.value.as_ref().ok_or_else(|| null_value(&config.name))?;
                settings.insert(config.name.to_string(), value.to_string());
            }
            Ok(settings)
        };
        let altered = change(engine, call, &key, &twice, request.validate_only, |_| settings());
        let (resource_type, resource_name) = key;
        let mut response =
            AlterConfigsResourceResponse { resource_type, resource_name, ..Default::default() };
        if let Err(error) = altered {
            (response.error_code, response.error_message) = (error.code, Some(error.message.into()));
        }
        response
    };
    let responses = request.resources.into_iter().map(alter).collect();
    AlterConfigsResponse { responses, ..AlterConfigsResponse::default() }
}

/// A resource by type and name.
pub(super) type Resource = (i8, ByteString);

/// The resources that are there more than once.
pub(super) fn twice<'a>(resources: impl Iterator<Item = (i8, &'a ByteString)>) -> BTreeSet<Resource> {
    let mut once = BTreeSet::new();
    let resources = resources.map(|(kind, name)| (kind, name.clone()));
    resources.filter(|resource| !once.insert(resource.clone())).collect()
}

/// Gives a topic or nodes the settings that `settings` makes of those that are set.
pub(super) fn change(
    engine: &mut Engine,
    call: &Call,
    (kind, name): &Resource,
    twice: &BTreeSet<Resource>,
    validate_only: bool,
    settings: impl FnOnce(BTreeMap<String, String>) -> Result<BTreeMap<String, String>, TopicError>,
) -> Result<(), TopicError> {
    if twice.contains(&(*kind, name.clone())) {
        return Err(refusal(ErrorCode::INVALID_REQUEST, "Error due to duplicate config keys"));
    }
    match *kind {
        TOPIC => {
            let unknown = || refusal(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, "There is no topic of this name");
            let topic = engine.topics.named(name).ok_or_else(unknown)?;
            let settings = settings(topic.config.overrides().clone())?;
            let config =
                TopicConfig::new(settings).map_err(|message| refusal(ErrorCode::INVALID_CONFIG, message))?;
            let id = topic.id;
            if !validate_only {
                engine.set_topic_config(id, config, call.now);
            }
        }
        NODE => {
            let node = whose(call, name).map_err(|(code, message)| refusal(code, message))?;
            let settings = settings(engine.node_settings.get(node))?;
            NodeSettings::check(&settings).map_err(|message| refusal(ErrorCode::INVALID_REQUEST, message))?;
            if !validate_only {
                engine.node_settings.set(node, settings);
            }
        }
        _ => {
            let message = "This broker changes the settings of topics and brokers only";
            return Err(refusal(ErrorCode::INVALID_REQUEST, message));
        }
    }
    Ok(())
}

pub(super) fn null_value(name: &str) -> TopicError {
    refusal(ErrorCode::INVALID_REQUEST, format!("Null value not supported for : {name}"))
}
