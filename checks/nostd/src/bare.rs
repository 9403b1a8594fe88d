//! What an image needs that has no operating system: an allocator and an end.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicUsize, Ordering};

const SIZE: usize = 1 << 20;

/// Hands out memory and never takes any back.
#[repr(align(64))]
struct Bump {
    heap: UnsafeCell<[u8; SIZE]>,
    used: AtomicUsize,
}

// SAFETY: a byte is handed out once.
unsafe impl Sync for Bump {}

// SAFETY: blocks are aligned, inside the heap, and don't overlap.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let room = layout.size().saturating_add(layout.align());
        let from = self.used.fetch_add(room, Ordering::Relaxed);
        match from.checked_add(room) {
            Some(end) if end <= SIZE => {
                let start = self.heap.get().cast::<u8>().wrapping_add(from);
                start.wrapping_add(start.align_offset(layout.align()))
            }
            _ => core::ptr::null_mut(),
        }
    }
    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static ALLOCATOR: Bump = Bump { heap: UnsafeCell::new([0; SIZE]), used: AtomicUsize::new(0) };

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    // Looked at, so that no way to panic is merged with another.
    core::hint::black_box(info);
    loop {}
}
