//! The model as Rust: one file per API.

use std::fmt::Write as _;

use super::model::{Default, Field, Message, Primitive, Struct, Type, Wire};
use super::schema::{Kind, Versions};

/// One source file, not yet formatted.
pub(super) struct SourceFile {
    /// Relative to the folder of the messages.
    pub(super) name: String,
    pub(super) text: String,
}

/// The first line of every generated file.
pub(super) const HEAD: &str =
    "// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.\n\n";

/// Writes to a `String`, which cannot fail.
macro_rules! emit {
    ($out:expr, $($format:tt)*) => { { let _ = writeln!($out, $($format)*); } };
}
pub(super) use emit;

/// The file that holds these messages: the request and response of one API, or a few that belong together.
pub(super) fn file(module: &str, messages: &[&Message]) -> SourceFile {
    let mut body = String::new();
    for message in messages {
        let mut structs = message.structs.iter();
        if let Some(top) = structs.next() {
            message_struct(&mut body, message, top);
        }
        for nested in structs {
            nested_struct(&mut body, message, nested);
        }
    }
    let mut text = HEAD.to_owned();
    emit!(text, "//! {}\n", module_doc(messages));
    imports(&mut text, &body);
    text.push_str(&body);
    SourceFile { name: format!("{module}.rs"), text }
}

fn module_doc(messages: &[&Message]) -> String {
    match messages {
        [one, ..] if one.api_key.is_some() => {
            format!("The `{}` API: its request and its response.", one.api())
        }
        [one] => format!("`{}`.", one.name),
        all => {
            let names: Vec<String> = all.iter().map(|message| format!("`{}`", message.name)).collect();
            format!("{}.", names.join(" and "))
        }
    }
}

/// Imports what the body names.
fn imports(text: &mut String, body: &str) {
    const OUTSIDE: [(&str, &[&str]); 4] = [
        ("bytes", &["Bytes"]),
        ("bytestring", &["ByteString"]),
        (
            "crate::wire",
            &[
                "DecodeError",
                "EncodeError",
                "Message",
                "Reader",
                "Request",
                "Response",
                "TaggedFields",
                "UnknownTaggedField",
                "VersionRange",
                "Writer",
            ],
        ),
        (
            "crate",
            &[
                "ApiKey",
                "BrokerId",
                "ErrorCode",
                "GroupId",
                "LeaderEpoch",
                "ProducerEpoch",
                "ProducerId",
                "TopicId",
                "TopicName",
                "TransactionalId",
                "Uuid",
            ],
        ),
    ];
    let words: std::collections::BTreeSet<&str> =
        body.split(|letter: char| !letter.is_alphanumeric() && letter != '_').collect();
    for (path, names) in OUTSIDE {
        let used: Vec<&str> = names.iter().copied().filter(|name| words.contains(name)).collect();
        if !used.is_empty() {
            emit!(text, "use {path}::{{{}}};", used.join(", "));
        }
    }
    text.push('\n');
}

fn message_struct(out: &mut String, message: &Message, top: &Struct) {
    emit!(out, "{}", message_doc(message));
    definition(out, message, top);

    let name = &top.name;
    let Versions { min, max } = message.versions;
    let first_flexible = message.first_flexible.map_or("i16::MAX".to_owned(), |first| first.to_string());
    emit!(out, "impl Message for {name} {{");
    emit!(out, "const NAME: &'static str = \"{name}\";");
    emit!(out, "const VERSIONS: VersionRange = VersionRange::new({min}, {max});");
    emit!(out, "const FIRST_FLEXIBLE: i16 = {first_flexible};\n");
    read(out, message, top, "reader.start::<Self>(version)?;");
    write(out, message, top, "writer.start::<Self>(version)?;");
    emit!(out, "}}\n");

    let key = super::model::snake(message.api()).to_uppercase();
    match message.kind {
        Kind::Request => {
            emit!(out, "impl Request for {name} {{");
            emit!(out, "const KEY: ApiKey = ApiKey::{key};");
            emit!(out, "const LATEST_STABLE: i16 = {};", max - i16::from(message.latest_unstable));
            emit!(out, "type Response = {}Response;", message.api());
            emit!(out, "}}\n");
        }
        Kind::Response => {
            emit!(out, "impl Response for {name} {{");
            emit!(out, "const KEY: ApiKey = ApiKey::{key};\n");
            accessor(out, top, "throttle_time_ms", "i32");
            accessor(out, top, "error_code", "ErrorCode");
            if message.api() == "ApiVersions" {
                // A client that asks too high a version must still be able to read the answer (KIP-511).
                emit!(out, "fn header_version(_version: i16) -> i16 {{ 0 }}");
            }
            emit!(out, "}}\n");
        }
        Kind::Header | Kind::Data => {}
    }
}

