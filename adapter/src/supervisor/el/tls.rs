//! The cryptography behind https, where it is built in.

/// Chooses it for the whole process, once.
#[cfg(feature = "tls")]
pub fn provide() {
    // Whoever chose before has chosen.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// There is none.
#[cfg(not(feature = "tls"))]
pub const fn provide() {}
