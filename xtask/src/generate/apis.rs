//! The files that hold no message: the list of modules, and the table of APIs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::model::{Message, snake};
use super::rust::{HEAD, SourceFile, emit};
use super::schema::{Kind, Listener};

/// `mod.rs`: the modules, and every message by its name.
pub(super) fn modules(modules: &BTreeMap<String, Vec<&Message>>) -> SourceFile {
    let mut text = HEAD.to_owned();
    text.push_str(
        "//! Every message of Kafka's protocol, one file per API.\n\
         //!\n\
         //! A message is a struct with public fields and a [`Default`] whose values are the schema's. What a\n\
         //! field's line says: the versions that have it, whether it may be null, its default if that is not\n\
         //! zero, false or empty. A field that is set although the chosen version lacks it is an error, unless\n\
         //! it is ignorable: then it is left out. Reading and writing: [`Message`](crate::wire::Message).\n\n",
    );
    emit!(text, "mod apis;");
    for module in modules.keys() {
        emit!(text, "pub mod {module};");
    }
    text.push('\n');
    emit!(text, "pub(crate) use apis::{{APIS, NAMES}};");
    for (module, messages) in modules {
        let names: Vec<&str> = messages.iter().map(|message| message.name.as_str()).collect();
        emit!(text, "pub use {module}::{{{}}};", names.join(", "));
    }
    SourceFile { name: "mod.rs".to_owned(), text }
}

/// `apis.rs`: the constants of `ApiKey` and what each API is. `retired` are those without a version left.
pub(super) fn apis(messages: &[Message], retired: &BTreeMap<i16, String>) -> SourceFile {
    let requests: BTreeMap<i16, &Message> = messages
        .iter()
        .filter(|message| message.kind == Kind::Request)
        .filter_map(|message| message.api_key.map(|key| (key, message)))
        .collect();
    let mut names: BTreeMap<i16, &str> =
        requests.iter().map(|(key, message)| (*key, message.api())).collect();
    names.extend(retired.iter().map(|(key, name)| (*key, name.as_str())));

    let mut text = HEAD.to_owned();
    text.push_str("use crate::api::{Api, ApiKey};\nuse crate::wire::VersionRange;\n\n");
    emit!(text, "impl ApiKey {{");
    for (key, name) in &names {
        let gone = if retired.contains_key(key) { ", which Kafka 4 no longer has" } else { "" };
        emit!(text, "/// `{name}`{gone}.");
        emit!(text, "pub const {}: Self = Self({key});", snake(name).to_uppercase());
    }
    emit!(text, "}}\n");

    emit!(text, "/// Every name, by key.");
    emit!(text, "pub(crate) static NAMES: &[(ApiKey, &str)] = &[");
    for (key, name) in &names {
        emit!(text, "(ApiKey({key}), \"{name}\"),");
    }
    emit!(text, "];\n");

    emit!(text, "/// Every API that has versions, by key.");
    emit!(text, "pub(crate) static APIS: &[Api] = &[");
    for (key, request) in requests {
        let heard = |listener| request.listeners.contains(&listener);
        let max = request.versions.max;
        emit!(text, "Api {{ key: ApiKey({key}), name: \"{}\",", request.api());
        emit!(text, "versions: VersionRange::new({}, {max}),", request.versions.min);
        emit!(text, "latest_stable: {},", max - i16::from(request.latest_unstable));
        emit!(text, "on_broker: {},", heard(Listener::Broker));
        emit!(text, "on_controller: {} }},", heard(Listener::Controller));
    }
    emit!(text, "];");
    SourceFile { name: "apis.rs".to_owned(), text }
}
