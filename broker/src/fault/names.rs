//! APIs and error codes by Kafka's names, as files write them. Numbers are taken, too.

use ottla_proto::{Api, ApiKey, ErrorCode};
use serde::{Deserialize, Deserializer, Serializer, de};

#[derive(Deserialize)]
#[serde(untagged)]
enum NameOrNumber {
    Number(i16),
    Name(String),
}

pub(super) mod api {
    use super::*;

    pub(in crate::fault) fn serialize<S: Serializer>(
        api: &Option<ApiKey>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match api {
            Some(api) => write_api(api, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(in crate::fault) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<ApiKey>, D::Error> {
        Ok(match Option::<NameOrNumber>::deserialize(deserializer)? {
            None => None,
            Some(NameOrNumber::Number(key)) => Some(ApiKey(key)),
            Some(NameOrNumber::Name(name)) => {
                let api = Api::all().iter().find(|api| api.name.eq_ignore_ascii_case(&name));
                let api = api.ok_or_else(|| de::Error::custom(format!("Kafka has no API {name:?}")))?;
                Some(api.key)
            }
        })
    }
}

pub(super) mod error {
    use super::*;

    pub(in crate::fault) fn serialize<S: Serializer>(
        code: &ErrorCode,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match code.name() {
            Some(name) => serializer.serialize_str(name),
            None => serializer.serialize_i16(code.0),
        }
    }

    pub(in crate::fault) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<ErrorCode, D::Error> {
        match NameOrNumber::deserialize(deserializer)? {
            NameOrNumber::Number(code) => Ok(ErrorCode(code)),
            NameOrNumber::Name(name) => ErrorCode::all()
                .find(|code| code.name().is_some_and(|known| known.eq_ignore_ascii_case(&name)))
                .ok_or_else(|| de::Error::custom(format!("Kafka has no error {name:?}"))),
        }
    }
}

pub(super) fn write_api<S: Serializer>(api: &ApiKey, serializer: S) -> Result<S::Ok, S::Error> {
    match api.name() {
        Some(name) => serializer.serialize_str(name),
        None => serializer.serialize_i16(api.0),
    }
}