fn accessor(out: &mut String, top: &Struct, field: &str, kind: &str) {
    let value = if top.fields.iter().any(|known| known.name == field) {
        format!("Some(self.{field})")
    } else {
        "None".to_owned()
    };
    emit!(out, "fn {field}(&self) -> Option<{kind}> {{ {value} }}\n");
}

fn nested_struct(out: &mut String, message: &Message, nested: &Struct) {
    emit!(out, "/// Part of [`{}`].", message.name);
    definition(out, message, nested);
    emit!(out, "impl {} {{", nested.name);
    read(out, message, nested, "");
    write(out, message, nested, "");
    emit!(out, "}}\n");
}

fn message_doc(message: &Message) -> String {
    let mut doc = match (message.kind, message.api_key) {
        (Kind::Request, Some(key)) => format!("/// Asks `{}` (API key {key}): ", message.api()),
        (Kind::Response, Some(key)) => format!("/// Answers `{}` (API key {key}): ", message.api()),
        _ => format!("/// `{}`: ", message.name),
    };
    let Versions { min, max } = message.versions;
    let _ = if min == max { write!(doc, "version {min}") } else { write!(doc, "versions {min}-{max}") };
    if message.latest_unstable {
        let _ = write!(doc, " ({max} is not stable)");
    }
    match message.first_flexible {
        Some(first) if first == min => doc.push_str(", flexible."),
        Some(first) => {
            let _ = write!(doc, ", flexible since {first}.");
        }
        None => doc.push('.'),
    }
    doc
}

fn definition(out: &mut String, message: &Message, item: &Struct) {
    let derived = item.fields.iter().all(is_type_default);
    emit!(out, "#[derive(Clone, Debug{}, PartialEq)]", if derived { ", Default" } else { "" });
    emit!(out, "pub struct {} {{", item.name);
    for field in &item.fields {
        emit!(out, "/// {}", field_doc(field, item.versions));
        emit!(out, "pub {}: {},", ident(field), rust_type(field));
    }
    if is_flexible(message, item) {
        emit!(out, "/// Tagged fields without a name here, as they came.");
        emit!(out, "pub unknown_tagged_fields: Vec<UnknownTaggedField>,");
    }
    emit!(out, "}}\n");
    if derived {
        return;
    }
    emit!(out, "impl Default for {} {{ fn default() -> Self {{ Self {{", item.name);
    for field in &item.fields {
        emit!(out, "{}: {},", ident(field), default_value(field));
    }
    if is_flexible(message, item) {
        emit!(out, "unknown_tagged_fields: Vec::new(),");
    }
    emit!(out, "}} }} }}\n");
}

fn is_flexible(message: &Message, item: &Struct) -> bool {
    message.first_flexible.is_some_and(|first| first <= item.versions.max)
}

