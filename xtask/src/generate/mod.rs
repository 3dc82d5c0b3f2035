//! `cargo xtask generate`: Kafka's message schemas as Rust.
//!
//! The schemas come from the kafka-clients jar. The code is committed, so that nobody needs the jar to
//! build; `--check` proves that it is what this generator writes.

mod apis;
mod model;
mod rust;
mod schema;
mod table;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use model::Message;
use rust::SourceFile;
use schema::Kind;

/// The release whose schemas the committed code comes from.
const KAFKA_VERSION: &str = "4.4.0";

/// Writes the messages below `root`, the project's folder, from the schemas in `jar`; without a jar it is
/// fetched with Maven. With `check` nothing is written.
///
/// # Errors
/// With `check`, if what is there differs from what would be written. Else if the jar cannot be had, holds
/// something that the generator does not know, or a file cannot be written.
pub(crate) fn run(root: &Path, jar: Option<&Path>, check: bool) -> Result<()> {
    let jar = match jar {
        Some(jar) => jar.to_owned(),
        None => fetch_jar(root)?,
    };
    let files = generate(&jar)?;
    let fresh = root.join("target/generate");
    if fresh.exists() {
        fs::remove_dir_all(&fresh)?;
    }
    for file in &files {
        let path = fresh.join(&file.name);
        fs::create_dir_all(path.parent().context("a file has a folder")?)?;
        fs::write(&path, &file.text)?;
    }
    format(root, &fresh, &files)?;
    if check { compare(root, &fresh, &files) } else { install(root, &fresh, &files) }
}

/// The folder that holds generated files only.
const MESSAGES: &str = "proto/src/messages";

fn generate(jar: &Path) -> Result<Vec<SourceFile>> {
    let schemas = schema::read_jar(jar)?;
    let mut retired = BTreeMap::new();
    for schema in schemas.iter().filter(|schema| schema.valid_versions.is_empty()) {
        if let (Kind::Request, Some(key)) = (schema.kind, schema.api_key) {
            retired.insert(key, schema.name.trim_end_matches("Request").to_owned());
        }
    }
    let messages = model::resolve(schemas)?;
    let mut modules = BTreeMap::<String, Vec<&Message>>::new();
    for message in &messages {
        modules.entry(message.module()).or_default().push(message);
    }
    let mut files = vec![apis::modules(&modules), apis::apis(&messages, &retired)];
    files.extend(modules.iter().map(|(module, messages)| rust::file(module, messages)));
    for file in &mut files {
        file.name = format!("{MESSAGES}/{}", file.name);
    }
    files.push(table::table(&messages));
    Ok(files)
}

fn format(root: &Path, fresh: &Path, files: &[SourceFile]) -> Result<()> {
    // One root would do, but rustfmt looks for modules beside it and says nothing when it finds none.
    let status = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(root.join("rustfmt.toml"))
        .args(files.iter().map(|file| fresh.join(&file.name)))
        .status()
        .context("cannot run rustfmt: is the component installed?")?;
    ensure!(status.success(), "rustfmt refused the generated code in {}", fresh.display());
    Ok(())
}

fn compare(root: &Path, fresh: &Path, files: &[SourceFile]) -> Result<()> {
    let mut wrong = stray(root, files)?;
    for file in files {
        let committed = fs::read_to_string(root.join(&file.name)).unwrap_or_default();
        if committed != fs::read_to_string(fresh.join(&file.name))? {
            wrong.push(file.name.clone());
        }
    }
    if wrong.is_empty() {
        println!("{} generated files are current", files.len());
        return Ok(());
    }
    bail!("not what `cargo xtask generate` writes: {}", wrong.join(", "))
}

fn install(root: &Path, fresh: &Path, files: &[SourceFile]) -> Result<()> {
    for name in stray(root, files)? {
        fs::remove_file(root.join(name))?;
    }
    for file in files {
        let target = root.join(&file.name);
        fs::create_dir_all(target.parent().context("a file has a folder")?)?;
        let text = fs::read(fresh.join(&file.name))?;
        // An unchanged file keeps its time, so that nothing is compiled again for it.
        if fs::read(&target).ok().as_ref() != Some(&text) {
            fs::write(&target, text)?;
        }
    }
    println!("{} files written", files.len());
    Ok(())
}

/// Files among the messages that the generator does not write any more.
fn stray(root: &Path, files: &[SourceFile]) -> Result<Vec<String>> {
    let mut stray = Vec::new();
    let folder = root.join(MESSAGES);
    if folder.exists() {
        for entry in fs::read_dir(&folder)? {
            let name = format!("{MESSAGES}/{}", entry?.file_name().to_string_lossy());
            if !files.iter().any(|file| file.name == name) {
                stray.push(name);
            }
        }
    }
    Ok(stray)
}

fn fetch_jar(root: &Path) -> Result<PathBuf> {
    let folder = root.join("target/schemas");
    let jar = folder.join(format!("kafka-clients-{KAFKA_VERSION}.jar"));
    if jar.exists() {
        return Ok(jar);
    }
    let output = Command::new("mvn")
        .args(["-q", "-B", "dependency:copy"])
        .arg(format!("-Dartifact=org.apache.kafka:kafka-clients:{KAFKA_VERSION}"))
        .arg(format!("-DoutputDirectory={}", folder.display()))
        .output()
        .context("cannot run Maven (`mvn`), which fetches kafka-clients; or give the jar by --jar")?;
    ensure!(
        output.status.success() && jar.exists(),
        "Maven could not fetch kafka-clients {KAFKA_VERSION}:\n{}",
        String::from_utf8_lossy(&output.stdout)
    );
    Ok(jar)
}
