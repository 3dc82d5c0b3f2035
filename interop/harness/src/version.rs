use std::fmt;
use std::str::FromStr;

/// A Kafka release the harness knows how to fetch and start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Version {
    /// 2.1.1 on ZooKeeper: the oldest broker the client promises to work with.
    V2_1_1,
    /// 2.8.2 on ZooKeeper: the last line that still writes message formats 0 and 1.
    V2_8_2,
    /// 3.9.1, KRaft: the last line before brokers dropped the oldest request versions.
    V3_9_1,
    /// 4.3.1, KRaft.
    V4_3_1,
    /// 4.4.0, KRaft: the release whose schemas the project is generated from.
    #[default]
    V4_4_0,
}

impl Version {
    /// Every known release, oldest first.
    pub const ALL: [Version; 5] =
        [Version::V2_1_1, Version::V2_8_2, Version::V3_9_1, Version::V4_3_1, Version::V4_4_0];

    /// The release number as Maven and Kafka write it, such as `4.4.0`.
    #[must_use]
    pub const fn number(self) -> &'static str {
        match self {
            Version::V2_1_1 => "2.1.1",
            Version::V2_8_2 => "2.8.2",
            Version::V3_9_1 => "3.9.1",
            Version::V4_3_1 => "4.3.1",
            Version::V4_4_0 => "4.4.0",
        }
    }

    /// Whether the brokers need a ZooKeeper server beside them instead of a KRaft quorum.
    #[must_use]
    pub const fn uses_zookeeper(self) -> bool {
        matches!(self, Version::V2_1_1 | Version::V2_8_2)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.number())
    }
}

impl FromStr for Version {
    type Err = UnknownVersion;

    fn from_str(text: &str) -> Result<Self, UnknownVersion> {
        Version::ALL
            .into_iter()
            .find(|version| version.number() == text)
            .ok_or_else(|| UnknownVersion(text.to_owned()))
    }
}

/// The text names no release in [`Version::ALL`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Kafka {0} is not known here; use one of 4.4.0, 4.3.1, 3.9.1, 2.8.2, 2.1.1")]
pub struct UnknownVersion(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_parse_back() {
        for version in Version::ALL {
            assert_eq!(version.to_string().parse(), Ok(version));
        }
        let error = "1.0.0".parse::<Version>().unwrap_err().to_string();
        for version in Version::ALL {
            assert!(error.contains(version.number()), "{error}");
        }
    }
}
