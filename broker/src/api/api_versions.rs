//! `ApiVersions`, versions 0-5.
//!
//! Lists what this broker offers, no more. Produce is listed from version 0 on, although nothing below 3 is
//! answered: Kafka 4 does the same, because librdkafka takes a broker without Produce 0 for too old to compress.
//! A version that is not offered is answered in version 0 with `UNSUPPORTED_VERSION` and the versions of this API
//! alone (KIP-511). From version 5 on a client that meant another cluster or node is told to rebootstrap
//! (KIP-1242).
//!
//! Gaps: the finalized features are those of a cluster without groups and transactions, and cannot be changed.

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
        supported_features: vec![SupportedFeatureKey {
            name: METADATA_VERSION.into(),
            min_version: OLDEST_METADATA_VERSION,
            max_version: NEWEST_METADATA_VERSION,
            ..SupportedFeatureKey::default()
        }],
        finalized_features_epoch: 0,
        finalized_features: vec![FinalizedFeatureKey {
            name: METADATA_VERSION.into(),
            max_version_level: NEWEST_METADATA_VERSION,
            min_version_level: NEWEST_METADATA_VERSION,
            ..FinalizedFeatureKey::default()
        }],
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

const METADATA_VERSION: &str = "metadata.version";
/// Kafka 3.3, the first that Kafka 4 can read.
const OLDEST_METADATA_VERSION: i16 = 7;
/// Kafka 4.0.
const NEWEST_METADATA_VERSION: i16 = 25;
