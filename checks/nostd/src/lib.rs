//! nodewire in an image without an operating system: linked alone, it wants nothing from outside
//! but `memcpy` and its like. So no clock, socket, file, thread or random source can be behind it.
//!
//! One function for each family, which reaches every public decoder and machine; add new ones
//! there.
#![no_std]

extern crate alloc;

mod bare;
mod chia;
mod leios;
mod machines;
mod poke;
mod supervisor;

/// Where the linker starts.
///
/// # Safety
/// `data` points to `len` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nostd_entry(data: *const u8, len: usize) -> usize {
    // SAFETY: as the caller promises.
    let data = unsafe { core::slice::from_raw_parts(data, len) };
    leios::all(data) + supervisor::all(data) + chia::all(data)
}
