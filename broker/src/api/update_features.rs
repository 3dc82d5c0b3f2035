//! `UpdateFeatures`, versions 0-2.
//!
//! Puts other levels of features in force (KIP-584): all that the request names or, if one of them is impossible,
//! none (`INVALID_UPDATE_VERSION`). A level must be one that the release supports; a lower one than before needs an
//! upgrade type that says so. 0 turns a feature off. Any node takes the request.
//!
//! Gaps: a lower metadata.version is refused, where Kafka refuses only those that would lose metadata; a release
//! with ZooKeeper answers like one with KRaft.

use std::cmp::Ordering;

use ottla_proto::ErrorCode;
use ottla_proto::messages::update_features::{
    FeatureUpdateKey, UpdatableFeatureResult, UpdateFeaturesRequest, UpdateFeaturesResponse,
};
use ottla_proto::wire::VersionRange;

use super::Call;
use crate::engine::Engine;
use crate::release::{Features, METADATA_VERSION};

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 2);

pub(super) fn handle(
    engine: &mut Engine,
    call: &Call,
    request: UpdateFeaturesRequest,
) -> UpdateFeaturesResponse {
    let refused = request.feature_updates.iter().find_map(|update| check(&engine.features, update).err());
    if let Some(message) = refused {
        return UpdateFeaturesResponse {
            error_code: ErrorCode::INVALID_UPDATE_VERSION,
            error_message: Some(message.into()),
            ..UpdateFeaturesResponse::default()
        };
    }
    let mut response = UpdateFeaturesResponse { error_message: None, ..UpdateFeaturesResponse::default() };
    for update in request.feature_updates {
        if !request.validate_only {
            engine.features.set(&update.feature, update.max_version_level);
        }
        // Later versions tell one result for all.
        if call.version <= 1 {
            let result = UpdatableFeatureResult { feature: update.feature, ..Default::default() };
            response.results.push(result);
        }
    }
    response
}

/// Whether the cluster can come to this level.
fn check(features: &Features, update: &FeatureUpdateKey) -> Result<(), String> {
    const UPGRADE: i8 = 1;
    const UNSAFE_DOWNGRADE: i8 = 3;
    let FeatureUpdateKey { feature, max_version_level: level, upgrade_type, .. } = update;
    let refused = |why: &str| Err(format!("{feature} cannot become {level}: {why}"));
    if !(UPGRADE..=UNSAFE_DOWNGRADE).contains(upgrade_type) {
        return refused("the upgrade type is unknown");
    }
    let Some(known) = features.get(feature).filter(|known| known.supported.contains(*level)) else {
        return refused("the nodes do not support it");
    };
    match level.cmp(&known.level) {
        Ordering::Less if *upgrade_type == UPGRADE => {
            refused("it is lower, and the request is for an upgrade")
        }
        Ordering::Less if &**feature == METADATA_VERSION => refused("metadata could be lost"),
        Ordering::Greater if *upgrade_type != UPGRADE => {
            refused("it is higher, and the request is for a downgrade")
        }
        _ => Ok(()),
    }
}
