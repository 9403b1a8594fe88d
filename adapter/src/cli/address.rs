//! HOST:PORT as people write it.

use std::net::{SocketAddr, ToSocketAddrs};

/// The address behind `text`. Of several that a name stands for, the first of IPv4 if there is
/// one: that is what this program listens on by default.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    // What is an address already needs no resolver.
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let (host, port) = text.rsplit_once(':').ok_or("it takes the form HOST:PORT")?;
    let port: u16 = port.parse().map_err(|_| "its port is no number below 65536")?;
    let found = (host, port).to_socket_addrs().map_err(|error| error.to_string())?;
    let found: Vec<_> = found.collect();
    let first = found.iter().find(|address| address.is_ipv4()).or(found.first());
    first.copied().ok_or_else(|| "no such host".to_owned())
}
