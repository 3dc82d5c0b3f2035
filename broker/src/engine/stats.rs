use std::collections::BTreeMap;
use std::time::Duration;

use ottla_proto::ApiKey;

/// What was asked of a cluster, and whom it throttled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Requests by API, those included that ended in an error.
    pub requests: BTreeMap<ApiKey, u64>,
    /// By client id: how long it was told to stay away because of its quotas, summed over all answers.
    pub throttled: BTreeMap<String, Duration>,
}

impl Stats {
    pub(crate) fn request(&mut self, key: ApiKey) {
        *self.requests.entry(key).or_default() += 1;
    }

    pub(crate) fn throttle(&mut self, client_id: &str, throttle: Duration) {
        match self.throttled.get_mut(client_id) {
            Some(sum) => *sum = sum.saturating_add(throttle),
            None => {
                self.throttled.insert(client_id.to_owned(), throttle);
            }
        }
    }
}
