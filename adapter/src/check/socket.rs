//! Reading from the tested side, for no longer than is left.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::time::Duration;

/// Most bytes of one read.
const READ: usize = 65_536;

/// Puts what comes next into `raw`, if anything comes within what is `left`. False once nothing
/// more will.
pub(super) fn read_more(stream: &mut TcpStream, left: Duration, raw: &mut Vec<u8>) -> bool {
    if stream.set_read_timeout(Some(left.max(Duration::from_millis(1)))).is_err() {
        return false;
    }
    let mut buffer = vec![0; READ];
    match stream.read(&mut buffer) {
        Ok(0) => false,
        Ok(length) => {
            raw.extend_from_slice(buffer.get(..length).unwrap_or_default());
            true
        }
        Err(error) => matches!(
            error.kind(),
            ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
        ),
    }
}