fn field_doc(field: &Field, within: Versions) -> String {
    let range = |versions: Versions| match (versions.min > within.min, versions.max < within.max) {
        (false, false) => None,
        (true, false) => Some(format!("since version {}", versions.min)),
        (false, true) => Some(format!("up to version {}", versions.max)),
        (true, true) if versions.min == versions.max => Some(format!("in version {} only", versions.min)),
        (true, true) => Some(format!("in versions {}-{}", versions.min, versions.max)),
    };
    let mut doc = match range(field.versions) {
        None => "In every version".to_owned(),
        Some(range) => capitalised(&range),
    };
    if let Some(tag) = field.tag {
        let _ = write!(doc, ", as tag {tag}");
    }
    if !field.nullable.is_empty() {
        if field.nullable == field.versions {
            doc.push_str("; may be null");
        } else {
            let nullable = range(field.nullable).unwrap_or_default();
            let _ = write!(doc, "; may be null {nullable}");
        }
    }
    doc.push('.');
    match &field.default {
        Default::Zero => {}
        Default::Null => doc.push_str(" Default null."),
        Default::True => doc.push_str(" Default true."),
        Default::Number(number) => {
            let _ = write!(doc, " Default {number}.");
        }
    }
    if field.ignorable && field.versions != within {
        doc.push_str(" Ignorable.");
    }
    if field.map_key {
        doc.push_str(" A key: no two elements share it.");
    }
    doc
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn read(out: &mut String, message: &Message, item: &Struct, start: &str) {
    let mut body = String::new();
    emit!(body, "{start}");
    let tagged: Vec<&Field> = item.fields.iter().filter(|field| field.tag.is_some()).collect();
    emit!(body, "{} Self {{", if tagged.is_empty() { "Ok(" } else { "let mut message = " });
    for field in &item.fields {
        let name = ident(field);
        match condition(field.versions, item.versions) {
            _ if field.tag.is_some() => emit!(body, "{name}: {},", default_value(field)),
            None => emit!(body, "{name}: {},", read_field(field)),
            Some(condition) => {
                emit!(
                    body,
                    "{name}: if {condition} {{ {} }} else {{ {} }},",
                    read_field(field),
                    default_value(field)
                );
            }
        }
    }
    match (is_flexible(message, item), tagged.is_empty()) {
        (false, _) => {}
        (true, true) => emit!(body, "unknown_tagged_fields: reader.unknown_tagged_fields()?,"),
        (true, false) => emit!(body, "unknown_tagged_fields: Vec::new(),"),
    }
    if tagged.is_empty() {
        emit!(body, "}})");
    } else {
        emit!(body, "}};");
        emit!(body, "message.unknown_tagged_fields = reader.tagged_fields(|reader, tag| {{ match tag {{");
        for field in tagged {
            let condition = condition(field.versions, item.versions);
            let guard = condition.map(|condition| format!(" if {condition}")).unwrap_or_default();
            let tag = field.tag.unwrap_or_default();
            emit!(body, "{tag}{guard} => message.{} = {},", ident(field), read_field(field));
        }
        emit!(body, "_ => return Ok(false), }} Ok(true) }})?;");
        emit!(body, "Ok(message)");
    }
    let (reader, version) = (used(&body, "reader"), used(&body, "version"));
    emit!(out, "fn read({reader}: &mut Reader, {version}: i16) -> Result<Self, DecodeError> {{");
    out.push_str(&body);
    emit!(out, "}}\n");
}

/// The name of a parameter, marked if the body has no use for it.
fn used(body: &str, name: &str) -> String {
    let is_used =
        body.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|word| word == name);
    if is_used { name.to_owned() } else { format!("_{name}") }
}

fn read_field(field: &Field) -> String {
    let not_nullable = || read_value(field, &field.kind);
    if field.nullable.is_empty() {
        return not_nullable();
    }
    let label = &field.name;
    let nullable = match &field.kind {
        Type::Struct(name) => {
            format!(
                "if reader.is_present(\"{label}\")? {{ Some({name}::read(reader, version)?) }} else {{ None }}"
            )
        }
        Type::Array(element) => {
            format!("reader.nullable_array(\"{label}\", |reader| {})?", read_result(field, element))
        }
        Type::Primitive(primitive) => {
            let method = match primitive.wire {
                Wire::String if field.inflexible => "inflexible_nullable_string",
                Wire::String => "nullable_string",
                _ => "nullable_bytes",
            };
            let newtype = primitive.newtype.map(|name| format!(".map({name})")).unwrap_or_default();
            format!("reader.{method}(\"{label}\")?{newtype}")
        }
    };
    match condition(field.nullable, field.versions) {
        None => nullable,
        Some(condition) => format!("if {condition} {{ {nullable} }} else {{ Some({}) }}", not_nullable()),
    }
}

