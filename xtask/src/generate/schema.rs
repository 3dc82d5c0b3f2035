//! Kafka's message schemas as they stand in the jar: JSON with `//` comments.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

/// One schema file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Schema {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: Kind,
    pub(super) api_key: Option<i16>,
    #[serde(default)]
    pub(super) listeners: Vec<Listener>,
    pub(super) valid_versions: Versions,
    #[serde(default)]
    pub(super) flexible_versions: Versions,
    #[serde(default)]
    pub(super) latest_version_unstable: bool,
    #[serde(default)]
    pub(super) common_structs: Vec<Struct>,
    #[serde(default)]
    pub(super) fields: Vec<Field>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Request,
    Response,
    Header,
    Data,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Listener {
    Broker,
    Controller,
}

/// A struct that several fields of one message share.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Struct {
    pub(super) name: String,
    pub(super) versions: Versions,
    pub(super) fields: Vec<Field>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Field {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) versions: Versions,
    #[serde(default)]
    pub(super) nullable_versions: Versions,
    #[serde(default)]
    pub(super) tagged_versions: Versions,
    pub(super) flexible_versions: Option<Versions>,
    pub(super) tag: Option<u32>,
    pub(super) default: Option<serde_json::Value>,
    #[serde(default)]
    pub(super) ignorable: bool,
    pub(super) entity_type: Option<String>,
    #[serde(default)]
    pub(super) map_key: bool,
    #[serde(default)]
    pub(super) fields: Vec<Self>,
    // Read so that an attribute nobody thought of is an error; not used.
    #[serde(rename = "about")]
    _about: Option<String>,
    #[serde(rename = "zeroCopy")]
    _zero_copy: Option<bool>,
}

/// A range of versions; `min > max` is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Versions {
    pub(super) min: i16,
    /// `i16::MAX` is open.
    pub(super) max: i16,
}

impl Versions {
    pub(super) const NONE: Self = Self { min: i16::MAX, max: -1 };

    pub(super) fn is_empty(self) -> bool {
        self.min > self.max
    }

    pub(super) fn and(self, other: Self) -> Self {
        let both = Self { min: self.min.max(other.min), max: self.max.min(other.max) };
        if both.is_empty() { Self::NONE } else { both }
    }
}

impl Default for Versions {
    fn default() -> Self {
        Self::NONE
    }
}

impl TryFrom<String> for Versions {
    type Error = anyhow::Error;

    /// `none`, `3`, `3+` or `3-5`.
    fn try_from(text: String) -> Result<Self> {
        let number = |digits: &str| digits.parse::<i16>().with_context(|| format!("versions {text:?}"));
        if text == "none" {
            Ok(Self::NONE)
        } else if let Some(min) = text.strip_suffix('+') {
            Ok(Self { min: number(min)?, max: i16::MAX })
        } else if let Some((min, max)) = text.split_once('-') {
            Ok(Self { min: number(min)?, max: number(max)? })
        } else {
            Ok(Self { min: number(&text)?, max: number(&text)? })
        }
    }
}

/// Reads every schema in the jar, by name.
pub(super) fn read_jar(jar: &Path) -> Result<Vec<Schema>> {
    let file = File::open(jar).with_context(|| format!("cannot open {}", jar.display()))?;
    let mut archive = zip::ZipArchive::new(file)?;
    let mut schemas = Vec::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index)?;
        let name = entry.name().to_owned();
        if name.starts_with("common/message/") && name.ends_with(".json") {
            let mut text = String::new();
            entry.read_to_string(&mut text)?;
            let schema = serde_json::from_str::<Schema>(&without_comments(&text));
            schemas.push(schema.with_context(|| name)?);
        }
    }
    if schemas.is_empty() {
        bail!("{} holds no message schemas: is it a kafka-clients jar?", jar.display());
    }
    schemas.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(schemas)
}

fn without_comments(text: &str) -> String {
    let mut json = String::with_capacity(text.len());
    for line in text.lines() {
        let (mut quoted, mut escaped, mut end) = (false, false, line.len());
        for (at, letter) in line.char_indices() {
            if !quoted && line.get(at..).is_some_and(|rest| rest.starts_with("//")) {
                end = at;
                break;
            }
            quoted ^= letter == '"' && !escaped;
            escaped = letter == '\\' && !escaped;
        }
        json.push_str(line.get(..end).unwrap_or_default());
        json.push('\n');
    }
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go_and_quoted_slashes_stay() {
        assert_eq!(without_comments("// a\n{ \"b\": \"http://c\" } // d"), "\n{ \"b\": \"http://c\" } \n");
    }

    #[test]
    fn version_ranges_read_in_every_spelling() {
        let read = |text: &str| Versions::try_from(text.to_owned()).unwrap();
        assert_eq!(read("none"), Versions::NONE);
        assert_eq!(read("3"), Versions { min: 3, max: 3 });
        assert_eq!(read("3+"), Versions { min: 3, max: i16::MAX });
        assert_eq!(read("3-5"), Versions { min: 3, max: 5 });
        assert!(Versions::try_from("x".to_owned()).is_err());
    }
}
