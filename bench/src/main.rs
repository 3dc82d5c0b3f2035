//! Measures what the parts of Ottla cost and prints one line each. See the README beside this file.

mod codecs;
mod harness;
mod records;

use std::process::ExitCode;

fn main() -> ExitCode {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let all = wanted.is_empty();
    let has = |name: &str| all || wanted.iter().any(|wanted| wanted == name);
    if let Some(unknown) = wanted.iter().find(|name| !matches!(name.as_str(), "records" | "codecs")) {
        eprintln!("there is no benchmark {unknown:?}: choose records, codecs or none for both");
        return ExitCode::from(2);
    }
    if has("records") {
        records::run();
    }
    if has("codecs") {
        codecs::run();
    }
    ExitCode::SUCCESS
}