/// An expression of the value.
fn read_value(field: &Field, kind: &Type) -> String {
    let label = &field.name;
    match kind {
        Type::Struct(name) => format!("{name}::read(reader, version)?"),
        Type::Array(element) => {
            format!("reader.array(\"{label}\", |reader| {})?", read_result(field, element))
        }
        Type::Primitive(primitive) => {
            let value = format!("reader.{}(\"{label}\")?", method(primitive));
            primitive.newtype.map_or_else(|| value.clone(), |name| format!("{name}({value})"))
        }
    }
}

/// An expression of the value or its error.
fn read_result(field: &Field, kind: &Type) -> String {
    let label = &field.name;
    match kind {
        Type::Struct(name) => format!("{name}::read(reader, version)"),
        Type::Array(_) => format!("Ok({})", read_value(field, kind)),
        Type::Primitive(primitive) => {
            let newtype = primitive.newtype.map(|name| format!(".map({name})")).unwrap_or_default();
            format!("reader.{}(\"{label}\"){newtype}", method(primitive))
        }
    }
}

fn write(out: &mut String, message: &Message, item: &Struct, start: &str) {
    let mut body = String::new();
    emit!(body, "{start}");
    for field in item.fields.iter().filter(|field| field.tag.is_none()) {
        let mut present = String::new();
        null_check(&mut present, field);
        write_field(&mut present, field, "writer");
        match condition(field.versions, item.versions) {
            None => body.push_str(&present),
            Some(condition) => {
                emit!(body, "if {condition} {{ {present} }}");
                refusal(&mut body, field);
            }
        }
    }
    let tagged: Vec<&Field> = item.fields.iter().filter(|field| field.tag.is_some()).collect();
    if is_flexible(message, item) {
        if tagged.is_empty() {
            emit!(body, "writer.unknown_tagged_fields(&self.unknown_tagged_fields)");
        } else {
            emit!(body, "let mut tagged = TaggedFields::default();");
            for field in tagged {
                let mut present = String::new();
                emit!(present, "let mut field = writer.tagged_field();");
                write_field(&mut present, field, "field");
                emit!(present, "tagged.push({}, field);", field.tag.unwrap_or_default());
                let in_version = condition(field.versions, item.versions);
                let written =
                    in_version.iter().cloned().chain([is_set(field)]).collect::<Vec<_>>().join(" && ");
                emit!(body, "if {written} {{ {present} }}");
                if in_version.is_some() {
                    refusal(&mut body, field);
                }
            }
            emit!(body, "writer.tagged_fields(tagged, &self.unknown_tagged_fields)");
        }
    } else {
        emit!(body, "Ok(())");
    }
    let (writer, version) = (used(&body, "writer"), used(&body, "version"));
    emit!(out, "fn write(&self, {writer}: &mut Writer, {version}: i16) -> Result<(), EncodeError> {{");
    out.push_str(&body);
    emit!(out, "}}\n");
}

/// What follows the `if` that writes a field: leaving out what is set must not go unnoticed.
fn refusal(body: &mut String, field: &Field) {
    if !field.ignorable {
        emit!(body, "else if {} {{", is_set(field));
        emit!(body, "return Err(writer.field_not_in_version(\"{}\"));", field.name);
        emit!(body, "}}");
    }
}

