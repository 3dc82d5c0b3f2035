//! Client quotas: who may use how much of a broker (KIP-546, 599, 612).

use std::collections::BTreeMap;
use std::fmt;

use ottla_core::calls::CallSpec;
use ottla_proto::ErrorCode;
use ottla_proto::messages::alter_client_quotas::{
    AlterClientQuotasRequest, AlterClientQuotasResponse, OpData, RequestEntityData, RequestEntryData,
};
use ottla_proto::messages::describe_client_quotas::{
    ComponentData, DescribeClientQuotasRequest, DescribeClientQuotasResponse, EntryData,
};

use super::{Admin, AdminError, Call, Entries, retriable};

/// Whom a quota is for: a user, a client id, both together, or an IP address.
///
/// Brokers apply the most particular one that they have: user and client id, user, client id; each by name before
/// the default. Each broker grants the whole quota: a client that spreads its load over three brokers has it three
/// times.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct QuotaEntity {
    /// The principal's name. Without authentication it is `ANONYMOUS`.
    pub user: Option<QuotaName>,
    /// The client id, as in [`ClientBuilder::client_id`](crate::ClientBuilder::client_id).
    pub client_id: Option<QuotaName>,
    /// The address that connections come from; it stands alone.
    pub ip: Option<QuotaName>,
}

/// One by name, or all that have no quota of their own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QuotaName {
    /// Those without a quota of their own; each of them has the whole of it.
    Default,
    /// This one.
    Name(String),
}

impl From<&str> for QuotaName {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl From<String> for QuotaName {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

impl fmt::Display for QuotaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "<default>",
            Self::Name(name) => name,
        })
    }
}

impl QuotaEntity {
    /// A user, whatever the client id.
    pub fn user(user: impl Into<QuotaName>) -> Self {
        Self { user: Some(user.into()), ..Self::default() }
    }

    /// A client id, whoever the user is.
    pub fn client_id(client_id: impl Into<QuotaName>) -> Self {
        Self { client_id: Some(client_id.into()), ..Self::default() }
    }

    /// A user with a client id.
    pub fn user_and_client_id(user: impl Into<QuotaName>, client_id: impl Into<QuotaName>) -> Self {
        Self { user: Some(user.into()), client_id: Some(client_id.into()), ip: None }
    }

    /// An IP address; it can have a [`QuotaKey::ConnectionCreationRate`] only.
    pub fn ip(ip: impl Into<QuotaName>) -> Self {
        Self { ip: Some(ip.into()), ..Self::default() }
    }

    fn parts(&self) -> impl Iterator<Item = (&'static str, &QuotaName)> {
        let parts = [(USER, &self.user), (CLIENT_ID, &self.client_id), (IP, &self.ip)];
        parts.into_iter().filter_map(|(kind, name)| Some((kind, name.as_ref()?)))
    }

    /// Kinds that a later Kafka may have are left out.
    fn from_wire<'a>(parts: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> Self {
        let mut entity = Self::default();
        for (kind, name) in parts {
            let name = Some(name.map_or(QuotaName::Default, QuotaName::from));
            match kind {
                USER => entity.user = name,
                CLIENT_ID => entity.client_id = name,
                IP => entity.ip = name,
                _ => {}
            }
        }
        entity
    }
}

/// `user alice, client-id billing`.
impl fmt::Display for QuotaEntity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (kind, name)) in self.parts().enumerate() {
            write!(f, "{}{kind} {name}", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

const USER: &str = "user";
const CLIENT_ID: &str = "client-id";
const IP: &str = "ip";

/// What a quota limits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum QuotaKey {
    /// `producer_byte_rate`: bytes a second in produce requests, by broker.
    ProducerByteRate,
    /// `consumer_byte_rate`: bytes a second in fetch answers, by broker.
    ConsumerByteRate,
    /// `request_percentage`: the share of a broker's threads, 100 being one whole thread.
    RequestPercentage,
    /// `controller_mutation_rate`: partitions created and deleted a second.
    ControllerMutationRate,
    /// `connection_creation_rate`: new connections a second, by broker.
    ConnectionCreationRate,
    /// One that this crate has no name for.
    Other(String),
}

impl QuotaKey {
    /// Those that this crate has names for.
    pub const KNOWN: [Self; 5] = [
        Self::ProducerByteRate,
        Self::ConsumerByteRate,
        Self::RequestPercentage,
        Self::ControllerMutationRate,
        Self::ConnectionCreationRate,
    ];

