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
const LISTED: [&str; 0] = [];

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
        "inner types in the public API: {}",
        leaks.into_iter().collect::<Vec<_>>().join(", ")
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

    // Foreign items are in the index too, where an inner crate's own methods name its own types.
    let own = index.values().filter(|item| item.get("crate_id").and_then(Value::as_u64) == Some(0));
    let mut mentioned = BTreeSet::new();
    own.for_each(|item| mentions(item, &mut mentioned));
    let mut leaks = BTreeSet::new();
    for id in mentioned {
        let Some(item) = paths.get(&id.to_string()) else { continue };
        let Some(name) = item
            .get("crate_id")
            .and_then(Value::as_u64)
            .and_then(|id| crates.get(&id.to_string())?.get("name")?.as_str())
        else {
            continue;
        };
        let words =
            item.get("path").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let path = words.collect::<Vec<_>>().join("::");
        if INNER.contains(&name) && !LISTED.contains(&path.as_str()) {
            leaks.insert(path);
        }
    }
    Ok(leaks)
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
    use super::*;
    use serde_json::json;

    #[test]
    fn finds_a_leak_in_a_signature_and_not_in_a_link() {
        let documentation = json!({
            "index": {
                "1": {"id": 1, "crate_id": 0, "links": {"`Hidden`": 8}, "inner": {"function": {"sig": {
                    "output": {"resolved_path": {"path": "Frame", "id": 7}}}}}},
                "9": {"id": 9, "crate_id": 3, "inner": {"resolved_path": {"id": 8}}},
            },
            "paths": {
                "1": {"crate_id": 0, "path": ["ottla", "f"]},
                "7": {"crate_id": 3, "path": ["ottla_core", "Frame"]},
                "8": {"crate_id": 3, "path": ["ottla_core", "Hidden"]},
            },
            "external_crates": {"3": {"name": "ottla_core"}},
        });
        let path = std::env::temp_dir().join(format!("ottla-api-{}.json", std::process::id()));
        fs::write(&path, documentation.to_string()).unwrap();
        let leaks = leaks(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(leaks, BTreeSet::from(["ottla_core::Frame".to_owned()]));
    }
}
