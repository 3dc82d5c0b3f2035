//! Where a cluster is first looked for.

use std::net::Ipv6Addr;

use ottla_core::net::Host;

use crate::error::AddressError;

/// The port of a broker when none is named, as in Kafka's own examples.
const DEFAULT_PORT: u16 = 9092;

/// Reads a list as `bootstrap.servers` has it: `host:port,host:port`, spaces around a comma allowed.
///
/// A missing port is 9092, an IPv6 address stands in brackets, and the listener name `PLAINTEXT://` may go
/// before a host.
pub(crate) fn parse_list(text: &str) -> Result<Vec<Host>, AddressError> {
    let hosts = text
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .map(parse)
        .collect::<Result<Vec<_>, _>>()?;
    if hosts.is_empty() { Err(AddressError::Empty) } else { Ok(hosts) }
}

fn parse(entry: &str) -> Result<Host, AddressError> {
    let host = without_protocol(entry)?;
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => bracketed(entry, rest)?,
        None => match host.split_once(':') {
            None => (host, None),
            // A second colon can only be an IPv6 address, whose last group must not be taken for a port.
            Some((_, rest)) if rest.contains(':') => {
                return Err(AddressError::UnbracketedV6 { entry: entry.to_owned() });
            }
            Some((name, port)) => (name, Some(port)),
        },
    };
    if name.is_empty() {
        return Err(AddressError::NoHost { entry: entry.to_owned() });
    }
    if let Some(character) = name.chars().find(|c| c.is_whitespace() || "/@?#".contains(*c)) {
        return Err(AddressError::BadHost { entry: entry.to_owned(), character });
    }
    let port = match port {
        None => DEFAULT_PORT,
        Some(port) => match port.parse() {
            Ok(port) if port > 0 => port,
            _ => return Err(AddressError::BadPort { entry: entry.to_owned(), port: port.to_owned() }),
        },
    };
    Ok(Host { name: name.into(), port })
}

fn without_protocol(entry: &str) -> Result<&str, AddressError> {
    match entry.split_once("://") {
        None => Ok(entry),
        Some((protocol, host)) if protocol.eq_ignore_ascii_case("PLAINTEXT") => Ok(host),
        Some((protocol, _)) => {
            Err(AddressError::Protocol { entry: entry.to_owned(), protocol: protocol.to_owned() })
        }
    }
}

fn bracketed<'a>(entry: &str, rest: &'a str) -> Result<(&'a str, Option<&'a str>), AddressError> {
    let malformed = || AddressError::BadV6 { entry: entry.to_owned() };
    let (name, port) = rest.split_once(']').ok_or_else(malformed)?;
    // A zone ("fe80::1%eth0") is the resolver's business.
    let address = name.split_once('%').map_or(name, |(address, _)| address);
    if address.parse::<Ipv6Addr>().is_err() {
        return Err(malformed());
    }
    match port {
        "" => Ok((name, None)),
        _ => Ok((name, Some(port.strip_prefix(':').ok_or_else(malformed)?))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(text: &str) -> Vec<(String, u16)> {
        parse_list(text).unwrap().into_iter().map(|host| (host.name.to_string(), host.port)).collect()
    }

    #[test]
    fn lists_are_read_as_kafka_reads_them() {
        assert_eq!(hosts("localhost"), [("localhost".into(), 9092)]);
        assert_eq!(
            hosts(" a.example:1 , PLAINTEXT://10.0.0.7:65535,"),
            [("a.example".into(), 1), ("10.0.0.7".into(), 65_535)]
        );
        assert_eq!(hosts("[::1]:9093,[fe80::1%eth0]"), [("::1".into(), 9093), ("fe80::1%eth0".into(), 9092)]);
    }

    #[test]
    fn bad_entries_are_named_with_what_is_wrong() {
        let fault = |text: &str| parse_list(text).unwrap_err();
        assert_eq!(fault(""), AddressError::Empty);
        assert_eq!(fault(" , "), AddressError::Empty);
        assert!(matches!(fault("a,:9092"), AddressError::NoHost { entry } if entry == ":9092"));
        for port in ["", "0", "65536", "-1", "http", "9092x"] {
            assert!(
                matches!(fault(&format!("a:{port}")), AddressError::BadPort { port: p, .. } if p == port)
            );
        }
        assert!(matches!(fault("::1"), AddressError::UnbracketedV6 { .. }));
        assert!(matches!(fault("fe80::1:9092"), AddressError::UnbracketedV6 { .. }));
        for text in ["[::1", "[::1]9092", "[a]:9092", "[]"] {
            assert!(matches!(fault(text), AddressError::BadV6 { .. }), "{text}");
        }
        assert!(
            matches!(fault("SSL://a:9093"), AddressError::Protocol { protocol, .. } if protocol == "SSL")
        );
        assert!(matches!(fault("a b:9092"), AddressError::BadHost { character: ' ', .. }));
        assert!(matches!(fault("a/b"), AddressError::BadHost { character: '/', .. }));
    }
}
