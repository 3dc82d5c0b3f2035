//! Which of the APIs that Kafka's brokers answer this one answers, and why not the others.

use std::collections::BTreeMap;

use ottla_proto::{Api, ApiKey};

use super::super::OFFERED;

/// What is missing, and why. An entry whose API is answered fails the test, so that this list stays true.
const GAPS: [(ApiKey, &str); 33] = [
    (ApiKey::SASL_HANDSHAKE, SECURITY),
    (ApiKey::SASL_AUTHENTICATE, SECURITY),
    (ApiKey::DESCRIBE_ACLS, SECURITY),
    (ApiKey::CREATE_ACLS, SECURITY),
    (ApiKey::DELETE_ACLS, SECURITY),
    (ApiKey::CREATE_DELEGATION_TOKEN, SECURITY),
    (ApiKey::RENEW_DELEGATION_TOKEN, SECURITY),
    (ApiKey::EXPIRE_DELEGATION_TOKEN, SECURITY),
    (ApiKey::DESCRIBE_DELEGATION_TOKEN, SECURITY),
    (ApiKey::DESCRIBE_USER_SCRAM_CREDENTIALS, SECURITY),
    (ApiKey::ALTER_USER_SCRAM_CREDENTIALS, SECURITY),
    (ApiKey::SHARE_GROUP_HEARTBEAT, SHARE_GROUPS),
    (ApiKey::SHARE_GROUP_DESCRIBE, SHARE_GROUPS),
    (ApiKey::SHARE_FETCH, SHARE_GROUPS),
    (ApiKey::SHARE_ACKNOWLEDGE, SHARE_GROUPS),
    (ApiKey::INITIALIZE_SHARE_GROUP_STATE, SHARE_GROUPS),
    (ApiKey::READ_SHARE_GROUP_STATE, SHARE_GROUPS),
    (ApiKey::WRITE_SHARE_GROUP_STATE, SHARE_GROUPS),
    (ApiKey::DELETE_SHARE_GROUP_STATE, SHARE_GROUPS),
    (ApiKey::READ_SHARE_GROUP_STATE_SUMMARY, SHARE_GROUPS),
    (ApiKey::DESCRIBE_SHARE_GROUP_OFFSETS, SHARE_GROUPS),
    (ApiKey::ALTER_SHARE_GROUP_OFFSETS, SHARE_GROUPS),
    (ApiKey::DELETE_SHARE_GROUP_OFFSETS, SHARE_GROUPS),
    (ApiKey::STREAMS_GROUP_HEARTBEAT, STREAMS),
    (ApiKey::STREAMS_GROUP_DESCRIBE, STREAMS),
    (ApiKey::STREAMS_GROUP_TOPOLOGY_DESCRIPTION_UPDATE, STREAMS),
    (ApiKey::GET_TELEMETRY_SUBSCRIPTIONS, TELEMETRY),
    (ApiKey::PUSH_TELEMETRY, TELEMETRY),
    (ApiKey::ALTER_REPLICA_LOG_DIRS, "each node has one folder"),
    (ApiKey::UNREGISTER_BROKER, NODES),
    (ApiKey::UNREGISTER_CONTROLLER, NODES),
    (ApiKey::ADD_RAFT_VOTER, QUORUM),
    (ApiKey::REMOVE_RAFT_VOTER, QUORUM),
];

const SECURITY: &str = "there is no authentication and no authorization yet";
const SHARE_GROUPS: &str = "there are no share groups yet";
const STREAMS: &str = "there are no streams groups";
const TELEMETRY: &str = "clients push no metrics to it";
const NODES: &str = "the nodes are fixed when the cluster starts";
const QUORUM: &str = "there is no quorum whose voters could change";

#[test]
fn every_api_of_a_broker_is_answered_or_a_gap() {
    let gaps = BTreeMap::from(GAPS);
    let mut wrong = Vec::new();
    for api in Api::all().iter().filter(|api| api.on_broker) {
        let offered = OFFERED.iter().find(|(key, _)| *key == api.key).map(|(_, versions)| *versions);
        match (offered, gaps.get(&api.key)) {
            (Some(_), Some(_)) => wrong.push(format!("{} is answered: the gap is closed", api.name)),
            (None, None) => wrong.push(format!("{} is neither answered nor a gap", api.name)),
            (Some(versions), None) if versions != api.stable_versions() => {
                wrong.push(format!(
                    "{} is answered in {versions:?}, not {:?}",
                    api.name,
                    api.stable_versions()
                ));
            }
            _ => {}
        }
    }
    for (key, reason) in GAPS {
        let known = Api::all().iter().any(|api| api.key == key && api.on_broker);
        if !known || reason.is_empty() {
            wrong.push(format!("{key} is no API of brokers, or its gap has no reason"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
