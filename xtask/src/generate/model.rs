//! Schemas resolved into what the Rust code needs: names, types, versions that really occur.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail, ensure};

use super::schema::{Field as SchemaField, Kind, Listener, Schema, Versions};

/// One message that has at least one version.
pub(super) struct Message {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) api_key: Option<i16>,
    pub(super) listeners: Vec<Listener>,
    pub(super) versions: Versions,
    pub(super) first_flexible: Option<i16>,
    pub(super) latest_unstable: bool,
    /// The message itself first, then its nested structs in the order of their first use.
    pub(super) structs: Vec<Struct>,
}

pub(super) struct Struct {
    pub(super) name: String,
    /// The versions in which it can occur.
    pub(super) versions: Versions,
    pub(super) fields: Vec<Field>,
}

pub(super) struct Field {
    /// In snake case, as errors name it.
    pub(super) name: String,
    pub(super) kind: Type,
    pub(super) versions: Versions,
    pub(super) nullable: Versions,
    pub(super) tag: Option<u32>,
    pub(super) default: Default,
    pub(super) ignorable: bool,
    pub(super) map_key: bool,
    /// Only the client id of the request header: never compact.
    pub(super) inflexible: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Primitive(Primitive),
    /// Index into the message's structs by name.
    Struct(String),
    Array(Box<Self>),
}

