//! `AlterClientQuotas`, versions 0-1.
//!
//! Sets and removes limits of users, client ids, pairs of both, and addresses, by name or as default. An entry is
//! taken whole or not at all; a change counts from the next request on.
//!
//! Gaps: an ip is an address; Kafka takes host names, too.

use std::collections::BTreeSet;

use ottla_proto::ErrorCode;
use ottla_proto::messages::alter_client_quotas::{
    AlterClientQuotasRequest, AlterClientQuotasResponse, RequestEntityData, RequestEntryData,
    ResponseEntityData, ResponseEntryData,
};
use ottla_proto::wire::VersionRange;

use super::Call;
use super::describe_client_quotas::{CLIENT_ID, IP, USER};
use crate::engine::Engine;
use crate::quota::{QuotaEntity, QuotaKey, QuotaLimits, QuotaName};

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 1);

pub(super) fn handle(
    engine: &mut Engine,
    _call: &Call,
    request: AlterClientQuotasRequest,
) -> AlterClientQuotasResponse {
    let validate_only = request.validate_only;
    let answer = |entry: RequestEntryData| {
        let error = match change(&entry) {
            Ok(change) if !validate_only => {
                change.apply(&mut engine.limits);
                None
            }
            Ok(_) => None,
            Err(message) => Some(message.into()),
        };
        let part = |part: RequestEntityData| ResponseEntityData {
            entity_type: part.entity_type,
            entity_name: part.entity_name,
            ..ResponseEntityData::default()
        };
        ResponseEntryData {
            error_code: if error.is_some() { ErrorCode::INVALID_REQUEST } else { ErrorCode::NONE },
            error_message: error,
            entity: entry.entity.into_iter().map(part).collect(),
            ..ResponseEntryData::default()
        }
    };
    AlterClientQuotasResponse {
        entries: request.entries.into_iter().map(answer).collect(),
        ..AlterClientQuotasResponse::default()
    }
}

struct Change {
    entity: QuotaEntity,
    /// What each key becomes; `None` removes it.
    limits: Vec<(QuotaKey, Option<f64>)>,
}

impl Change {
    fn apply(self, limits: &mut QuotaLimits) {
        for (key, limit) in self.limits {
            match limit {
                // Checked when the change was read.
                Some(limit) => drop(limits.set(self.entity.clone(), key, limit)),
                None => limits.remove(&self.entity, key),
            }
        }
    }
}

fn change(entry: &RequestEntryData) -> Result<Change, String> {
    let entity = entity(&entry.entity)?;
    let mut keys = BTreeSet::new();
    let mut limits = Vec::with_capacity(entry.ops.len());
    for op in &entry.ops {
        if !keys.insert(&op.key) {
            return Err(format!("Duplicate quota key {}", op.key));
        }
        let key = QuotaKey::ALL.into_iter().find(|key| op.key == key.name());
        match key {
            Some(key) if op.remove => limits.push((key, None)),
            Some(key) => {
                QuotaLimits::check(&entity, key, op.value).map_err(|error| error.to_string())?;
                limits.push((key, Some(op.value)));
            }
            // What cannot be there need not be removed.
            None if op.remove => {}
            None => return Err(format!("Invalid configuration key {}", op.key)),
        }
    }
    Ok(Change { entity, limits })
}

fn entity(parts: &[RequestEntityData]) -> Result<QuotaEntity, String> {
    let mut entity = QuotaEntity::default();
    for part in parts {
        let slot = match &*part.entity_type {
            USER => &mut entity.user,
            CLIENT_ID => &mut entity.client_id,
            IP => &mut entity.ip,
            other => return Err(format!("This broker has no quotas by {other}")),
        };
        let name = match &part.entity_name {
            Some(name) => QuotaName::Named(name.to_string()),
            None => QuotaName::Default,
        };
        if slot.replace(name).is_some() {
            return Err(format!("The entity names its {} twice", part.entity_type));
        }
    }
    QuotaLimits::entity(entity).map_err(|error| error.to_string())
}
