use std::collections::BTreeMap;

use ottla_proto::ApiKey;
use ottla_proto::messages::ApiVersionsResponse;
use ottla_proto::wire::VersionRange;

/// Which versions of which APIs a broker speaks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrokerVersions(BTreeMap<ApiKey, VersionRange>);

impl BrokerVersions {
    pub(super) fn new(response: &ApiVersionsResponse) -> Self {
        let ranges = response.api_keys.iter();
        Self(
            ranges
                .map(|api| (ApiKey(api.api_key), VersionRange::new(api.min_version, api.max_version)))
                .collect(),
        )
    }

    /// The versions of an API; `None` if the broker does not know it.
    #[must_use]
    pub fn range(&self, api: ApiKey) -> Option<VersionRange> {
        self.0.get(&api).copied()
    }
}