/// A type of the wire, and the newtype it wears, if any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Primitive {
    pub(super) wire: Wire,
    pub(super) newtype: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    Bool,
    Number(&'static str),
    String,
    Uuid,
    Bytes,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Default {
    /// Zero, false, empty.
    Zero,
    Null,
    True,
    Number(String),
}

/// Resolves every schema that has versions.
pub(super) fn resolve(schemas: Vec<Schema>) -> Result<Vec<Message>> {
    let live = schemas.into_iter().filter(|schema| !schema.valid_versions.is_empty());
    let mut messages = Vec::new();
    for schema in live {
        let name = schema.name.clone();
        messages.push(Resolver::message(schema).with_context(|| format!("schema {name}"))?);
    }
    separate_names(&mut messages);
    Ok(messages)
}

impl Message {
    /// The API's name: the message's without `Request` or `Response`.
    pub(super) fn api(&self) -> &str {
        match self.kind {
            Kind::Request => self.name.trim_end_matches("Request"),
            Kind::Response => self.name.trim_end_matches("Response"),
            Kind::Header | Kind::Data => &self.name,
        }
    }

    /// The file that holds it.
    pub(super) fn module(&self) -> String {
        match (self.kind, self.name.as_str()) {
            (Kind::Header, _) => "header".to_owned(),
            (_, "ConsumerProtocolAssignment" | "ConsumerProtocolSubscription") => {
                "consumer_protocol".to_owned()
            }
            _ => snake(self.api()),
        }
    }
}

struct Resolver {
    versions: Versions,
    common: BTreeMap<String, (Versions, Vec<SchemaField>)>,
    structs: Vec<Struct>,
}

impl Resolver {
    fn message(schema: Schema) -> Result<Message> {
        let versions = schema.valid_versions;
        let flexible = schema.flexible_versions.and(versions);
        ensure!(
            flexible.is_empty() || flexible.max == versions.max,
            "flexible versions do not reach the highest version"
        );
        let common = schema.common_structs.into_iter().map(|s| (s.name, (s.versions, s.fields))).collect();
        let mut resolver = Self { versions, common, structs: Vec::new() };
        resolver.add_struct(schema.name.clone(), versions, schema.fields)?;
        Ok(Message {
            name: schema.name,
            kind: schema.kind,
            api_key: schema.api_key,
            listeners: schema.listeners,
            versions,
            first_flexible: (!flexible.is_empty()).then_some(flexible.min),
            latest_unstable: schema.latest_version_unstable,
            structs: resolver.structs,
        })
    }

    fn add_struct(&mut self, name: String, versions: Versions, fields: Vec<SchemaField>) -> Result<()> {
        let place = self.structs.len();
        self.structs.push(Struct { name, versions, fields: Vec::new() });
        let mut resolved = Vec::new();
        for field in fields {
            let name = field.name.clone();
            resolved.extend(self.field(field, versions).with_context(|| format!("field {name}"))?);
        }
        self.structs.get_mut(place).context("the struct was just added")?.fields = resolved;
        Ok(())
    }

    /// `None` if no version that is left has the field.
    fn field(&mut self, field: SchemaField, parent: Versions) -> Result<Option<Field>> {
        let versions = field.versions.and(parent);
        if versions.is_empty() {
            return Ok(None);
        }
        let tagged = field.tagged_versions.and(versions);
        ensure!(tagged.is_empty() || tagged == versions, "tagged in some of its versions only");
        ensure!(field.flexible_versions.is_none_or(Versions::is_empty), "flexible versions of its own");
        let kind = self.field_type(&field.name, &field.kind, field.entity_type.as_deref())?;
        let nullable = field.nullable_versions.and(versions);
        ensure!(
            tagged.is_empty() || nullable.is_empty() || nullable == versions,
            "tagged, sometimes nullable"
        );
        let default = default(field.default.as_ref(), &kind)?;
        if let Some(name) = struct_name(&field.kind) {
            self.nested(name, versions, field.fields)?;
        }
        Ok(Some(Field {
            name: snake(&field.name),
            kind,
            versions,
            nullable,
            tag: field.tag.filter(|_| !tagged.is_empty()),
            default,
            ignorable: field.ignorable,
            map_key: field.map_key,
            inflexible: field.flexible_versions.is_some(),
        }))
    }

    fn nested(&mut self, name: &str, versions: Versions, fields: Vec<SchemaField>) -> Result<()> {
        if !fields.is_empty() {
            return self.add_struct(name.to_owned(), versions, fields);
        }
        // A shared struct: several fields may use it, so it may occur wherever the message allows.
        match self.common.remove(name) {
            Some((versions, fields)) => self.add_struct(name.to_owned(), versions.and(self.versions), fields),
            None if self.structs.iter().any(|known| known.name == name) => Ok(()),
            None => bail!("struct {name} is not defined"),
        }
    }

    fn field_type(&self, name: &str, kind: &str, entity: Option<&str>) -> Result<Type> {
        if let Some(element) = kind.strip_prefix("[]") {
            return Ok(Type::Array(Box::new(self.field_type(name, element, entity)?)));
        }
        if struct_name(kind).is_some() {
            return Ok(Type::Struct(kind.to_owned()));
        }
        let wire = match kind {
            "bool" => Wire::Bool,
            "int8" => Wire::Number("i8"),
            "int16" => Wire::Number("i16"),
            "uint16" => Wire::Number("u16"),
            "int32" => Wire::Number("i32"),
            "uint32" => Wire::Number("u32"),
            "int64" => Wire::Number("i64"),
            "float64" => Wire::Number("f64"),
            "string" => Wire::String,
            "uuid" => Wire::Uuid,
            "bytes" | "records" => Wire::Bytes,
            other => bail!("unknown type {other}"),
        };
        Ok(Type::Primitive(Primitive { wire, newtype: newtype(name, kind, entity)? }))
    }
}

/// Which newtype of the crate a field wears: by the schema's entity type, else by a name that leaves no doubt.
fn newtype(name: &str, kind: &str, entity: Option<&str>) -> Result<Option<&'static str>> {
    Ok(Some(match (entity, kind) {
        (Some("brokerId"), "int32") => "BrokerId",
        (Some("topicName"), "string") => "TopicName",
        (Some("producerId"), "int64") => "ProducerId",
        (Some("groupId"), "string") => "GroupId",
        (Some("transactionalId"), "string") => "TransactionalId",
        (Some(other), _) => bail!("unknown entity type {other} of {kind}"),
        (None, "uuid") if name == "TopicId" => "TopicId",
        (None, "uuid") => "Uuid",
        (None, "int16") if name.ends_with("ErrorCode") => "ErrorCode",
        (None, "int16") if name.ends_with("ProducerEpoch") => "ProducerEpoch",
        (None, "int32") if name.ends_with("LeaderEpoch") || name == "LastFetchedEpoch" => "LeaderEpoch",
        (None, _) => return Ok(None),
    }))
}

