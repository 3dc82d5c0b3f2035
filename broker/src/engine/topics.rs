use std::collections::BTreeMap;

use ottla_proto::{TopicId, TopicName};

use super::Changes;
use super::partition::Partition;
use super::topic_config::TopicConfig;

/// The topics of the cluster, by id and by name.
#[derive(Debug, Default)]
pub(crate) struct Topics {
    by_id: BTreeMap<TopicId, Topic>,
    ids: BTreeMap<TopicName, TopicId>,
    partition_count: usize,
    /// What is to be written down.
    pub(crate) changes: Changes<TopicKey>,
}

/// What is kept of topics, each by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TopicKey {
    Topic(TopicId),
    Partition(TopicId, i32),
}

/// One topic.
#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) name: TopicName,
    pub(crate) id: TopicId,
    pub(crate) config: TopicConfig,
    pub(crate) partitions: Vec<Partition>,
}

impl Topics {
    pub(crate) fn insert(&mut self, topic: Topic) {
        self.partition_count += topic.partitions.len();
        self.changes.note(|| TopicKey::Topic(topic.id));
        self.ids.insert(topic.name.clone(), topic.id);
        self.by_id.insert(topic.id, topic);
    }

    pub(crate) fn remove(&mut self, id: TopicId) -> Option<Topic> {
        let topic = self.by_id.remove(&id)?;
        self.ids.remove(&topic.name);
        self.partition_count -= topic.partitions.len();
        self.changes.note(|| TopicKey::Topic(id));
        for index in 0..topic.partition_count() {
            self.note_partition(id, index);
        }
        Some(topic)
    }

    /// Adds partitions to a topic. Returns the number of the first.
    pub(crate) fn extend(&mut self, id: TopicId, partitions: Vec<Partition>) -> Option<usize> {
        let topic = self.by_id.get_mut(&id)?;
        let first = topic.partitions.len();
        self.partition_count += partitions.len();
        topic.partitions.extend(partitions);
        Some(first)
    }

    /// Something that has to be kept has changed in a partition.
    pub(crate) fn note_partition(&mut self, id: TopicId, index: i32) {
        self.changes.note(|| TopicKey::Partition(id, index));
    }

    /// How many partitions all topics have together.
    pub(crate) fn partition_count(&self) -> usize {
        self.partition_count
    }

    pub(crate) fn get(&self, id: TopicId) -> Option<&Topic> {
        self.by_id.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: TopicId) -> Option<&mut Topic> {
        self.by_id.get_mut(&id)
    }

    pub(crate) fn id(&self, name: &str) -> Option<TopicId> {
        self.ids.get(name).copied()
    }

    pub(crate) fn named(&self, name: &str) -> Option<&Topic> {
        self.get(self.id(name)?)
    }

    /// All topics, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Topic> {
        self.ids.values().filter_map(|id| self.by_id.get(id))
    }

    /// All topics, by id.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Topic> {
        self.by_id.values_mut()
    }

    /// A topic whose name differs only in `.` and `_`, which Kafka's metrics could not tell apart.
    pub(crate) fn collision(&self, name: &str) -> Option<&TopicName> {
        if !name.contains(['.', '_']) {
            return None;
        }
        let unified = name.replace('.', "_");
        self.ids.keys().find(|other| other.replace('.', "_") == unified)
    }
}

impl Topic {
    pub(crate) fn partition_count(&self) -> i32 {
        i32::try_from(self.partitions.len()).unwrap_or(i32::MAX)
    }

    pub(crate) fn partition(&self, index: i32) -> Option<&Partition> {
        self.partitions.get(usize::try_from(index).ok()?)
    }

    pub(crate) fn partition_mut(&mut self, index: i32) -> Option<&mut Partition> {
        self.partitions.get_mut(usize::try_from(index).ok()?)
    }
}

/// Whether Kafka takes `name` for a topic.
///
/// # Errors
/// What is wrong with it, as text for the caller.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    const LONGEST: usize = 249;
    if name.is_empty() {
        return Err("Topic name is invalid: the empty string is not allowed".to_owned());
    }
    if name == "." || name == ".." {
        return Err(format!("Topic name is invalid: '{name}' is not allowed"));
    }
    if name.len() > LONGEST {
        return Err(format!(
            "Topic name is invalid: it is {} characters long, {LONGEST} are allowed",
            name.len()
        ));
    }
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if !name.bytes().all(legal) {
        return Err(format!(
            "Topic name is invalid: '{name}' has other characters than a-z, A-Z, 0-9, '.', '_' and '-'"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(name: &str, id: u8) -> Topic {
        let (config, partitions) = (TopicConfig::default(), Vec::new());
        Topic { name: name.into(), id: TopicId([id; 16]), config, partitions }
    }

    #[test]
    fn names_follow_kafkas_rules() {
        for good in ["a", "A.b_c-9", "...", &"x".repeat(249)] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        for bad in ["", ".", "..", "a b", "a/b", "ä", &"x".repeat(250)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn dots_and_underscores_collide() {
        let mut topics = Topics::default();
        topics.insert(topic("a.b", 1));
        assert_eq!(topics.collision("a_b").map(TopicName::as_str), Some("a.b"));
        assert_eq!(topics.collision("a-b"), None);
    }

    #[test]
    fn a_removed_topic_is_gone_by_name_and_id() {
        let mut topics = Topics::default();
        topics.insert(topic("a", 1));
        assert!(topics.remove(TopicId([1; 16])).is_some());
        assert!(topics.named("a").is_none());
        assert_eq!(topics.iter().count(), 0);
    }
}
