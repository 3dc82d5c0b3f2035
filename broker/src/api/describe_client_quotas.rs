//! `DescribeClientQuotas`, versions 0-1.
//!
//! Filters by user, client id and ip: an exact name, the default, or any; `strict` leaves out entities with parts that
//! the filter does not name.
//!
//! Gaps: none known.

use std::collections::BTreeMap;

use ottla_proto::ErrorCode;
use ottla_proto::messages::describe_client_quotas::{
    ComponentData, DescribeClientQuotasRequest, DescribeClientQuotasResponse, EntityData, EntryData,
    ValueData,
};
use ottla_proto::wire::VersionRange;

use super::Call;
use crate::engine::Engine;
use crate::quota::{QuotaEntity, QuotaKey, QuotaName};

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 1);

pub(super) fn handle(
    engine: &mut Engine,
    _call: &Call,
    request: DescribeClientQuotasRequest,
) -> DescribeClientQuotasResponse {
    let filter = match Filter::new(&request.components, request.strict) {
        Ok(filter) => filter,
        Err((error_code, message)) => {
            return DescribeClientQuotasResponse {
                error_code,
                error_message: Some(message.into()),
                entries: None,
                ..DescribeClientQuotasResponse::default()
            };
        }
    };
    let found = engine.limits.iter().filter(|(entity, _)| filter.matches(entity));
    DescribeClientQuotasResponse {
        entries: Some(found.map(|(entity, limits)| describe(entity, limits)).collect()),
        ..DescribeClientQuotasResponse::default()
    }
}

/// The parts of an entity that the request names, and what it asks of them.
struct Filter {
    parts: BTreeMap<String, Wanted>,
    strict: bool,
}

enum Wanted {
    Exactly(QuotaName),
    Any,
}

impl Filter {
    fn new(components: &[ComponentData], strict: bool) -> Result<Self, (ErrorCode, &'static str)> {
        const EXACT: i8 = 0;
        const DEFAULT: i8 = 1;
        const ANY: i8 = 2;
        let invalid = |message| Err((ErrorCode::INVALID_REQUEST, message));
        let mut parts = BTreeMap::new();
        for component in components {
            if ![USER, CLIENT_ID, IP].contains(&&*component.entity_type) {
                return Err((ErrorCode::UNSUPPORTED_VERSION, "Quotas know users, client ids and ips only"));
            }
            let wanted = match (component.match_type, &component.r#match) {
                (EXACT, Some(name)) => Wanted::Exactly(QuotaName::Named(name.to_string())),
                (DEFAULT, None) => Wanted::Exactly(QuotaName::Default),
                (ANY, None) => Wanted::Any,
                _ => return invalid("The kind of match and its text do not fit"),
            };
            if parts.insert(component.entity_type.to_string(), wanted).is_some() {
                return invalid("A part of an entity may appear once in a filter");
            }
        }
        if parts.contains_key(IP) && parts.len() > 1 {
            return invalid("An ip does not go together with a user or a client id");
        }
        Ok(Self { parts, strict })
    }

    fn matches(&self, entity: &QuotaEntity) -> bool {
        let parts = [(USER, &entity.user), (CLIENT_ID, &entity.client_id), (IP, &entity.ip)];
        let has = |wanted: &str, test: &Wanted| {
            let part = parts.iter().find(|(name, _)| *name == wanted).and_then(|(_, part)| part.as_ref());
            match test {
                Wanted::Exactly(name) => part == Some(name),
                Wanted::Any => part.is_some(),
            }
        };
        let set = parts.iter().filter(|(_, part)| part.is_some()).count();
        (!self.strict || set == self.parts.len()) && self.parts.iter().all(|(name, test)| has(name, test))
    }
}

fn describe(entity: &QuotaEntity, limits: &BTreeMap<QuotaKey, f64>) -> EntryData {
    let part = |entity_type: &'static str, name: &Option<QuotaName>| {
        let entity_name = match name.as_ref()? {
            QuotaName::Default => None,
            QuotaName::Named(name) => Some(name.as_str().into()),
        };
        Some(EntityData { entity_type: entity_type.into(), entity_name, ..EntityData::default() })
    };
    let value = |(key, value): (&QuotaKey, &f64)| ValueData {
        key: key.name().into(),
        value: *value,
        ..ValueData::default()
    };
    let parts = [part(USER, &entity.user), part(CLIENT_ID, &entity.client_id), part(IP, &entity.ip)];
    EntryData {
        entity: parts.into_iter().flatten().collect(),
        values: limits.iter().map(value).collect(),
        ..EntryData::default()
    }
}

/// How Kafka names the parts of an entity.
pub(super) const USER: &str = "user";
pub(super) const CLIENT_ID: &str = "client-id";
pub(super) const IP: &str = "ip";
