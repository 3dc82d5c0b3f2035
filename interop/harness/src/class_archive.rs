//! A start that Java remembers: classes loaded once, kept as a memory image, mapped by every later broker.
//! It halves the work of a start, which is most of what a short test against real Kafka costs.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::artifacts::{libraries, lock};
use crate::{Cluster, Error, Options, Version};

/// The options that let Java use the image of a release, which is made first if need be.
///
/// Only the default release has one: making it costs as much as two starts, and the others start rarely.
pub(crate) fn options(version: Version) -> Result<Vec<String>, Error> {
    let image = libraries().join(format!("broker-{version}.jsa"));
    if version != Version::default() {
        return Ok(Vec::new());
    }
    if !image.is_file() {
        let _lock = lock(&libraries())?;
        if !image.is_file() {
            make(version, &image)?;
        }
    }
    // Java ignores an image that another Java made, and starts as slowly as without one.
    Ok(vec![format!("-XX:SharedArchiveFile={}", image.display()), "-Xlog:cds=off".to_owned()])
}

/// Java writes the image when it ends in an orderly way.
fn make(version: Version, image: &Path) -> Result<(), Error> {
    let partial: PathBuf = image.with_extension("partial");
    let java = vec![format!("-XX:ArchiveClassesAtExit={}", partial.display()), "-Xlog:cds=off".to_owned()];
    let mut cluster = Cluster::start_with(Options::new().version(version), java)?;
    cluster.terminate(1, Duration::from_secs(60))?;
    // Without an image Kafka works as well, only slower: an empty one says not to try again.
    if !partial.is_file() {
        return fs::write(image, []).map_err(Error::path("write", image));
    }
    fs::rename(&partial, image).map_err(Error::path("rename", &partial))
}