fn null_check(body: &mut String, field: &Field) {
    if field.nullable.is_empty() {
        return;
    }
    if let Some(condition) = condition(field.nullable, field.versions) {
        let negated = match condition.strip_prefix("version >= ") {
            Some(first) => format!("version < {first}"),
            None => format!("!({condition})"),
        };
        emit!(body, "if {negated} && self.{}.is_none() {{", ident(field));
        emit!(body, "return Err(writer.null_not_allowed(\"{}\"));", field.name);
        emit!(body, "}}");
    }
}

fn write_field(body: &mut String, field: &Field, writer: &str) {
    let (name, label) = (ident(field), &field.name);
    let nullable = !field.nullable.is_empty();
    // A nested writer is a value, the parameter a reference.
    let by_reference = if writer == "writer" { "writer" } else { "&mut field" };
    match (&field.kind, nullable) {
        (Type::Struct(_), false) => emit!(body, "self.{name}.write({by_reference}, version)?;"),
        (Type::Struct(_), true) => {
            emit!(body, "{writer}.presence(self.{name}.is_some());");
            emit!(body, "if let Some({name}) = &self.{name} {{ {name}.write({by_reference}, version)?; }}");
        }
        (Type::Array(element), nullable) => {
            let elements = if nullable {
                let count = format!("self.{name}.as_ref().map(Vec::len)");
                emit!(body, "{writer}.nullable_array_length(\"{label}\", {count})?;");
                format!("self.{name}.iter().flatten()")
            } else {
                emit!(body, "{writer}.array_length(\"{label}\", self.{name}.len())?;");
                format!("&self.{name}")
            };
            emit!(body, "for element in {elements} {{");
            match element.as_ref() {
                Type::Primitive(primitive) => match primitive.wire {
                    Wire::String | Wire::Bytes => {
                        emit!(body, "{writer}.{}(\"{label}\", element)?;", method(primitive));
                    }
                    Wire::Bool | Wire::Number(_) | Wire::Uuid => {
                        let value = if primitive.newtype.is_some() { "element.0" } else { "*element" };
                        emit!(body, "{writer}.{}({value});", method(primitive));
                    }
                },
                _ => emit!(body, "element.write({by_reference}, version)?;"),
            }
            emit!(body, "}}");
        }
        (Type::Primitive(primitive), nullable) => match (primitive.wire, nullable) {
            (Wire::String, true) => {
                let method = if field.inflexible { "inflexible_nullable_string" } else { "nullable_string" };
                emit!(body, "{writer}.{method}(\"{label}\", self.{name}.as_deref())?;");
            }
            (Wire::Bytes, true) => {
                emit!(body, "{writer}.nullable_bytes(\"{label}\", self.{name}.as_ref())?;");
            }
            (Wire::String | Wire::Bytes, false) => {
                emit!(body, "{writer}.{}(\"{label}\", &self.{name})?;", method(primitive));
            }
            _ => {
                let inner = if primitive.newtype.is_some() { ".0" } else { "" };
                emit!(body, "{writer}.{}(self.{name}{inner});", method(primitive));
            }
        },
    }
}

/// The method of `Reader` and `Writer`.
fn method(primitive: &Primitive) -> &'static str {
    match primitive.wire {
        Wire::Bool => "bool",
        Wire::Number(name) => name,
        Wire::String => "string",
        Wire::Uuid => "uuid",
        Wire::Bytes => "bytes",
    }
}

/// Whether a version of `within` lies in `versions`; `None` if each does.
fn condition(versions: Versions, within: Versions) -> Option<String> {
    match (versions.min > within.min, versions.max < within.max) {
        (false, false) => None,
        (true, false) => Some(format!("version >= {}", versions.min)),
        (false, true) => Some(format!("version <= {}", versions.max)),
        (true, true) if versions.min == versions.max => Some(format!("version == {}", versions.min)),
        (true, true) => Some(format!("({}..={}).contains(&version)", versions.min, versions.max)),
    }
}

