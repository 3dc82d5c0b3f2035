//! `IncrementalAlterConfigs`, versions 0-1 (KIP-339).
//!
//! Sets and removes single settings of a topic, of the node that is asked or, without a name, of all nodes, and appends
//! to and subtracts from those that are lists. `validate_only` changes nothing. A resource or a setting that comes twice
//! is refused.
//!
//! Gaps: of a node's settings only the limits of replication can be changed, and limit nothing; Kafka takes many more, and
//! names that it does not know. Other resources have no settings. All that is refused with `INVALID_REQUEST`.

use std::collections::{BTreeMap, BTreeSet};

use ottla_proto::ErrorCode;
use ottla_proto::messages::incremental_alter_configs::{
    AlterConfigsResource, AlterConfigsResourceResponse, AlterableConfig, IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
};
use ottla_proto::wire::VersionRange;

use super::Call;
use super::alter_configs::{change, null_value, twice};
use super::create_topics::refusal;
use super::describe_configs::TOPIC;
use crate::engine::{Engine, TopicConfig, TopicError};

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 1);

pub(super) fn handle(
    engine: &mut Engine,
    call: &Call,
    request: IncrementalAlterConfigsRequest,
) -> IncrementalAlterConfigsResponse {
    let twice =
        twice(request.resources.iter().map(|resource| (resource.resource_type, &resource.resource_name)));
    let alter = |resource: AlterConfigsResource| {
        let key = (resource.resource_type, resource.resource_name);
        let settings = |settings| apply(settings, resource.resource_type, &resource.configs);
        let altered = change(engine, call, &key, &twice, request.validate_only, settings);
        let (resource_type, resource_name) = key;
        let mut response =
            AlterConfigsResourceResponse { resource_type, resource_name, ..Default::default() };
        if let Err(error) = altered {
            (response.error_code, response.error_message) = (error.code, Some(error.message.into()));
        }
        response
    };
    let responses = request.resources.into_iter().map(alter).collect();
    IncrementalAlterConfigsResponse { responses, ..IncrementalAlterConfigsResponse::default() }
}

fn apply(
    mut settings: BTreeMap<String, String>,
    kind: i8,
    changes: &[AlterableConfig],
) -> Result<BTreeMap<String, String>, TopicError> {
    let mut once = BTreeSet::new();
    if !changes.iter().all(|change| once.insert(&change.name)) {
        return Err(refusal(ErrorCode::INVALID_REQUEST, "Error due to duplicate config keys"));
    }
    for change in changes {
        let name = change.name.to_string();
        if change.config_operation == DELETE {
            settings.remove(&name);
            continue;
        }
        let value = change.value.as_deref().ok_or_else(|| null_value(&name))?;
        if change.config_operation == SET {
            settings.insert(name, value.to_owned());
            continue;
        }
        if !matches!(change.config_operation, APPEND | SUBTRACT) {
            let message = format!("Unknown operation {} for {name}", change.config_operation);
            return Err(refusal(ErrorCode::INVALID_REQUEST, message));
        }
        // Those of nodes are numbers.
        if kind != TOPIC || !TopicConfig::is_list(&name) {
            let message = format!("Can't append to or subtract from {name} because it is not a list");
            return Err(refusal(ErrorCode::INVALID_CONFIG, message));
        }
        let now = settings.get(&name).map_or_else(|| TopicConfig::default_of(&name), String::as_str);
        let mut items: Vec<&str> = now.split(',').map(str::trim).filter(|item| !item.is_empty()).collect();
        for item in value.split(',').map(str::trim) {
            items.retain(|known| *known != item);
            if change.config_operation == APPEND {
                items.push(item);
            }
        }
        let joined = items.join(",");
        settings.insert(name, joined);
    }
    Ok(settings)
}

const SET: i8 = 0;
const DELETE: i8 = 1;
const APPEND: i8 = 2;
const SUBTRACT: i8 = 3;
