//! The field's own terms as types of their own, so that a leader epoch never lands where an offset belongs.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;

use bytestring::ByteString;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty), none = $none:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl $name {
            /// What the wire carries where there is no value.
            pub const NONE: Self = Self($none);

            /// Whether this is [`Self::NONE`] or any other negative placeholder.
            #[must_use]
            pub const fn is_none(self) -> bool {
                self.0 < 0
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::NONE
            }
        }

        impl From<$inner> for $name {
            fn from(value: $inner) -> Self {
                Self(value)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// The number of a broker, unique in its cluster (`node.id`).
    BrokerId(i32), none = -1
}
number! {
    /// How many leaders a partition has had; a larger one wins (KIP-320).
    LeaderEpoch(i32), none = -1
}
number! {
    /// Who wrote an idempotent batch (KIP-98).
    ProducerId(i64), none = -1
}
number! {
    /// The incarnation of a [`ProducerId`]; a larger one fences the smaller.
    ProducerEpoch(i16), none = -1
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// Cheap to clone: decoded names share the frame that they came in.
        #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub ByteString);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                Self(value.into())
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                Self(value.into())
            }
        }

        impl From<ByteString> for $name {
            fn from(value: ByteString) -> Self {
                Self(value)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

name! {
    /// The name of a topic.
    TopicName
}
name! {
    /// The name of a consumer or share group (`group.id`).
    GroupId
}
name! {
    /// The name under which a transactional producer survives restarts (`transactional.id`).
    TransactionalId
}

macro_rules! uuid {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// Prints as Kafka prints it: 22 characters of URL-safe base64 without padding.
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// What the wire carries where there is no value, all zero.
            pub const ZERO: Self = Self([0; 16]);

            /// Whether this is [`Self::ZERO`].
            #[must_use]
            pub fn is_zero(self) -> bool {
                self == Self::ZERO
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                base64(self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                base64(self.0, f)
            }
        }
    };
}

uuid! {
    /// The identity of a topic: a topic that is deleted and created again keeps its name, never its id (KIP-516).
    TopicId
}
uuid! {
    /// Any other sixteen-byte identity: a log directory, a client instance, an incarnation of a broker.
    Uuid
}

fn base64(bytes: [u8; 16], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits = u128::from_be_bytes(bytes);
    let mut text = String::with_capacity(22);
    // 128 bits are 21 groups of six and one of two, which base64 pads on the right with four zero bits.
    for group in 0..22_u32 {
        let six = if group < 21 { bits >> (122 - 6 * group) } else { bits << 4 };
        let letter = ALPHABET.get((six & 0x3f) as usize).copied().unwrap_or(b'?');
        text.push(char::from(letter));
    }
    f.pad(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topic_ids_print_as_kafka_prints_them() {
        assert_eq!(TopicId::ZERO.to_string(), "AAAAAAAAAAAAAAAAAAAAAA");
        // Kafka's Uuid.ONE_UUID.
        let mut one = [0; 16];
        one[15] = 1;
        assert_eq!(TopicId(one).to_string(), "AAAAAAAAAAAAAAAAAAAAAQ");
        assert_eq!(TopicId([0xff; 16]).to_string(), "_____________________w");
    }
}
