//! `ApiVersions`, versions 0-5.
//!
//! Lists what this broker offers as the release that it acts as, no more. Produce is listed from version 0 on, although nothing below 3 is
//! answered: Kafka 4 does the same, because librdkafka takes a broker without Produce 0 for too old to compress.
//! A version that is not offered is answered in version 0 with `UNSUPPORTED_VERSION` and the versions of this API
//! alone (KIP-511; without any by a release before 2.4). From version 5 on a client that meant another cluster or node is told to rebootstrap
//! (KIP-1242).
//!
//! Features are told from version 3 on, and those whose lowest level is 0 as supported from version 4 on.
//!
//! Gaps: only the features that clients look at (metadata, groups, transactions, share groups).

use ottla_proto::messages::api_versions::{
    ApiVersion, ApiVersionsRequest, ApiVersionsResponse, FinalizedFeatureKey, SupportedFeatureKey,
};
use ottla_proto::wire::VersionRange;
use ottla_proto::{ApiKey, ErrorCode};

use super::Call;
use crate::engine::Engine;
use crate::release::Feature;

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
    let api_keys = engine.offered.iter().map(|(&key, &versions)| match key {
        ApiKey::PRODUCE => api_version(key, VersionRange::new(0, versions.max)),
        _ => api_version(key, versions),
    });
    let mut response = ApiVersionsResponse { api_keys: api_keys.collect(), ..ApiVersionsResponse::default() };
    if call.version >= 3 {
        // Older clients stumble over a lowest level of 0.
        let told = |feature: &&Feature| call.version >= 4 || feature.supported.min > 0;
        response.supported_features = engine.features.iter().filter(told).map(supported).collect();
        response.finalized_features_epoch = engine.features.epoch();
        let in_force = engine.features.iter().filter(|feature| feature.level > 0);
        response.finalized_features = in_force.map(finalized).collect();
    }
    response
}

/// The answer to a version that is not offered.
pub(super) fn unsupported(engine: &Engine) -> ApiVersionsResponse {
    let told = engine.offered.get(&ApiKey::API_VERSIONS);
    let told = told.filter(|_| engine.config.act_as.tells_versions_of_api_versions());
    ApiVersionsResponse {
        error_code: ErrorCode::UNSUPPORTED_VERSION,
        api_keys: told.map(|versions| api_version(ApiKey::API_VERSIONS, *versions)).into_iter().collect(),
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

fn supported(feature: &Feature) -> SupportedFeatureKey {
    SupportedFeatureKey {
        name: feature.name.into(),
        min_version: feature.supported.min,
        max_version: feature.supported.max,
        ..SupportedFeatureKey::default()
    }
}

fn finalized(feature: &Feature) -> FinalizedFeatureKey {
    FinalizedFeatureKey {
        name: feature.name.into(),
        max_version_level: feature.level,
        min_version_level: feature.level,
        ..FinalizedFeatureKey::default()
    }
}
