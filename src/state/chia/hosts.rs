//! Hosts of addresses, which are texts that anybody may have made up.

use alloc::string::{String, ToString};
use core::net::{IpAddr, Ipv6Addr};

/// Most bytes of the name of a host (P-26).
const MAX_NAME: usize = 253;

/// One form for each host: an address as it is written shortest, IPv4 as such; a name in small
/// letters.
pub(crate) fn canonical(host: &str) -> String {
    match host.parse::<IpAddr>() {
        Ok(ip) => ip.to_canonical().to_string(),
        Err(_) => host.to_ascii_lowercase(),
    }
}

/// True if nobody but this computer is there.
pub(crate) fn is_loopback(host: &str) -> bool {
    host.parse::<IpAddr>().map_or_else(
        |_| host.trim_end_matches('.').eq_ignore_ascii_case("localhost"),
        |ip| ip.to_canonical().is_loopback(),
    )
}

/// What is counted as one host: an IPv4 address or a name is, and of IPv6 the first 64 bits, as
/// whoever has one address has all that begin so. `None`: this computer, where nobody is counted.
pub(crate) fn group(canonical: &str) -> Option<String> {
    if is_loopback(canonical) {
        return None;
    }
    Some(match canonical.parse::<IpAddr>() {
        Ok(IpAddr::V6(ip)) => Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).to_string(),
        _ => String::from(canonical),
    })
}

/// True if it may be the host of a node: the address of one, or a name of printable ASCII (P-26).
pub(crate) fn is_plausible(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(ip) => {
            let ip = ip.to_canonical();
            !ip.is_unspecified() && !ip.is_multicast()
        }
        Err(_) => {
            (1..=MAX_NAME).contains(&host.len()) && host.bytes().all(|b| b.is_ascii_graphic())
        }
    }
}
