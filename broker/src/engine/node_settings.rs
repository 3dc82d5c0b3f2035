use std::collections::BTreeMap;

use ottla_proto::BrokerId;

use super::topic_config::{ANY_LONG, LONG_MAX, Setting, setting};

/// What was set on nodes since they run, by node; under `None` what counts for those that have no value of their own.
#[derive(Debug, Default)]
pub(crate) struct NodeSettings {
    set: BTreeMap<Option<BrokerId>, BTreeMap<String, String>>,
    /// How often something was set.
    pub(crate) revision: u64,
}

impl NodeSettings {
    /// Checks what is to be set.
    ///
    /// # Errors
    /// What is wrong with the first bad one, as text for the caller.
    pub(crate) fn check(settings: &BTreeMap<String, String>) -> Result<(), String> {
        for (name, value) in settings {
            let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) else {
                return Err(format!("Cannot update these configs dynamically: [{name}]"));
            };
            setting.check(value)?;
        }
        Ok(())
    }

    /// Replaces what is set.
    pub(crate) fn set(&mut self, node: Option<BrokerId>, settings: BTreeMap<String, String>) {
        self.set.insert(node, settings);
        self.revision += 1;
    }

    /// What is set on just this node, or for all.
    pub(crate) fn get(&self, node: Option<BrokerId>) -> BTreeMap<String, String> {
        self.set.get(&node).cloned().unwrap_or_default()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Option<BrokerId>, &BTreeMap<String, String>)> {
        self.set.iter().map(|(node, settings)| (*node, settings))
    }
}

/// What can be changed: of Kafka's settings those without which its tool for reassignments does not come to its end. None has
/// an effect: a follower copies without a limit, and a node has one folder.
const SETTINGS: [Setting; 3] = [
    setting("follower.replication.throttled.rate", LONG_MAX, ANY_LONG),
    setting("leader.replication.throttled.rate", LONG_MAX, ANY_LONG),
    setting("replica.alter.log.dirs.io.max.bytes.per.second", LONG_MAX, ANY_LONG),
];