    /// Its name in Kafka's tools.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::ProducerByteRate => "producer_byte_rate",
            Self::ConsumerByteRate => "consumer_byte_rate",
            Self::RequestPercentage => "request_percentage",
            Self::ControllerMutationRate => "controller_mutation_rate",
            Self::ConnectionCreationRate => "connection_creation_rate",
            Self::Other(name) => name,
        }
    }
}

impl From<&str> for QuotaKey {
    fn from(name: &str) -> Self {
        let known = Self::KNOWN.into_iter().find(|key| key.name() == name);
        known.unwrap_or_else(|| Self::Other(name.to_owned()))
    }
}

impl fmt::Display for QuotaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which quotas to describe; all of them by default.
///
/// Each part that is set must match; the parts that are not set may be anything, unless it is [strict](Self::strict).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "it is used by `Admin::describe_client_quotas`"]
pub struct QuotaFilter {
    parts: Vec<(&'static str, QuotaMatch)>,
    strict: bool,
}

/// Which names match.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum QuotaMatch {
    /// This name, or the default.
    Exactly(QuotaName),
    /// Any name, and the default.
    Any,
}

impl<N: Into<QuotaName>> From<N> for QuotaMatch {
    fn from(name: N) -> Self {
        Self::Exactly(name.into())
    }
}

impl QuotaFilter {
    /// Every quota of the cluster.
    pub fn all() -> Self {
        Self::default()
    }

    /// Those of this entity and of no other.
    pub fn of(entity: &QuotaEntity) -> Self {
        let parts = entity.parts().map(|(kind, name)| (kind, QuotaMatch::Exactly(name.clone())));
        Self { parts: parts.collect(), strict: true }
    }

    /// Those for users that match.
    pub fn user(self, user: impl Into<QuotaMatch>) -> Self {
        self.part(USER, user.into())
    }

    /// Those for client ids that match.
    pub fn client_id(self, client_id: impl Into<QuotaMatch>) -> Self {
        self.part(CLIENT_ID, client_id.into())
    }

    /// Those for IP addresses that match.
    pub fn ip(self, ip: impl Into<QuotaMatch>) -> Self {
        self.part(IP, ip.into())
    }

    /// Leaves out quotas for entities that have more parts than the filter names.
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    fn part(mut self, kind: &'static str, matches: QuotaMatch) -> Self {
        // Brokers refuse a kind that is named twice; the later word counts.
        self.parts.retain(|(known, _)| *known != kind);
        self.parts.push((kind, matches));
        self
    }

    fn to_wire(&self) -> DescribeClientQuotasRequest {
        const EXACT: i8 = 0;
        const DEFAULT: i8 = 1;
        const ANY: i8 = 2;
        let component = |(kind, matches): &(&'static str, QuotaMatch)| {
            let (match_type, name) = match matches {
                QuotaMatch::Exactly(QuotaName::Name(name)) => (EXACT, Some(name.as_str().into())),
                QuotaMatch::Exactly(QuotaName::Default) => (DEFAULT, None),
                QuotaMatch::Any => (ANY, None),
            };
            ComponentData { entity_type: (*kind).into(), match_type, r#match: name, ..Default::default() }
        };
        let components = self.parts.iter().map(component).collect();
        DescribeClientQuotasRequest { components, strict: self.strict, ..Default::default() }
    }
}

/// A change to the quotas of one entity.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "it is carried out by `Admin::alter_client_quotas`"]
pub struct QuotaAlteration {
    entity: QuotaEntity,
    changes: BTreeMap<QuotaKey, Option<f64>>,
}

impl QuotaAlteration {
    /// No change yet.
    pub fn new(entity: QuotaEntity) -> Self {
        Self { entity, changes: BTreeMap::new() }
    }

    /// Sets a limit; brokers refuse what is not greater than zero.
    pub fn set(mut self, key: QuotaKey, limit: f64) -> Self {
        self.changes.insert(key, Some(limit));
        self
    }

