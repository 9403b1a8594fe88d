//! Drives the machines of nodewire over real transports.
