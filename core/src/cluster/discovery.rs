//! Topics that are wanted without their names being known: all that there are, for patterns; and those that a coordinator
//! names by id.

use std::collections::{BTreeMap, BTreeSet};

use bytestring::ByteString;
use ottla_proto::messages::MetadataResponse;
use ottla_proto::messages::metadata::MetadataResponseTopic;
use ottla_proto::{TopicId, TopicName};

use super::{Cluster, Scope};

/// What is not known by name.
#[derive(Debug, Default)]
pub(super) struct Discovery {
    /// How many users want the names of all topics.
    listeners: usize,
    /// Somebody began to want them and nobody asked yet.
    fresh_names: bool,
    names: Option<BTreeSet<TopicName>>,
    /// Rises when the names change.
    names_version: u64,
    ids: BTreeMap<TopicId, WantedId>,
    /// Ids that were not asked about yet.
    fresh_ids: BTreeSet<TopicId>,
    /// Ids that nobody could name so far.
    doubtful_ids: BTreeSet<TopicId>,
}

#[derive(Debug, Default)]
struct WantedId {
    users: usize,
    /// Its name, once that is known; it is wanted by name then.
    name: Option<TopicName>,
}

impl Discovery {
    pub(super) fn is_fresh(&self) -> bool {
        self.fresh_names || !self.fresh_ids.is_empty()
    }

    pub(super) fn is_doubtful(&self) -> bool {
        !self.doubtful_ids.is_empty()
    }

    pub(super) fn wants_names(&self) -> bool {
        self.listeners > 0
    }

    pub(super) fn take_fresh_names(&mut self) -> bool {
        std::mem::take(&mut self.fresh_names)
    }

    pub(super) fn take_ids(&mut self, doubt_due: bool) -> Vec<TopicId> {
        let mut ids = std::mem::take(&mut self.fresh_ids);
        if doubt_due {
            ids.append(&mut self.doubtful_ids);
        }
        ids.into_iter().collect()
    }

    pub(super) fn doubt_ids(&mut self, ids: impl IntoIterator<Item = TopicId>) {
        let nameless = |id: &TopicId| self.ids.get(id).is_some_and(|wanted| wanted.name.is_none());
        self.doubtful_ids.extend(ids.into_iter().filter(nameless));
    }
}

impl Cluster {
    /// Registers interest in the names of all topics, which are asked for in the next step and with every whole refresh.
    /// Each call is undone by one [`Self::unwant_names`]. Only names are kept.
    pub fn want_names(&mut self) {
        self.discovery.listeners += 1;
        self.discovery.fresh_names |= self.discovery.names.is_none();
    }

    /// Takes back one [`Self::want_names`].
    pub fn unwant_names(&mut self) {
        self.discovery.listeners = self.discovery.listeners.saturating_sub(1);
        if self.discovery.listeners == 0 {
            self.discovery.names = None;
            self.discovery.fresh_names = false;
        }
    }

    /// The names of all topics but Kafka's own, while somebody wants them and once they are known; and a number that
    /// rises when they change.
    #[must_use]
    pub fn names(&self) -> Option<(&BTreeSet<TopicName>, u64)> {
        Some((self.discovery.names.as_ref()?, self.discovery.names_version))
    }

    /// Registers interest in a topic of which only the id is known: it is asked for in the next step, and known by name
    /// from then on. Each call is undone by one [`Self::unwant_id`].
    pub fn want_id(&mut self, id: TopicId) {
        let wanted = self.discovery.ids.entry(id).or_default();
        wanted.users += 1;
        if wanted.users > 1 {
            return;
        }
        match self.names.get(&id).cloned() {
            Some(name) => {
                self.want(&name);
                wanted_id(&mut self.discovery, id, name);
            }
            None => {
                self.discovery.fresh_ids.insert(id);
            }
        }
    }

    /// Takes back one [`Self::want_id`].
    pub fn unwant_id(&mut self, id: TopicId) {
        let Some(wanted) = self.discovery.ids.get_mut(&id) else { return };
        wanted.users -= 1;
        if wanted.users > 0 {
            return;
        }
        let name = self.discovery.ids.remove(&id).and_then(|wanted| wanted.name);
        self.discovery.fresh_ids.remove(&id);
        self.discovery.doubtful_ids.remove(&id);
        if let Some(name) = name {
            self.unwant(&name);
        }
    }

    /// What an answer says of topics that are not known by name. To be called before their partitions are taken in.
    pub(super) fn discover(&mut self, response: &MetadataResponse, scope: &Scope) {
        match scope {
            Scope::All if self.discovery.wants_names() => {
                let listed =
                    |topic: &&MetadataResponseTopic| !topic.is_internal && topic.error_code.is_none();
                let names: BTreeSet<_> = response
                    .topics
                    .iter()
                    .filter(listed)
                    .filter_map(|topic| topic.name.as_ref())
                    .map(copy)
                    .collect();
                if self.discovery.names.as_ref() != Some(&names) {
                    self.discovery.names = Some(names);
                    self.discovery.names_version += 1;
                }
            }
            Scope::All | Scope::Topics(_) => {}
            Scope::Ids(asked) => {
                for topic in &response.topics {
                    let nameless =
                        self.discovery.ids.get(&topic.topic_id).is_some_and(|wanted| wanted.name.is_none());
                    let (true, true, Some(name)) = (nameless, topic.error_code.is_none(), &topic.name) else {
                        continue;
                    };
                    let name = copy(name);
                    *self.wanted.entry(name.clone()).or_insert(0) += 1;
                    wanted_id(&mut self.discovery, topic.topic_id, name);
                }
                self.discovery.doubt_ids(asked.iter().copied());
            }
        }
    }
}

fn wanted_id(discovery: &mut Discovery, id: TopicId, name: TopicName) {
    if let Some(wanted) = discovery.ids.get_mut(&id) {
        wanted.name = Some(name);
    }
}

/// A copy of its own, so that a name does not keep the answer in memory.
fn copy(name: &TopicName) -> TopicName {
    TopicName(ByteString::from(&**name))
}
