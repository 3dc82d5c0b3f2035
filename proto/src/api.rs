use std::fmt;

use crate::messages::{APIS, NAMES};
use crate::wire::VersionRange;

/// The number of an API: an open set, since a newer broker may offer one this build has no name for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiKey(pub i16);

impl ApiKey {
    /// Kafka's name, if this build knows it.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        let at = NAMES.binary_search_by_key(&self, |(key, _)| *key).ok()?;
        NAMES.get(at).map(|(_, name)| *name)
    }

    /// What this build knows of the API; `None` also for those that Kafka has retired.
    #[must_use]
    pub fn api(self) -> Option<&'static Api> {
        let at = APIS.binary_search_by_key(&self, |api| api.key).ok()?;
        APIS.get(at)
    }
}

/// The name, or the number where there is none.
impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "API {}", self.0),
        }
    }
}

/// One API: its versions, and who answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Api {
    /// Its number.
    pub key: ApiKey,
    /// Kafka's name for it.
    pub name: &'static str,
    /// Every version that has a schema.
    pub versions: VersionRange,
    /// The highest version that Kafka does not mark unstable.
    pub latest_stable: i16,
    /// Whether brokers answer it.
    pub on_broker: bool,
    /// Whether KRaft controllers answer it.
    pub on_controller: bool,
}

impl Api {
    /// Every API that has a version, by rising key.
    #[must_use]
    pub fn all() -> &'static [Self] {
        APIS
    }

    /// The versions that may be negotiated or advertised without being asked to.
    #[must_use]
    pub fn stable_versions(&self) -> VersionRange {
        VersionRange::new(self.versions.min, self.latest_stable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_find_their_names() {
        assert_eq!(ApiKey::PRODUCE.to_string(), "Produce");
        assert_eq!(ApiKey(9999).to_string(), "API 9999");
        assert_eq!(ApiKey::LEADER_AND_ISR.name(), Some("LeaderAndIsr"));
        assert_eq!(ApiKey::LEADER_AND_ISR.api(), None);
    }

    #[test]
    fn the_tables_are_sorted() {
        assert!(APIS.windows(2).all(|pair| pair[0].key < pair[1].key));
        assert!(NAMES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn an_unstable_version_is_not_negotiated() {
        let api = ApiKey::INIT_PRODUCER_ID.api().unwrap();
        assert_eq!(api.versions, VersionRange::new(0, 6));
        assert_eq!(api.stable_versions(), VersionRange::new(0, 5));
    }
}