fn default(value: Option<&serde_json::Value>, kind: &Type) -> Result<Default> {
    let text = match value {
        None => return Ok(Default::Zero),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    Ok(match (text.as_str(), kind) {
        ("null", _) => Default::Null,
        ("", _) | ("0", Type::Primitive(_)) => Default::Zero,
        ("true" | "True", _) => Default::True,
        ("false" | "False", _) => Default::Zero,
        (number, Type::Primitive(Primitive { wire: Wire::Number(rust), .. })) => {
            let value = match number.strip_prefix("0x") {
                Some(hex) => i64::from_str_radix(hex, 16)?,
                None => number.parse()?,
            };
            match (*rust, value) {
                ("i32", 0x7fff_ffff) => Default::Number("i32::MAX".to_owned()),
                ("i32", -0x8000_0000) => Default::Number("i32::MIN".to_owned()),
                ("i64", i64::MAX) => Default::Number("i64::MAX".to_owned()),
                _ => Default::Number(value.to_string()),
            }
        }
        (other, _) => bail!("unknown default {other:?}"),
    })
}

fn struct_name(kind: &str) -> Option<&str> {
    let element = kind.trim_start_matches("[]");
    element.starts_with(|letter: char| letter.is_ascii_uppercase()).then_some(element)
}

/// Messages of one file share its namespace: nested structs whose names clash get their message's kind in front.
fn separate_names(messages: &mut [Message]) {
    const TAKEN: [&str; 10] = [
        "Bytes",
        "ByteString",
        "ErrorCode",
        "Message",
        "Reader",
        "Request",
        "Response",
        "TopicName",
        "Vec",
        "Writer",
    ];
    let mut uses = BTreeMap::<(String, String), usize>::new();
    for message in messages.iter() {
        for nested in &message.structs {
            *uses.entry((message.module(), nested.name.clone())).or_default() += 1;
        }
    }
    for message in messages {
        let module = message.module();
        let prefix = match message.kind {
            Kind::Request => "Request",
            Kind::Response => "Response",
            Kind::Header | Kind::Data => message.name.trim_start_matches("ConsumerProtocol"),
        };
        let clashing: BTreeSet<String> = (message.structs.iter().map(|nested| nested.name.clone()))
            .filter(|name| {
                TAKEN.contains(&name.as_str()) || uses.get(&(module.clone(), name.clone())) > Some(&1)
            })
            .collect();
        let renamed = |name: &mut String| {
            if clashing.contains(name) {
                name.insert_str(0, prefix);
            }
        };
        for nested in &mut message.structs {
            renamed(&mut nested.name);
            for field in &mut nested.fields {
                match &mut field.kind {
                    Type::Struct(name) => renamed(name),
                    Type::Array(element) => {
                        if let Type::Struct(name) = element.as_mut() {
                            renamed(name);
                        }
                    }
                    Type::Primitive(_) => {}
                }
            }
        }
    }
}

/// `TopicAuthorizedOperations` as `topic_authorized_operations`.
pub(super) fn snake(name: &str) -> String {
    // The one word that Kafka spells with two capitals.
    let name = name.replace("KRaft", "Kraft");
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| letters.get(before));
        let after = letters.get(at + 1);
        let starts_word = before.is_some_and(|before| !before.is_uppercase())
            || (before.is_some() && after.is_some_and(|after| after.is_lowercase()));
        if letter.is_uppercase() && starts_word {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_turn_into_snake_case() {
        assert_eq!(snake("TopicAuthorizedOperations"), "topic_authorized_operations");
        assert_eq!(snake("timeoutMs"), "timeout_ms");
        assert_eq!(snake("V3AndBelowProducerId"), "v3_and_below_producer_id");
        assert_eq!(snake("KRaftVersionRecord"), "kraft_version_record");
    }
}