    /// Removes a limit; that there is none is no error.
    pub fn remove(mut self, key: QuotaKey) -> Self {
        self.changes.insert(key, None);
        self
    }

    fn to_wire(&self) -> RequestEntryData {
        let part = |(kind, name): (&'static str, &QuotaName)| {
            let name = match name {
                QuotaName::Default => None,
                QuotaName::Name(name) => Some(name.as_str().into()),
            };
            RequestEntityData { entity_type: kind.into(), entity_name: name, ..Default::default() }
        };
        let change = |(key, limit): (&QuotaKey, &Option<f64>)| OpData {
            key: key.name().into(),
            value: limit.unwrap_or_default(),
            remove: limit.is_none(),
            ..Default::default()
        };
        let entity = self.entity.parts().map(part).collect();
        RequestEntryData { entity, ops: self.changes.iter().map(change).collect(), ..Default::default() }
    }
}

/// The limits of one entity, by what they limit.
pub type Quotas = BTreeMap<QuotaKey, f64>;

impl Admin {
    /// The client quotas that the filter lets through, by entity (`describeClientQuotas`). Brokers since 2.6.
    ///
    /// These are limits as they were set, not which of them applies to whom.
    ///
    /// # Errors
    /// If no broker answers in time, or the broker refuses.
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the answer.
    pub async fn describe_client_quotas(
        &self,
        filter: &QuotaFilter,
    ) -> Result<BTreeMap<QuotaEntity, Quotas>, AdminError> {
        let call = self.call();
        let (_, response): (_, DescribeClientQuotasResponse) =
            call.answer(CallSpec::new(filter.to_wire(), call.deadline)).await?;
        Ok(response.entries.unwrap_or_default().iter().map(described).collect())
    }

    /// Sets and removes client quotas (`alterClientQuotas`); the answer has a result for each entity, in their
    /// order, and an entity's changes are made all or not at all. If one is named twice, the first counts.
    /// Brokers since 2.6.
    ///
    /// The answer says that the change is decided. Each broker acts by it a moment later.
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the answer; the change may still be carried out.
    pub async fn alter_client_quotas(
        &self,
        alterations: impl IntoIterator<Item = QuotaAlteration>,
    ) -> Vec<(QuotaEntity, Result<(), AdminError>)> {
        self.call().alter_quotas(alterations.into_iter().collect(), false).await
    }

    /// Asks what [`alter_client_quotas`](Self::alter_client_quotas) would do, and changes nothing.
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the answer.
    pub async fn validate_client_quotas(
        &self,
        alterations: impl IntoIterator<Item = QuotaAlteration>,
    ) -> Vec<(QuotaEntity, Result<(), AdminError>)> {
        self.call().alter_quotas(alterations.into_iter().collect(), true).await
    }
}

impl Call<'_> {
    async fn alter_quotas(
        self,
        alterations: Vec<QuotaAlteration>,
        validate_only: bool,
    ) -> Vec<(QuotaEntity, Result<(), AdminError>)> {
        let mut entries = Entries::new(alterations.iter().map(|alteration| alteration.entity.clone()));
        let wanted = |entity: QuotaEntity| alterations.iter().find(|alteration| alteration.entity == entity);
        let wire = entries.open().into_iter().filter_map(wanted).map(QuotaAlteration::to_wire);
        let request =
            AlterClientQuotasRequest { entries: wire.collect(), validate_only, ..Default::default() };
        let spec = CallSpec::judged(request, self.deadline, |response: &AlterClientQuotasResponse| {
            retriable(response.entries.iter().map(|entry| entry.error_code))
        });
        match self.answer::<AlterClientQuotasResponse>(spec).await {
            Ok((node, response)) => merge(&mut entries, node, &response),
            Err(error) => entries.settle_rest(&error),
        }
        entries.into_results()
    }
}

fn merge(entries: &mut Entries<QuotaEntity, ()>, node: i32, response: &AlterClientQuotasResponse) {
    for entry in &response.entries {
        let parts = entry.entity.iter().map(|part| (&*part.entity_type, part.entity_name.as_deref()));
        let entity = QuotaEntity::from_wire(parts);
        let result = match entry.error_code {
            ErrorCode::NONE => Ok(()),
            code => {
                let message = entry.error_message.as_ref().map(ToString::to_string);
                Err(AdminError::Refused { node, code, message })
            }
        };
        entries.settle(|asked| *asked == entity, result);
    }
}

