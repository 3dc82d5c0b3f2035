//! The schemas as one compact table for the tests, which write messages from it without the generated code.

use super::model::{Default, Field, Message, Struct, Type, Wire};
use super::rust::{HEAD, SourceFile, emit};
use super::schema::{Kind, Versions};
use std::fmt::Write as _;

/// Where the table goes, relative to the project's folder.
const TABLE: &str = "proto/tests/schema/table.rs";

pub(super) fn table(messages: &[Message]) -> SourceFile {
    let mut text = HEAD.to_owned();
    text.push_str(
        "use ottla_proto::messages::*;\n\nuse super::FieldType::*;\nuse super::{Default, Kind, Schema, codec, field};\n\n",
    );
    emit!(text, "pub static SCHEMAS: &[Schema] = &[");
    for message in messages {
        let kind = match message.kind {
            Kind::Request => "Request",
            Kind::Response => "Response",
            Kind::Header | Kind::Data => "Data",
        };
        let Versions { min, max } = message.versions;
        let first_flexible = message.first_flexible.map_or("i16::MAX".to_owned(), |first| first.to_string());
        emit!(
            text,
            "Schema {{ name: \"{}\", kind: Kind::{kind}, api_key: {:?},",
            message.name,
            message.api_key
        );
        emit!(text, "versions: ({min}, {max}), first_flexible: {first_flexible},");
        emit!(text, "codec: codec::<{}>(), fields: &[", message.name);
        fields(&mut text, message, message.structs.first());
        emit!(text, "] }},");
    }
    emit!(text, "];");
    SourceFile { name: TABLE.to_owned(), text }
}

fn fields(text: &mut String, message: &Message, item: Option<&Struct>) {
    for field in item.map(|item| item.fields.as_slice()).unwrap_or_default() {
        let _ = write!(text, "field(\"{}\", ", field.name);
        field_type(text, message, &field.kind);
        let _ = write!(text, ", ({}, {}))", field.versions.min, field.versions.max);
        attributes(text, field);
        emit!(text, ",");
    }
}

fn attributes(text: &mut String, field: &Field) {
    if !field.nullable.is_empty() {
        let _ = write!(text, ".nullable({}, {})", field.nullable.min, field.nullable.max);
    }
    if let Some(tag) = field.tag {
        let _ = write!(text, ".tagged({tag})");
    }
    let default = match &field.default {
        Default::Zero => None,
        Default::Null => Some("Default::Null".to_owned()),
        Default::True => Some("Default::Number(1)".to_owned()),
        Default::Number(number) => Some(match number.as_str() {
            "i32::MAX" | "i32::MIN" => format!("Default::Number({number} as i64)"),
            number => format!("Default::Number({number})"),
        }),
    };
    if let Some(default) = default {
        let _ = write!(text, ".default({default})");
    }
    if field.ignorable {
        text.push_str(".ignorable()");
    }
    if field.inflexible {
        text.push_str(".inflexible()");
    }
}

fn field_type(text: &mut String, message: &Message, kind: &Type) {
    match kind {
        Type::Array(element) => {
            text.push_str("Array(&");
            field_type(text, message, element);
            text.push(')');
        }
        Type::Struct(name) => {
            text.push_str("Struct(&[");
            fields(text, message, message.structs.iter().find(|item| &item.name == name));
            text.push_str("])");
        }
        Type::Primitive(primitive) => text.push_str(match primitive.wire {
            Wire::Bool => "Bool",
            Wire::Number("i8") => "I8",
            Wire::Number("i16") => "I16",
            Wire::Number("u16") => "U16",
            Wire::Number("i32") => "I32",
            Wire::Number("u32") => "U32",
            Wire::Number("i64") => "I64",
            Wire::Number(_) => "F64",
            Wire::String => "String",
            Wire::Uuid => "Uuid",
            Wire::Bytes => "Bytes",
        }),
    }
}
