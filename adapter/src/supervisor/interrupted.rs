//! When the program is to end.

use std::future::Future;
use std::io;

/// Listens for an interrupt (ctrl-c) and, where there is such a thing, for termination; what it
/// returns is ready at the first.
///
/// # Errors
/// Those of the operating system.
pub fn interrupted() -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        // Without the signal it is ended in other ways.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    })
}
