use std::collections::{BTreeMap, BTreeSet};

use super::Client;

/// Whom a quota is for: a user, a client id, or both; each by name or as the default for all others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct QuotaEntity {
    /// The user; `None` if the quota does not look at it.
    pub user: Option<QuotaName>,
    /// The client id; `None` if the quota does not look at it.
    pub client_id: Option<QuotaName>,
}

impl QuotaEntity {
    /// All connections with this client id share the quota.
    #[must_use]
    pub fn client_id(name: impl Into<String>) -> Self {
        Self { user: None, client_id: Some(QuotaName::Named(name.into())) }
    }

    /// Every client id without a quota of its own has this one to itself.
    #[must_use]
    pub fn default_client_id() -> Self {
        Self { user: None, client_id: Some(QuotaName::Default) }
    }

    /// All connections of this user share the quota. Without authentication the user is `ANONYMOUS`.
    #[must_use]
    pub fn user(name: impl Into<String>) -> Self {
        Self { user: Some(QuotaName::Named(name.into())), client_id: None }
    }

    /// Every user without a quota of their own has this one to themselves.
    #[must_use]
    pub fn default_user() -> Self {
        Self { user: Some(QuotaName::Default), client_id: None }
    }
}

/// One part of a [`QuotaEntity`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
    /// Percent of one thread's time spent on requests (`request_percentage`); kept and described, not enforced.
    RequestPercentage,
    /// Partitions created or deleted per second (`controller_mutation_rate`); kept and described, not enforced.
    ControllerMutationRate,
}

impl QuotaKey {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::ProducerByteRate,
        Self::ConsumerByteRate,
        Self::RequestPercentage,
        Self::ControllerMutationRate,
    ];

    /// What Kafka calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ProducerByteRate => "producer_byte_rate",
            Self::ConsumerByteRate => "consumer_byte_rate",
            Self::RequestPercentage => "request_percentage",
            Self::ControllerMutationRate => "controller_mutation_rate",
        }
    }

    const fn is_whole(self) -> bool {
        matches!(self, Self::ProducerByteRate | Self::ConsumerByteRate)
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
            let (entity, limits) = self.limits.get_key_value(&QuotaEntity { user, client_id })?;
            Some((entity, *limits.get(&key)?))
        })
    }

    /// Whether Kafka would take this limit.
    pub(crate) fn check(key: QuotaKey, limit: f64) -> Result<(), QuotaError> {
        // Not a number is not above zero either.
        if limit.partial_cmp(&0.0) != Some(std::cmp::Ordering::Greater) {
            return Err(QuotaError(format!("Quota {} must be greater than 0", key.name())));
        }
        if key.is_whole() && limit.fract() > 1e-6 {
            return Err(QuotaError(format!("{} cannot be a fractional value.", key.name())));
        }
        Ok(())
    }

    pub(crate) fn set(&mut self, entity: QuotaEntity, key: QuotaKey, limit: f64) -> Result<(), QuotaError> {
        Self::check(key, limit)?;
        self.limits.entry(entity).or_default().insert(key, limit);
        self.ever_set.insert(key);
        Ok(())
    }

    pub(crate) fn remove(&mut self, entity: &QuotaEntity, key: QuotaKey) {
        if let Some(limits) = self.limits.get_mut(entity) {
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
            limits.set(QuotaEntity { user, client_id }, QuotaKey::ConsumerByteRate, limit).unwrap();
            let client = Client { user: "u", client_id: "c" };
            assert_eq!(limits.find(QuotaKey::ConsumerByteRate, client).unwrap().1, limit);
            assert!(limits.find(QuotaKey::ProducerByteRate, client).is_none());
        }
        let stranger = Client { user: "other", client_id: "other" };
        assert_eq!(limits.find(QuotaKey::ConsumerByteRate, stranger).unwrap().1, 4.0);
    }

    #[test]
    fn impossible_limits_are_refused() {
        for limit in [0.0, -1.0, f64::NAN, 0.5] {
            assert!(QuotaLimits::check(QuotaKey::ProducerByteRate, limit).is_err(), "{limit}");
        }
        assert!(QuotaLimits::check(QuotaKey::RequestPercentage, 0.5).is_ok());
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
