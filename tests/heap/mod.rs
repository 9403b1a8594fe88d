//! An allocator that knows what was allocated inside [`held`] and is still there.
#![allow(dead_code, unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

pub struct Tagging;

thread_local! {
    static ON: Cell<bool> = const { Cell::new(false) };
    static LIVE: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

/// Each block has its mark before it, so that it counts where it was made, whoever frees it.
const MARK: usize = 16;

fn outer(layout: Layout) -> (usize, Layout) {
    let before = layout.align().max(MARK);
    let size = layout.size().checked_add(before).expect("a size");
    (before, Layout::from_size_align(size, before).expect("a layout"))
}

// SAFETY: the system's allocator gives every block, with room for a mark before what is handed out;
// alignment is kept, since the room is a multiple of it.
unsafe impl GlobalAlloc for Tagging {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let (before, whole) = outer(layout);
        let at = unsafe { System.alloc(whole) };
        if at.is_null() {
            return at;
        }
        let on = ON.try_with(Cell::get).unwrap_or(false);
        unsafe { at.add(before - MARK).cast::<usize>().write(usize::from(on)) };
        if on {
            let live = LIVE.get() + layout.size();
            LIVE.set(live);
            PEAK.set(PEAK.get().max(live));
            CALLS.set(CALLS.get() + 1);
        }
        unsafe { at.add(before) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        let (before, whole) = outer(layout);
        let marked = unsafe { at.sub(MARK).cast::<usize>().read() };
        if marked == 1 {
            let _ = LIVE.try_with(|live| live.set(live.get().saturating_sub(layout.size())));
        }
        unsafe { System.dealloc(at.sub(before), whole) }
    }
}

#[global_allocator]
static ALLOCATOR: Tagging = Tagging;

/// What `f` allocates counts, until it is freed.
pub fn held<T>(f: impl FnOnce() -> T) -> T {
    let before = ON.replace(true);
    let value = f();
    ON.set(before);
    value
}

/// What `f` allocates doesn't count.
pub fn apart<T>(f: impl FnOnce() -> T) -> T {
    let before = ON.replace(false);
    let value = f();
    ON.set(before);
    value
}

/// Bytes allocated inside [`held`] on this thread and not freed.
pub fn live() -> usize {
    LIVE.get()
}

/// The most that [`live`] was since this was last asked.
pub fn peak() -> usize {
    PEAK.replace(LIVE.get())
}

/// Allocations inside [`held`] on this thread.
pub fn calls() -> u64 {
    CALLS.get()
}
