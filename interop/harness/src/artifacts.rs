//! Kafka's jars, fetched from Maven with poms written here.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::{Error, Version, process};

/// The newest release with a published `kafka-tools`; its tools work against every broker here.
const TOOLS: &str = "4.3.1";

/// A set of jars that is fetched together and forms one class path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Artifacts {
    /// A broker with all that it needs, Kafka's Java client included.
    Broker(Version),
    /// Kafka's command-line tools, such as `org.apache.kafka.tools.TopicCommand`.
    Tools,
}

impl Artifacts {
    /// The class path of the set. The first call on a machine fetches the jars (a few seconds to a minute,
    /// some 100 MB); later calls only list a folder.
    ///
    /// The jars live in `$OTTLA_KAFKA_LIBS`, by default in `target/kafka-libs`; several processes may ask at once.
    ///
    /// # Errors
    /// [`Error::ProgramMissing`] without Maven, [`Error::Artifacts`] when it cannot fetch.
    pub fn class_path(self) -> Result<String, Error> {
        let root = libraries();
        let folder = root.join(self.name());
        if !folder.is_dir() {
            fs::create_dir_all(&root).map_err(Error::path("create", &root))?;
            let _lock = lock(&root)?;
            // Another process may have fetched them while this one waited for the lock.
            if !folder.is_dir() {
                self.fetch(&root, &folder)?;
            }
        }
        let mut jars = Vec::new();
        for entry in fs::read_dir(&folder).map_err(Error::path("list", &folder))? {
            let path = entry.map_err(Error::path("list", &folder))?.path();
            if path.extension().is_some_and(|extension| extension == "jar") {
                jars.push(path.to_string_lossy().into_owned());
            }
        }
        jars.sort_unstable();
        Ok(jars.join(":"))
    }

    fn name(self) -> String {
        match self {
            Artifacts::Broker(version) => format!("broker-{version}"),
            Artifacts::Tools => format!("tools-{TOOLS}"),
        }
    }

    fn fetch(self, root: &Path, folder: &Path) -> Result<(), Error> {
        let name = self.name();
        let partial = root.join(format!("{name}.partial"));
        let _ = fs::remove_dir_all(&partial);
        let pom = root.join(format!("{name}.pom.xml"));
        fs::write(&pom, self.pom()).map_err(Error::path("write", &pom))?;
        let mut maven = Command::new("mvn");
        maven
            .args(["--quiet", "--batch-mode", "-Dstyle.color=never", "--file"])
            .arg(&pom)
            .arg("dependency:copy-dependencies")
            .arg("-DincludeScope=runtime")
            .arg(format!("-DoutputDirectory={}", partial.display()))
            .stdin(Stdio::null());
        let output = process::run(&mut maven, Duration::from_secs(600))?;
        if !output.status.success() {
            let text = [output.stdout, output.stderr].concat();
            return Err(Error::Artifacts { what: name, output: tail(&String::from_utf8_lossy(&text), 15) });
        }
        fs::rename(&partial, folder).map_err(Error::path("rename", &partial))
    }

    fn pom(self) -> String {
        let dependencies: String = self.dependencies().into_iter().map(Dependency::xml).collect();
        format!(
            "<project xmlns=\"http://maven.apache.org/POM/4.0.0\">\n\
             <modelVersion>4.0.0</modelVersion>\n\
             <groupId>ottla</groupId><artifactId>{}</artifactId><version>1</version><packaging>pom</packaging>\n\
             <dependencies>\n{dependencies}</dependencies>\n</project>\n",
            self.name()
        )
    }

    fn dependencies(self) -> Vec<Dependency> {
        // Kafka's jars bring no logger; the simplest one writes to the node's log file.
        let mut dependencies = vec![Dependency("org.slf4j", "slf4j-simple", "1.7.36")];
        match self {
            Artifacts::Broker(version) => {
                let number = version.number();
                let scala = if version == Version::V2_1_1 { "kafka_2.12" } else { "kafka_2.13" };
                dependencies.push(Dependency("org.apache.kafka", scala, number));
                if version.uses_zookeeper() {
                    // The 3.4.13 that 2.1.1 asks for has no server of its own for today's Java; 2.8.2's has,
                    // and 2.1.1's client code works with it.
                    dependencies.push(Dependency("org.apache.zookeeper", "zookeeper", "3.5.9"));
                } else {
                    dependencies.push(Dependency("org.apache.kafka", "kafka-storage", number));
                }
                if matches!(version, Version::V2_1_1 | Version::V2_8_2 | Version::V3_9_1) {
                    // These brokers call log4j 1 directly to change log levels at run time.
                    dependencies.push(Dependency("ch.qos.reload4j", "reload4j", "1.2.26"));
                }
            }
            Artifacts::Tools => {
                dependencies.push(Dependency("org.apache.kafka", "kafka-tools", TOOLS));
                dependencies.push(Dependency("org.apache.kafka", "kafka_2.13", TOOLS));
            }
        }
        dependencies
    }
}

#[derive(Clone, Copy, Debug)]
struct Dependency(&'static str, &'static str, &'static str);

impl Dependency {
    fn xml(self) -> String {
        let Dependency(group, artifact, version) = self;
        // A second logger on the class path would make the choice between them random.
        let exclusions: String = [("org.slf4j", "slf4j-log4j12"), ("log4j", "log4j")]
            .map(|(group, artifact)| {
                format!(
                    "<exclusion><groupId>{group}</groupId><artifactId>{artifact}</artifactId></exclusion>"
                )
            })
            .concat();
        format!(
            "<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>\
             <exclusions>{exclusions}</exclusions></dependency>\n"
        )
    }
}

/// The last lines of what a Java program printed, without the frames of its stack traces.
pub(crate) fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().filter(|line| !line.starts_with("\tat ")).collect();
    let from = all.len().saturating_sub(lines);
    all.get(from..).unwrap_or_default().join("\n")
}

/// The folder that outlives clusters and builds.
pub(crate) fn libraries() -> PathBuf {
    match std::env::var_os("OTTLA_KAFKA_LIBS") {
        Some(folder) => PathBuf::from(folder),
        None => crate::repository().join("target/kafka-libs"),
    }
}

/// Waits its turn in a folder of fetched things; the lock goes with the returned file.
pub(crate) fn lock(root: &Path) -> Result<File, Error> {
    let path = root.join("lock");
    let file = File::create(&path).map_err(Error::path("create", &path))?;
    let deadline = Instant::now() + Duration::from_secs(900);
    while file.try_lock().is_err() {
        if Instant::now() >= deadline {
            return Err(Error::Artifacts {
                what: "what is in the folder".to_owned(),
                output: format!("another process holds {} for more than 15 minutes", path.display()),
            });
        }
        thread::sleep(Duration::from_millis(100));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oldest_broker_gets_the_newer_zookeeper() {
        let pom = Artifacts::Broker(Version::V2_1_1).pom();
        assert!(pom.contains("<artifactId>kafka_2.12</artifactId><version>2.1.1</version>"), "{pom}");
        assert!(pom.contains("<artifactId>zookeeper</artifactId><version>3.5.9</version>"), "{pom}");
        assert!(!Artifacts::Broker(Version::V4_4_0).pom().contains("zookeeper"));
    }

    #[test]
    fn tail_keeps_the_end() {
        assert_eq!(tail("a\nb\nc\n\tat x.Y(Z.java:1)\n", 2), "b\nc");
        assert_eq!(tail("a", 5), "a");
    }
}
