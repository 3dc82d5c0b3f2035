use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Client;

/// Whom a quota is for: a user, a client id, both, or an address; each by name or as the default for all others.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct QuotaEntity {
    /// The user; `None` if the quota does not look at it.
    pub user: Option<QuotaName>,
    /// The client id; `None` if the quota does not look at it.
    pub client_id: Option<QuotaName>,
    /// The address that connections come from; it stands alone.
    pub ip: Option<QuotaName>,
}

impl QuotaEntity {
    /// All connections with this client id share the quota.
    #[must_use]
    pub fn client_id(name: impl Into<String>) -> Self {
        Self { client_id: Some(QuotaName::Named(name.into())), ..Self::default() }
    }

    /// Every client id without a quota of its own has this one to itself.
    #[must_use]
    pub fn default_client_id() -> Self {
        Self { client_id: Some(QuotaName::Default), ..Self::default() }
    }

    /// All connections of this user share the quota. Without authentication the user is `ANONYMOUS`.
    #[must_use]
    pub fn user(name: impl Into<String>) -> Self {
        Self { user: Some(QuotaName::Named(name.into())), ..Self::default() }
    }

    /// Every user without a quota of their own has this one to themselves.
    #[must_use]
    pub fn default_user() -> Self {
        Self { user: Some(QuotaName::Default), ..Self::default() }
    }

    /// All connections of this user with this client id share the quota.
    #[must_use]
    pub fn user_and_client_id(user: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self { client_id: Self::client_id(client_id).client_id, ..Self::user(user) }
    }

    /// This address; it can have a [`QuotaKey::ConnectionCreationRate`] only.
    #[must_use]
    pub fn ip(address: IpAddr) -> Self {
        Self { ip: Some(QuotaName::Named(address.to_string())), ..Self::default() }
    }

    /// Every address without a quota of its own has this one to itself.
    #[must_use]
    pub fn default_ip() -> Self {
        Self { ip: Some(QuotaName::Default), ..Self::default() }
    }

    /// The entity as it is looked up: an address in its usual spelling. `None` if there can be no such entity.
    fn normal(mut self) -> Option<Self> {
        let by_client = self.user.is_some() || self.client_id.is_some();
        if by_client == self.ip.is_some() {
            return None;
        }
        if let Some(QuotaName::Named(address)) = &mut self.ip {
            *address = address.parse::<IpAddr>().ok()?.to_string();
        }
        Some(self)
    }
}

/// One part of a [`QuotaEntity`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum QuotaName {
    /// Whoever has no entry of their own.
    Default,
    /// Exactly this one.
    Named(String),
}

/// What a quota limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum QuotaKey {
    /// Bytes of Produce requests per second and node (`producer_byte_rate`); enforced.
    ProducerByteRate,
    /// Bytes of Fetch answers per second and node (`consumer_byte_rate`); enforced.
    ConsumerByteRate,
    /// Percent of one thread's time spent on requests (`request_percentage`), by node; above 100 for more than one
    /// thread. Enforced; what a request costs is measured or modelled, see [`RequestCost`](crate::RequestCost).
    RequestPercentage,
    /// Partitions created or deleted per second in the whole cluster (`controller_mutation_rate`); enforced.
    ControllerMutationRate,
    /// New connections per second from one address, by node (`connection_creation_rate`); enforced.
    ConnectionCreationRate,
}

impl QuotaKey {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::ProducerByteRate,
        Self::ConsumerByteRate,
        Self::RequestPercentage,
        Self::ControllerMutationRate,
        Self::ConnectionCreationRate,
    ];

    /// What Kafka calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ProducerByteRate => "producer_byte_rate",
            Self::ConsumerByteRate => "consumer_byte_rate",
            Self::RequestPercentage => "request_percentage",
            Self::ControllerMutationRate => "controller_mutation_rate",
            Self::ConnectionCreationRate => "connection_creation_rate",
        }
    }

    /// The largest limit, for those that are whole numbers.
    fn largest(self) -> Option<f64> {
        match self {
            // 2^63, as near to the largest long as a double comes.
            Self::ProducerByteRate | Self::ConsumerByteRate => Some(9_223_372_036_854_775_808.0),
            Self::ConnectionCreationRate => Some(i32::MAX.into()),
            Self::RequestPercentage | Self::ControllerMutationRate => None,
        }
    }
}

