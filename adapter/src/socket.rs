//! Sockets whose kernel queues are too short to undo a priority (`leios.md` 10.5).

use std::io;
use std::net::SocketAddr;

use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};

/// How many bytes the kernel may hold unsent before it asks for no more.
pub const UNSENT: u32 = 16_384;

/// Connects to `address`.
///
/// # Errors
/// Those of the operating system.
pub async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    tune(TcpStream::connect(address).await?)
}

/// Accepts one connection.
///
/// # Errors
/// Those of the operating system.
pub async fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (stream, address) = listener.accept().await?;
    Ok((tune(stream)?, address))
}

/// No delay for small segments; little unsent data in the kernel where it can be told so.
fn tune(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT)?;
    Ok(stream)
}