/// Whether the field differs from the schema's default.
fn is_set(field: &Field) -> String {
    let name = format!("self.{}", ident(field));
    let nullable = !field.nullable.is_empty();
    match (&field.kind, &field.default, nullable) {
        (_, Default::Null, _) => format!("{name}.is_some()"),
        (Type::Struct(_), _, _) => format!("{name} != {}", default_value(field)),
        (Type::Array(_), _, true) => format!("{name}.as_ref().is_none_or(|value| !value.is_empty())"),
        (Type::Array(_), _, false) => format!("!{name}.is_empty()"),
        (Type::Primitive(primitive), default, nullable) => match (primitive.wire, default) {
            (Wire::String | Wire::Bytes, _) if nullable => {
                format!("{name}.as_ref().is_none_or(|value| !value.is_empty())")
            }
            (Wire::String | Wire::Bytes, _) => format!("!{name}.is_empty()"),
            (Wire::Uuid, _) => format!("!{name}.is_zero()"),
            (Wire::Bool, Default::True) => format!("!{name}"),
            (Wire::Bool, _) => name,
            (Wire::Number(_), _) => format!("{name} != {}", default_value(field)),
        },
    }
}

fn default_value(field: &Field) -> String {
    let value = match (&field.kind, &field.default) {
        (_, Default::Null) => return "None".to_owned(),
        (Type::Array(_), _) => "Vec::new()".to_owned(),
        (Type::Struct(name), _) => format!("{name}::default()"),
        (Type::Primitive(primitive), default) => match (primitive.wire, default) {
            (Wire::Bool, default) => (*default == Default::True).to_string(),
            (Wire::Bytes, _) => "Bytes::new()".to_owned(),
            (Wire::String, _) => match primitive.newtype {
                Some(name) => format!("{name}::default()"),
                None => "ByteString::new()".to_owned(),
            },
            (Wire::Uuid, _) => format!("{}::ZERO", primitive.newtype.unwrap_or("Uuid")),
            (Wire::Number(rust), default) => {
                let number = match default {
                    Default::Number(number) => number.clone(),
                    _ if rust == "f64" => "0.0".to_owned(),
                    _ => "0".to_owned(),
                };
                match primitive.newtype {
                    Some("ErrorCode") if number == "0" => "ErrorCode::NONE".to_owned(),
                    Some(name) if number == "-1" => format!("{name}::NONE"),
                    Some(name) => format!("{name}({number})"),
                    None => number,
                }
            }
        },
    };
    if field.nullable.is_empty() { value } else { format!("Some({value})") }
}

/// Whether `#[derive(Default)]` gives the schema's default.
fn is_type_default(field: &Field) -> bool {
    if !field.nullable.is_empty() {
        return field.default == Default::Null;
    }
    let Type::Primitive(Primitive { newtype, .. }) = &field.kind else { return true };
    let minus_one = Default::Number("-1".to_owned());
    match newtype {
        // Newtypes whose own default is "none".
        Some("BrokerId" | "LeaderEpoch" | "ProducerEpoch" | "ProducerId") => field.default == minus_one,
        _ => field.default == Default::Zero,
    }
}

fn rust_type(field: &Field) -> String {
    fn value(kind: &Type) -> String {
        match kind {
            Type::Struct(name) => name.clone(),
            Type::Array(element) => format!("Vec<{}>", value(element)),
            Type::Primitive(Primitive { newtype: Some(name), .. }) => (*name).to_owned(),
            Type::Primitive(primitive) => match primitive.wire {
                Wire::Bool => "bool".to_owned(),
                Wire::Number(name) => name.to_owned(),
                Wire::String => "ByteString".to_owned(),
                Wire::Uuid => "Uuid".to_owned(),
                Wire::Bytes => "Bytes".to_owned(),
            },
        }
    }
    let value = value(&field.kind);
    if field.nullable.is_empty() { value } else { format!("Option<{value}>") }
}

/// The field's name in Rust.
fn ident(field: &Field) -> String {
    match field.name.as_str() {
        "type" | "match" | "final" | "use" | "move" => format!("r#{}", field.name),
        name => name.to_owned(),
    }
}
