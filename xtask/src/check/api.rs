//! Users need to know one crate: no type of the inner crates may show in the public API of `ottla`, except
//! those listed here.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::steps::{cargo, output, target_folder};

const INNER: [&str; 3] = ["ottla_proto", "ottla_core", "ottla_broker"];

/// What may show: values that are the protocol's own names, and say the same in every crate.
const LISTED: [&str; 2] = ["ottla_proto::error_code::ErrorCode", "ottla_proto::ids::TopicId"];

/// Reads what rustdoc knows of the public API and refuses every other type of an inner crate.
///
/// The JSON form of the documentation is not stable, so a compiler may lay it out anew; then this check
/// fails loudly instead of finding nothing.
pub(super) fn check() -> Result<()> {
    let target = target_folder()?;
    fs::create_dir_all(&target)?;
    let rustdoc = target.join("rustdoc-json");
    // Set for cargo as a whole, the variable would compile every dependency again.
    fs::write(&rustdoc, "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc \"$@\"\n")?;
    fs::set_permissions(&rustdoc, fs::Permissions::from_mode(0o755))?;
    let mut command = cargo();
    command.args(["rustdoc", "--package", "ottla", "--lib", "--", "-Z", "unstable-options"]);
    command.args(["--output-format", "json"]).env("RUSTDOC", &rustdoc);
    output(&mut command)?;
    let leaks = leaks(&target.join("doc/ottla.json"))?;
    ensure!(
        leaks.is_empty(),
        "inner types in the public API:\n{}",
        leaks.into_iter().collect::<Vec<_>>().join("\n")
    );
    Ok(())
}

fn leaks(path: &Path) -> Result<BTreeSet<String>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let documentation: Value = serde_json::from_str(&text)?;
    let part =
        |name: &str| documentation.get(name).and_then(Value::as_object).with_context(|| format!("no {name}"));
    let (index, paths, crates) = (part("index")?, part("paths")?, part("external_crates")?);
    ensure!(!index.is_empty() && !paths.is_empty(), "rustdoc listed no items");

    let mut leaks = BTreeSet::new();
    // Foreign items are in the index too, where an inner crate's own methods name its own types.
    for item in index.values().filter(|item| crate_id(item) == Some(0)) {
        let mut mentioned = BTreeSet::new();
        mentions(item, &mut mentioned);
        for mention in mentioned.iter().filter_map(|id| paths.get(&id.to_string())) {
            let from = crate_id(mention).and_then(|id| crates.get(&id.to_string())?.get("name")?.as_str());
            let words = mention.get("path").and_then(Value::as_array).into_iter().flatten();
            let path = words.filter_map(Value::as_str).collect::<Vec<_>>().join("::");
            if from.is_some_and(|name| INNER.contains(&name)) && !LISTED.contains(&path.as_str()) {
                leaks.insert(format!("{path} at {}", place(item)));
            }
        }
    }
    Ok(leaks)
}

fn crate_id(item: &Value) -> Option<u64> {
    item.get("crate_id")?.as_u64()
}

/// File and line of an item.
fn place(item: &Value) -> String {
    let file = item.pointer("/span/filename").and_then(Value::as_str).unwrap_or("an unknown place");
    let line = item.pointer("/span/begin/0").and_then(Value::as_u64).unwrap_or_default();
    format!("{file}:{line}")
}

/// Collects the ids of all items that an item's description refers to, however deep.
fn mentions(value: &Value, ids: &mut BTreeSet<u64>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field.as_u64() {
                    Some(id) if name == "id" => {
                        ids.insert(id);
                    }
                    // Links in a doc comment are no part of the API.
                    _ if name == "links" => {}
                    _ => mentions(field, ids),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| mentions(item, ids)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::process::Command;

    use super::*;

    const INNER_CRATE: &str = "pub struct Returned; pub struct Nested; pub struct Linked; pub struct Private; \
        pub struct Reexported; pub struct Converted; pub trait Bound {}";
    const OUTER_CRATE: &str = "
        /// See [`ottla_core::Linked`].
        pub fn function() -> ottla_core::Returned { ottla_core::Returned }
        pub struct Outer { pub field: Vec<Option<ottla_core::Nested>>, hidden: ottla_core::Private }
        pub use ottla_core::Reexported;
        impl From<ottla_core::Converted> for Outer {
            fn from(_: ottla_core::Converted) -> Self { Outer { field: vec![], hidden: ottla_core::Private } }
        }
        pub fn bound<T: ottla_core::Bound>(_: T) {}
        fn inside() -> ottla_core::Private { ottla_core::Private }";

    /// Through the installed rustdoc: if its JSON changes, this test says so before the check goes blind.
    #[test]
    fn finds_every_way_to_leak_a_type() {
        let folder = std::env::temp_dir().join(format!("ottla-api-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let compile = |program: &str, name: &str, text: &str, arguments: &[&str]| {
            let source: PathBuf = folder.join(name);
            fs::write(&source, text).unwrap();
            let mut command = Command::new(program);
            command.current_dir(&folder).args(["--edition=2024", "-Awarnings", "--crate-type=lib"]);
            command.arg(&source).args(arguments).env("RUSTC_BOOTSTRAP", "1");
            assert!(command.status().unwrap().success());
        };
        compile("rustc", "ottla_core.rs", INNER_CRATE, &[]);
        let json =
            ["--extern=ottla_core=libottla_core.rlib", "-Zunstable-options", "--output-format=json", "-oout"];
        compile("rustdoc", "ottla.rs", OUTER_CRATE, &json);
        let leaks = leaks(&folder.join("out/ottla.json"));
        fs::remove_dir_all(&folder).unwrap();
        let expected = ["Bound", "Converted", "Nested", "Reexported", "Returned"];
        let leaks: BTreeSet<String> =
            leaks.unwrap().iter().map(|leak| leak.split(" at ").next().unwrap().to_owned()).collect();
        assert_eq!(leaks, expected.map(|name| format!("ottla_core::{name}")).into());
    }
}
