//! The releases of Kafka that a cluster can act as.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use ottla_proto::ApiKey;
use ottla_proto::wire::VersionRange;
use thiserror::Error;

/// A release of Kafka that a cluster can act as.
///
/// It decides which APIs and versions there are (those that a real broker of the release was seen to offer, as far
/// as this broker knows them), which features can be finalized, and what else clients notice: with ZooKeeper (2.1
/// and 2.8) topics are created, changed and deleted on the controller only, and before group.version 1 there is no
/// consumer protocol (KIP-848).
///
/// What a release answered differently in one and the same version of an API is not imitated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Release {
    /// 2.1, with ZooKeeper: the oldest that Kafka 4's clients work with.
    V2_1,
    /// 2.8, with ZooKeeper.
    V2_8,
    /// 3.9, the last that offers the oldest versions.
    V3_9,
    /// 4.3.
    V4_3,
    /// 4.4, the newest.
    #[default]
    V4_4,
}

impl Release {
    /// All of them, by age.
    pub const ALL: [Self; 5] = [Self::V2_1, Self::V2_8, Self::V3_9, Self::V4_3, Self::V4_4];

    /// Its number, such as `2.8`.
    #[must_use]
    pub const fn number(self) -> &'static str {
        match self {
            Self::V2_1 => "2.1",
            Self::V2_8 => "2.8",
            Self::V3_9 => "3.9",
            Self::V4_3 => "4.3",
            Self::V4_4 => "4.4",
        }
    }

    /// Whether only the controller changes topics, because brokers do not forward (KIP-590).
    pub(crate) fn has_zookeeper(self) -> bool {
        self <= Self::V2_8
    }

    /// Whether an unknown version of ApiVersions is answered with the known ones (KIP-511, since 2.4).
    pub(crate) fn tells_versions_of_api_versions(self) -> bool {
        self >= Self::V2_8
    }

    /// Which versions of each API a broker of the release was seen to offer.
    pub(crate) fn apis(self) -> BTreeMap<ApiKey, VersionRange> {
        let rows = self.rows().filter_map(|(kind, _, cell)| Some((ApiKey(kind.parse().ok()?), range(cell)?)));
        rows.collect()
    }

    /// The features of the release that matter to clients.
    pub(crate) fn features(self) -> impl Iterator<Item = Feature> {
        self.rows().filter(|(kind, ..)| *kind == "feature").filter_map(|(_, name, cell)| {
            let (supported, level) = cell.split_once(':')?;
            Some(Feature { name, supported: range(supported)?, level: level.parse().ok()? })
        })
    }

    /// What was recorded of it: kind, name and cell.
    fn rows(self) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
        let column = Self::ALL.iter().position(|release| *release == self).unwrap_or_default();
        let lines = include_str!("recorded.txt").lines().filter(|line| !line.starts_with('#'));
        lines.filter_map(move |line| {
            let mut cells = line.split_whitespace();
            Some((cells.next()?, cells.next()?, cells.nth(column)?))
        })
    }
}

fn range(cell: &str) -> Option<VersionRange> {
    let (min, max) = cell.split_once('-')?;
    Some(VersionRange::new(min.parse().ok()?, max.parse().ok()?))
}

/// As `2.8`.
impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.number())
    }
}

/// From `2.8`, or `2.8.2` and any other of its patch levels.
impl FromStr for Release {
    type Err = UnknownRelease;

    fn from_str(text: &str) -> Result<Self, UnknownRelease> {
        let named = |release: &Self| {
            let patch = text.strip_prefix(release.number());
            patch.is_some_and(|patch| patch.is_empty() || patch.starts_with('.'))
        };
        Self::ALL.into_iter().find(named).ok_or_else(|| UnknownRelease(text.to_owned()))
    }
}

/// The text names no [`Release`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("cannot act as Kafka {0}; use 2.1, 2.8, 3.9, 4.3 or 4.4")]
pub struct UnknownRelease(String);

/// A feature of a cluster (KIP-584).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Feature {
    pub(crate) name: &'static str,
    /// What every node could do.
    pub(crate) supported: VersionRange,
    /// What is in force; 0 if the feature is off.
    pub(crate) level: i16,
}

/// The features of a cluster, and how often they were changed.
#[derive(Clone, Debug)]
pub(crate) struct Features {
    all: Vec<Feature>,
    epoch: i64,
}

impl Features {
    pub(crate) fn new(release: Release) -> Self {
        Self { all: release.features().collect(), epoch: 0 }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Feature> {
        self.all.iter()
    }

    pub(crate) fn epoch(&self) -> i64 {
        self.epoch
    }

    /// The level that is in force; 0 where the release has no such feature.
    pub(crate) fn level(&self, name: &str) -> i16 {
        self.get(name).map_or(0, |feature| feature.level)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Feature> {
        self.all.iter().find(|feature| feature.name == name)
    }

    /// Puts a level in force that [`get`](Self::get) says is supported.
    pub(crate) fn set(&mut self, name: &str, level: i16) {
        if let Some(feature) = self.all.iter_mut().find(|feature| feature.name == name) {
            feature.level = level;
            self.epoch += 1;
        }
    }
}

/// Whether there are consumer groups (KIP-848), from 1 on.
pub(crate) const GROUP_VERSION: &str = "group.version";
/// Which records the cluster's metadata is made of.
pub(crate) const METADATA_VERSION: &str = "metadata.version";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_with_and_without_a_patch_level() {
        for release in Release::ALL {
            assert_eq!(release.number().parse(), Ok(release));
            assert_eq!(format!("{release}.7").parse(), Ok(release));
        }
        for text in ["", "2", "2.80", "4.40", "1.0"] {
            assert_eq!(text.parse::<Release>(), Err(UnknownRelease(text.to_owned())));
        }
        let error = UnknownRelease(String::new()).to_string();
        assert!(Release::ALL.iter().all(|release| error.contains(release.number())));
    }

    #[test]
    fn every_line_of_the_record_is_understood() {
        let lines = include_str!("recorded.txt").lines().filter(|line| !line.starts_with('#')).count();
        for release in Release::ALL {
            let missing = release.rows().filter(|(.., cell)| *cell == "-").count();
            let understood = release.apis().len() + release.features().count();
            assert_eq!(understood + missing, lines, "{release}");
        }
        for (kind, name, _) in Release::V4_4.rows().filter(|(kind, ..)| *kind != "feature") {
            assert_eq!(ApiKey(kind.parse().unwrap()).name(), Some(name));
        }
    }

    #[test]
    fn releases_differ_as_they_did() {
        let fetch = |release: Release| release.apis().get(&ApiKey::FETCH).copied();
        assert_eq!(fetch(Release::V2_8), Some(VersionRange::new(0, 12)));
        assert_eq!(fetch(Release::V4_4), Some(VersionRange::new(4, 18)));
        assert!(!Release::V2_8.apis().contains_key(&ApiKey::CONSUMER_GROUP_HEARTBEAT));
        assert_eq!(Features::new(Release::V3_9).level(GROUP_VERSION), 0);
        assert_eq!(Features::new(Release::V4_4).level(GROUP_VERSION), 1);
    }
}