/// A limit that Kafka would refuse; the text is for the caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct QuotaError(String);

/// The limits of the whole cluster.
#[derive(Clone, Debug, Default)]
pub(crate) struct QuotaLimits {
    limits: BTreeMap<QuotaEntity, BTreeMap<QuotaKey, f64>>,
    ever_set: BTreeSet<QuotaKey>,
    /// How often they were changed, so that whoever keeps them knows when to write.
    pub(crate) revision: u64,
}

impl QuotaLimits {
    /// Whether a limit of this kind was ever set.
    pub(crate) fn in_use(&self, key: QuotaKey) -> bool {
        self.ever_set.contains(&key)
    }

    /// The limit that applies to `client` and the entity that it is set for, the most exact first:
    /// user before client id, a name before the default.
    pub(crate) fn find(&self, key: QuotaKey, client: Client<'_>) -> Option<(&QuotaEntity, f64)> {
        if self.limits.is_empty() {
            return None;
        }
        let user = || Some(QuotaName::Named(client.user.to_owned()));
        let client_id = || Some(QuotaName::Named(client.client_id.to_owned()));
        let default = || Some(QuotaName::Default);
        let candidates = [
            (user(), client_id()),
            (user(), default()),
            (user(), None),
            (default(), client_id()),
            (default(), default()),
            (default(), None),
            (None, client_id()),
            (None, default()),
        ];
        candidates.into_iter().find_map(|(user, client_id)| {
            let entity = QuotaEntity { user, client_id, ip: None };
            let (entity, limits) = self.limits.get_key_value(&entity)?;
            Some((entity, *limits.get(&key)?))
        })
    }

    /// How many connections per second the address may open.
    pub(crate) fn connections_from(&self, ip: IpAddr) -> Option<f64> {
        if !self.in_use(QuotaKey::ConnectionCreationRate) {
            return None;
        }
        let entities = [QuotaEntity::ip(ip), QuotaEntity::default_ip()];
        let limits = entities.iter().filter_map(|entity| self.limits.get(entity));
        limits.filter_map(|limits| limits.get(&QuotaKey::ConnectionCreationRate)).copied().next()
    }

    /// The entity as it is kept, if Kafka would take it.
    pub(crate) fn entity(entity: QuotaEntity) -> Result<QuotaEntity, QuotaError> {
        let message = "A quota is for a user, a client id, both, or an address and nothing else";
        entity.normal().ok_or_else(|| QuotaError(message.to_owned()))
    }

