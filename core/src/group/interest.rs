//! What a member wants to read: topics by name, and those that a pattern finds.
//!
//! In the consumer protocol the coordinator finds the topics of a pattern, and the member learns their names from their
//! ids. In the classic one the member looks through the names of all topics, and joins again when what it finds changes.

use std::collections::BTreeSet;
use std::fmt;

use bytestring::ByteString;
use ottla_proto::{TopicId, TopicName};

use super::member::{Member, Protocol};
use super::ownership::Cause;
use crate::net::Net;
use crate::sync::Arc;
use crate::wait::WaitReason;

/// A pattern for names of topics. Its text is for the coordinator, which reads it as RE2 does; the function is for this
/// side. Both are to match whole names.
#[derive(Clone)]
pub struct TopicPattern {
    text: ByteString,
    matches: Arc<dyn Fn(&str) -> bool + Send + Sync>,
}

impl TopicPattern {
    /// A pattern of this text, which is what `matches` does.
    pub fn new(text: impl Into<ByteString>, matches: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self { text: text.into(), matches: Arc::new(matches) }
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> &ByteString {
        &self.text
    }

    /// Whether a topic has such a name.
    #[must_use]
    pub fn matches(&self, topic: &TopicName) -> bool {
        (self.matches)(topic)
    }
}

impl PartialEq for TopicPattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for TopicPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TopicPattern").field(&self.text).finish()
    }
}

/// What of the cluster a member has registered interest in.
#[derive(Debug, Default)]
pub(super) struct Interest {
    /// Topics by name: those that the application named and those that its pattern found.
    topics: BTreeSet<TopicName>,
    /// Topics that the coordinator named by id.
    ids: BTreeSet<TopicId>,
    /// Whether the names of all topics are followed.
    follows_names: bool,
    /// How often the application changed its mind.
    pub(super) revision: u64,
    /// What `topics` was worked out from: the revision, and the version of all names.
    seen: Option<(u64, Option<u64>)>,
}

impl Interest {
    pub(super) fn topics(&self) -> &BTreeSet<TopicName> {
        &self.topics
    }
}

impl Member {
    /// The application wants to read something else from now on.
    pub(super) fn subscribe(&mut self, topics: Vec<TopicName>, pattern: Option<TopicPattern>, net: &mut Net) {
        if self.has_ended() || (&self.config.topics, &self.config.pattern) == (&topics, &pattern) {
            return;
        }
        self.config.topics = topics;
        self.config.pattern = pattern;
        self.interest.revision += 1;
        self.consumer.because(Cause::Subscription);
        self.follow_topics(net);
    }

    /// Works out anew which topics are read, if that may have changed.
    pub(super) fn follow_topics(&mut self, net: &mut Net) {
        let finds = self.finds_topics();
        if finds != self.interest.follows_names {
            self.interest.follows_names = finds;
            if finds { net.cluster_mut().want_names() } else { net.cluster_mut().unwant_names() }
        }
        let names = net.cluster().names().filter(|_| finds);
        if finds && names.is_none() {
            // What was found before stands until there is an answer.
            return;
        }
        let seen = (self.interest.revision, names.map(|(_, version)| version));
        if self.interest.seen == Some(seen) {
            return;
        }
        let found = names.into_iter().flat_map(|(names, _)| names).filter(|name| self.covers(name));
        let topics: BTreeSet<_> = self.config.topics.iter().chain(found).cloned().collect();
        let before = std::mem::replace(&mut self.interest.topics, topics);
        for topic in self.interest.topics.difference(&before) {
            net.cluster_mut().want(topic);
        }
        for topic in before.difference(&self.interest.topics) {
            net.cluster_mut().unwant(topic);
        }
        let is_first = self.interest.seen.replace(seen).is_none();
        if self.protocol == Some(Protocol::Classic) && !is_first && before != self.interest.topics {
            self.classic.rejoin(Cause::Subscription);
        }
    }

    /// Whether this member itself looks for the topics of a pattern.
    fn finds_topics(&self) -> bool {
        self.config.pattern.is_some() && self.protocol == Some(Protocol::Classic) && !self.has_ended()
    }

    /// Whether it is known which topics there are to be read.
    pub(super) fn knows_topics(&self, net: &Net) -> bool {
        !self.finds_topics() || net.cluster().names().is_some()
    }

    /// What a member waits for that cannot say yet which topics it wants.
    pub(super) fn names_reason(&self) -> WaitReason {
        let text = self.config.pattern.as_ref().map(|pattern| pattern.text().clone());
        WaitReason::Metadata { topic: TopicName(text.unwrap_or_default()) }
    }

    /// Whether the application wants this topic.
    pub(super) fn covers(&self, topic: &TopicName) -> bool {
        let by_pattern = self.config.pattern.as_ref().is_some_and(|pattern| pattern.matches(topic));
        by_pattern || self.config.topics.contains(topic)
    }

    /// Follows the topics that the coordinator named by id, and those that are being given up.
    pub(super) fn follow_ids(&mut self, target: impl IntoIterator<Item = TopicId>, net: &mut Net) {
        let owned = self.edge.owned();
        let owned = owned.iter().filter_map(|ownership| ownership.topic_id());
        let ids: BTreeSet<_> = target.into_iter().chain(owned).collect();
        let before = std::mem::replace(&mut self.interest.ids, ids);
        for id in self.interest.ids.difference(&before) {
            net.cluster_mut().want_id(*id);
        }
        for id in before.difference(&self.interest.ids) {
            net.cluster_mut().unwant_id(*id);
        }
    }

    /// Nothing of the cluster concerns this member any more.
    pub(super) fn forget_topics(&mut self, net: &mut Net) {
        let Interest { topics, ids, follows_names, .. } = std::mem::take(&mut self.interest);
        for topic in topics {
            net.cluster_mut().unwant(&topic);
        }
        for id in ids {
            net.cluster_mut().unwant_id(id);
        }
        if follows_names {
            net.cluster_mut().unwant_names();
        }
    }
}
