//! Hosts of addresses, which are texts that anybody may have made up.

use alloc::string::{String, ToString};
use core::net::IpAddr;

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
