//! `ApiVersions`, versions 0-5.
//!
//! Lists what this broker offers, no more. Produce is listed from version 0 on, although nothing below 3 is
//! answered: Kafka 4 does the same, because librdkafka takes a broker without Produce 0 for too old to compress.
//! A version that is not offered is answered in version 0 with `UNSUPPORTED_VERSION` and the versions of this API
//! alone (KIP-511). From version 5 on a client that meant another cluster or node is told to rebootstrap
//! (KIP-1242).
//!
//! Gaps: the newest versions of the features (metadata, groups, transactions) are in force and cannot be changed.

use ottla_proto::messages::api_versions::{
    ApiVersion, ApiVersionsRequest, ApiVersionsResponse, FinalizedFeatureKey, SupportedFeatureKey,
};
use ottla_proto::wire::VersionRange;
use ottla_proto::{ApiKey, ErrorCode};

use super::{Call, OFFERED};
use crate::engine::Engine;

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 5);

pub(super) fn handle(engine: &mut Engine, call: &Call, request: ApiVersionsRequest) -> ApiVersionsResponse {
    if !is_software_name(&request.client_software_name, call.version)
        || !is_software_name(&request.client_software_version, call.version)
    {
        return ApiVersionsResponse {
            error_code: ErrorCode::INVALID_REQUEST,
            ..ApiVersionsResponse::default()
        };
    }
    let misrouted = |cluster_id: &str| cluster_id != engine.cluster_id || request.node_id != call.node.0;
    if request.cluster_id.as_deref().is_some_and(misrouted) {
        return ApiVersionsResponse {
            error_code: ErrorCode::REBOOTSTRAP_REQUIRED,
            ..ApiVersionsResponse::default()
        };
    }
    let api_keys = OFFERED.iter().map(|&(key, versions)| match key {
        ApiKey::PRODUCE => api_version(key, VersionRange::new(0, versions.max)),
        _ => api_version(key, versions),
    });
    ApiVersionsResponse {
        api_keys: api_keys.collect(),
        supported_features: FEATURES.into_iter().map(supported).collect(),
        finalized_features_epoch: 0,
        finalized_features: FEATURES.into_iter().map(finalized).collect(),
        ..ApiVersionsResponse::default()
    }
}

/// The answer to a version that is not offered.
pub(super) fn unsupported() -> ApiVersionsResponse {
    ApiVersionsResponse {
        error_code: ErrorCode::UNSUPPORTED_VERSION,
        api_keys: vec![api_version(ApiKey::API_VERSIONS, VERSIONS)],
        ..ApiVersionsResponse::default()
    }
}

fn api_version(key: ApiKey, versions: VersionRange) -> ApiVersion {
    ApiVersion {
        api_key: key.0,
        min_version: versions.min,
        max_version: versions.max,
        ..ApiVersion::default()
    }
}

/// Letters and digits, with dots and dashes between them.
fn is_software_name(name: &str, version: i16) -> bool {
    let edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    version < 3
        || (edge(name.bytes().next())
            && edge(name.bytes().last())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-')))
}

/// Each feature with its oldest and newest version.
const FEATURES: [(&str, i16, i16); 3] = [
    ("group.version", 0, 1),
    // From Kafka 3.3, the first that Kafka 4 can read, to Kafka 4.0.
    ("metadata.version", 7, 25),
    ("transaction.version", 0, 2),
];

fn supported((name, min_version, max_version): (&str, i16, i16)) -> SupportedFeatureKey {
    SupportedFeatureKey { name: name.into(), min_version, max_version, ..SupportedFeatureKey::default() }
}

fn finalized((name, _, level): (&str, i16, i16)) -> FinalizedFeatureKey {
    FinalizedFeatureKey {
        name: name.into(),
        max_version_level: level,
        min_version_level: level,
        ..FinalizedFeatureKey::default()
    }
}
