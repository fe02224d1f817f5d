//! The allocator of the tests of maps: the library's own, over one that counts what each thread does and lets a thread see it
//! block by block.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use mapscope::probe::alloc::Counting;

#[global_allocator]
static ALLOCATOR: Counting<Seen> = Counting::new(Seen);

/// What this thread has allocated and freed.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Allocated {
    pub allocs: u64,
    pub bytes: u64,
    pub frees: u64,
    pub freed_bytes: u64,
}

impl Allocated {
    /// Wraps when the thread has freed what another allocated; differences hold all the same.
    pub fn since(self, before: Allocated) -> Allocated {
        Allocated {
            allocs: self.allocs.wrapping_sub(before.allocs),
            bytes: self.bytes.wrapping_sub(before.bytes),
            frees: self.frees.wrapping_sub(before.frees),
            freed_bytes: self.freed_bytes.wrapping_sub(before.freed_bytes),
        }
    }

    /// Wraps as [`since`](Allocated::since) does.
    pub fn live(self) -> u64 {
        self.bytes.wrapping_sub(self.freed_bytes)
    }
}

/// What happens to a block: it has just been allocated, or is about to be freed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Alloc,
    Free,
}

/// Sees a block and its bytes.
pub type Watcher = fn(Call, *mut u8, usize);

thread_local! {
    pub static ALLOCATED: Cell<Allocated> =
        const { Cell::new(Allocated { allocs: 0, bytes: 0, frees: 0, freed_bytes: 0 }) };
    static WATCHER: Cell<Option<Watcher>> = const { Cell::new(None) };
}

/// Lets `watcher` see each block of this thread from now on, but for those of its own.
pub fn watch(watcher: Option<Watcher>) {
    WATCHER.set(watcher);
}

pub fn count(add: impl FnOnce(&mut Allocated)) {
    let mut tally = ALLOCATED.get();
    add(&mut tally);
    ALLOCATED.set(tally);
}

/// Has no `realloc` of its own: the trait's allocates, copies and frees.
struct Seen;

impl Seen {
    fn allocated(block: *mut u8, layout: Layout) -> *mut u8 {
        count(|tally| (tally.allocs, tally.bytes) = (tally.allocs + 1, tally.bytes + layout.size() as u64));
        Seen::show(Call::Alloc, block, layout);
        block
    }

    fn show(call: Call, block: *mut u8, layout: Layout) {
        if let Some(watcher) = WATCHER.take() {
            watcher(call, block, layout.size());
            WATCHER.set(Some(watcher));
        }
    }
}

// SAFETY: hands everything on to `System`; const thread-locals without a destructor neither allocate nor end.
unsafe impl GlobalAlloc for Seen {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        Seen::allocated(unsafe { System.alloc(layout) }, layout)
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        Seen::allocated(unsafe { System.alloc_zeroed(layout) }, layout)
    }
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(|tally| (tally.frees, tally.freed_bytes) = (tally.frees + 1, tally.freed_bytes + layout.size() as u64));
        Seen::show(Call::Free, block, layout);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(block, layout) }
    }
}