    /// Whether Kafka would take this limit.
    pub(crate) fn check(entity: &QuotaEntity, key: QuotaKey, limit: f64) -> Result<(), QuotaError> {
        let name = key.name();
        if entity.ip.is_some() != (key == QuotaKey::ConnectionCreationRate) {
            return Err(QuotaError(format!("There is no quota {name} of such an entity")));
        }
        // Not a number is not above zero either.
        if limit.partial_cmp(&0.0) != Some(std::cmp::Ordering::Greater) {
            return Err(QuotaError(format!("Quota {name} must be greater than 0")));
        }
        match key.largest() {
            Some(largest) if limit > largest => Err(QuotaError(format!("{name} is too large"))),
            Some(_) if limit.fract() > 1e-6 => {
                Err(QuotaError(format!("{name} cannot be a fractional value.")))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn set(&mut self, entity: QuotaEntity, key: QuotaKey, limit: f64) -> Result<(), QuotaError> {
        let entity = Self::entity(entity)?;
        Self::check(&entity, key, limit)?;
        self.limits.entry(entity).or_default().insert(key, limit);
        self.ever_set.insert(key);
        self.revision += 1;
        Ok(())
    }

    pub(crate) fn remove(&mut self, entity: &QuotaEntity, key: QuotaKey) {
        if let Some(limits) = self.limits.get_mut(entity) {
            self.revision += 1;
            limits.remove(&key);
            if limits.is_empty() {
                self.limits.remove(entity);
            }
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&QuotaEntity, &BTreeMap<QuotaKey, f64>)> {
        self.limits.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_exact_limit_wins() {
        let named = |name: &str| Some(QuotaName::Named(name.into()));
        let default = || Some(QuotaName::Default);
        let order = [
            (None, default()),
            (None, named("c")),
            (default(), None),
            (default(), default()),
            (default(), named("c")),
            (named("u"), None),
            (named("u"), default()),
            (named("u"), named("c")),
        ];
        let mut limits = QuotaLimits::default();
        for (rank, (user, client_id)) in (1_u8..).zip(order) {
            let limit = f64::from(rank);
            limits.set(QuotaEntity { user, client_id, ip: None }, QuotaKey::ConsumerByteRate, limit).unwrap();
            let client = Client { user: "u", client_id: "c" };
            assert_eq!(limits.find(QuotaKey::ConsumerByteRate, client).unwrap().1, limit);
            assert!(limits.find(QuotaKey::ProducerByteRate, client).is_none());
        }
        let stranger = Client { user: "other", client_id: "other" };
        assert_eq!(limits.find(QuotaKey::ConsumerByteRate, stranger).unwrap().1, 4.0);
    }

    #[test]
    fn impossible_limits_are_refused() {
        let client = QuotaEntity::client_id("c");
        let refused = |entity: &QuotaEntity, key, limit| {
            assert!(
                QuotaLimits::default().set(entity.clone(), key, limit).is_err(),
                "{entity:?} {key:?} {limit}"
            );
        };
        for limit in [0.0, -1.0, f64::NAN, 0.5, 1e19] {
            refused(&client, QuotaKey::ProducerByteRate, limit);
        }
        let address = QuotaEntity::default_ip();
        for limit in [0.0, 0.5, 3e9] {
            refused(&address, QuotaKey::ConnectionCreationRate, limit);
        }
        refused(&client, QuotaKey::ConnectionCreationRate, 1.0);
        refused(&address, QuotaKey::ProducerByteRate, 1.0);
        refused(&QuotaEntity { ip: address.ip.clone(), ..client.clone() }, QuotaKey::ProducerByteRate, 1.0);
        refused(&QuotaEntity::default(), QuotaKey::ProducerByteRate, 1.0);
        let odd = QuotaEntity { ip: Some(QuotaName::Named("nowhere".to_owned())), ..QuotaEntity::default() };
        refused(&odd, QuotaKey::ConnectionCreationRate, 1.0);
        assert!(QuotaLimits::check(&client, QuotaKey::RequestPercentage, 0.5).is_ok());
    }

    #[test]
    fn an_address_counts_however_it_is_written() {
        let mut limits = QuotaLimits::default();
        let key = QuotaKey::ConnectionCreationRate;
        let long = QuotaName::Named("0:0:0:0:0:0:0:1".to_owned());
        limits.set(QuotaEntity { ip: Some(long), ..QuotaEntity::default() }, key, 5.0).unwrap();
        limits.set(QuotaEntity::default_ip(), key, 7.0).unwrap();
        assert_eq!(limits.connections_from("::1".parse().unwrap()), Some(5.0));
        assert_eq!(limits.connections_from("::2".parse().unwrap()), Some(7.0));
    }

    #[test]
    fn an_entity_without_limits_is_gone() {
        let mut limits = QuotaLimits::default();
        limits.set(QuotaEntity::client_id("c"), QuotaKey::ProducerByteRate, 5.0).unwrap();
        limits.remove(&QuotaEntity::client_id("c"), QuotaKey::ProducerByteRate);
        assert_eq!(limits.iter().count(), 0);
        assert!(limits.in_use(QuotaKey::ProducerByteRate));
    }
}
