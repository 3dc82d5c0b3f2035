use std::str::FromStr;

use ottla_core::group as core;
use regex_lite::{Regex, RegexBuilder};
use thiserror::Error;

/// A regular expression for names of topics, which must match the whole name: `orders-.*` finds `orders-eu` and not
/// `old-orders-eu`.
///
/// With the consumer protocol the coordinator finds the topics, and reads the pattern as RE2 does; with the classic one
/// this client does, whenever it hears of the cluster's topics: when it joins, and every
/// [`metadata_max_age`](crate::ClientBuilder::metadata_max_age). What both understand alike is what names of topics can
/// need: literals, `.`, classes, groups, `|`, `*`, `+`, `?`, counts, `(?i)`. There are no back references, and matching takes
/// time in proportion to the name. Kafka's own topics are not found by this client. Java: `SubscriptionPattern`
/// (KIP-848), and `subscribe(Pattern)`.
///
/// ```
/// use ottla::consumer::group::TopicPattern;
///
/// let pattern = TopicPattern::new("orders-(eu|us)")?;
/// assert!(pattern.matches("orders-eu") && !pattern.matches("old-orders-eu"));
/// # Ok::<_, ottla::consumer::group::PatternError>(())
/// ```
#[derive(Clone, Debug)]
pub struct TopicPattern {
    text: String,
    compiled: Regex,
}

/// A text that is no [`TopicPattern`]: the caller's to mend.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{text:?} is no pattern for topics: {message}")]
#[non_exhaustive]
pub struct PatternError {
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub message: String,
}

impl TopicPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// If it is none, is empty, or would take more than a mebibyte once compiled.
    pub fn new(text: impl Into<String>) -> Result<Self, PatternError> {
        const MAX_COMPILED_BYTES: usize = 1 << 20;
        let text = text.into();
        if text.is_empty() {
            // On the wire that takes a pattern back.
            return Err(PatternError { text, message: "it is empty".to_owned() });
        }
        let compile = |text: &str| RegexBuilder::new(text).size_limit(MAX_COMPILED_BYTES).build();
        // By itself first: what surrounds it could close a group that it leaves open.
        match compile(&text).and_then(|_| compile(&format!("^(?:{text})$"))) {
            Ok(compiled) => Ok(Self { text, compiled }),
            Err(error) => Err(PatternError { text, message: error.to_string() }),
        }
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it finds a topic of that name.
    #[must_use]
    pub fn matches(&self, topic: &str) -> bool {
        self.compiled.is_match(topic)
    }

    pub(super) fn into_core(self) -> core::TopicPattern {
        let Self { text, compiled } = self;
        core::TopicPattern::new(text, move |topic| compiled.is_match(topic))
    }
}

impl FromStr for TopicPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_names_match_and_nonsense_is_refused() {
        for (text, name, matches) in [
            ("orders", "orders", true),
            ("orders", "orders-eu", false),
            ("eu|us", "us", true),
            // The alternative is within the whole, not the whole within the alternative.
            ("a|b", "ab", false),
            ("orders-[a-z]{2}", "orders-eu", true),
            ("(?i)ORDERS", "orders", true),
            ("o.d", "o\nd", false),
        ] {
            assert_eq!(TopicPattern::new(text).unwrap().matches(name), matches, "{text} and {name}");
        }
        for nonsense in ["", "(", "[", "a{2", "\\1", "a{99999}{99999}", ")("] {
            assert!(TopicPattern::new(nonsense).is_err(), "{nonsense}");
        }
    }
}