fn described(entry: &EntryData) -> (QuotaEntity, Quotas) {
    let parts = entry.entity.iter().map(|part| (&*part.entity_type, part.entity_name.as_deref()));
    let values = entry.values.iter().map(|value| (QuotaKey::from(&*value.key), value.value));
    (QuotaEntity::from_wire(parts), values.collect())
}

#[cfg(test)]
mod tests {
    use ottla_proto::messages::alter_client_quotas::{ResponseEntityData, ResponseEntryData};
    use ottla_proto::messages::describe_client_quotas::{EntityData, ValueData};

    use super::*;

    #[test]
    fn a_filter_names_what_must_match() {
        let filter = QuotaFilter::all().user("alice").client_id(QuotaName::Default).ip(QuotaMatch::Any);
        let wire = filter.user("bob").to_wire();
        assert!(!wire.strict);
        let parts: Vec<_> = wire
            .components
            .iter()
            .map(|part| (&*part.entity_type, part.match_type, part.r#match.as_deref()))
            .collect();
        assert_eq!(parts, [("client-id", 1, None), ("ip", 2, None), ("user", 0, Some("bob"))]);
        assert!(QuotaFilter::of(&QuotaEntity::user("alice")).to_wire().strict);
    }

    #[test]
    fn an_alteration_sets_and_removes() {
        let entity = QuotaEntity::user_and_client_id("alice", QuotaName::Default);
        let alteration = QuotaAlteration::new(entity)
            .set(QuotaKey::ProducerByteRate, 1.5)
            .set(QuotaKey::ConsumerByteRate, 2.0)
            .remove(QuotaKey::ConsumerByteRate);
        let wire = alteration.to_wire();
        let parts: Vec<_> =
            wire.entity.iter().map(|part| (&*part.entity_type, part.entity_name.as_deref())).collect();
        assert_eq!(parts, [("user", Some("alice")), ("client-id", None)]);
        let changes: Vec<_> = wire.ops.iter().map(|op| (&*op.key, op.value, op.remove)).collect();
        assert_eq!(changes, [("producer_byte_rate", 1.5, false), ("consumer_byte_rate", 0.0, true)]);
    }

    #[test]
    fn each_answer_finds_its_entity() {
        let (alice, all) = (QuotaEntity::user("alice"), QuotaEntity::user(QuotaName::Default));
        let entry = |name: Option<&str>, error_code| ResponseEntryData {
            error_code,
            entity: vec![ResponseEntityData {
                entity_type: "user".into(),
                entity_name: name.map(Into::into),
                ..Default::default()
            }],
            ..Default::default()
        };
        let mut entries = Entries::new([alice.clone(), all.clone()]);
        let answers = vec![entry(None, ErrorCode::INVALID_REQUEST), entry(Some("alice"), ErrorCode::NONE)];
        merge(&mut entries, 1, &AlterClientQuotasResponse { entries: answers, ..Default::default() });
        let results = entries.into_results();
        assert_eq!(results[0], (alice, Ok(())));
        assert_eq!(results[1].1.as_ref().unwrap_err().code(), Some(ErrorCode::INVALID_REQUEST));
        assert_eq!(results[1].0.to_string(), "user <default>");
    }

    #[test]
    fn unknown_keys_keep_their_names() {
        let entry = EntryData {
            entity: vec![EntityData {
                entity_type: "ip".into(),
                entity_name: Some("::1".into()),
                ..Default::default()
            }],
            values: vec![
                ValueData { key: "connection_creation_rate".into(), value: 3.0, ..Default::default() },
                ValueData { key: "later".into(), value: 4.0, ..Default::default() },
            ],
            ..Default::default()
        };
        let (entity, quotas) = described(&entry);
        assert_eq!(entity, QuotaEntity::ip("::1"));
        assert_eq!(quotas[&QuotaKey::ConnectionCreationRate], 3.0);
        assert_eq!(quotas[&QuotaKey::Other("later".to_owned())], 4.0);
        for key in QuotaKey::KNOWN {
            assert_eq!(QuotaKey::from(key.name()), key);
        }
    }
}
