//! Which block of memory an address lies in, of those that a map has allocated and not freed.
//!
//! Where an entry lies in a table of published layout follows from its address and from where the table begins. The entry
//! shows the one, the allocator has handed out the other.
//!
//! Each thread follows its own blocks: what it allocates while that [counts](super::alloc), which in a count pass is the map's.
//! There is room for [`MOST`]. A map that has more is made of nodes, not of tables, and is followed no further.

use std::cell::Cell;
use std::ops::Range;

/// More live blocks of one map are not followed. dashmap has one for each of its 64 shards.
pub const MOST: usize = 256;

struct Blocks {
    on: Cell<bool>,
    len: Cell<usize>,
    /// Address and bytes of each, the first `len`.
    blocks: [Cell<(usize, usize)>; MOST],
}

thread_local! {
    // Without a destructor: the allocator asks it until the thread's last free.
    static BLOCKS: Blocks =
        const { Blocks { on: Cell::new(false), len: Cell::new(0), blocks: [const { Cell::new((0, 0)) }; MOST] } };
}

/// Forgets all blocks, and follows those that this thread allocates from now on.
pub fn begin() {
    BLOCKS.with(|blocks| {
        blocks.len.set(0);
        blocks.on.set(true);
    });
    super::watch::begin();
}

/// Follows what `work` allocates, too, and nothing that is allocated between two calls.
pub fn during<T>(work: impl FnOnce() -> T) -> T {
    BLOCKS.with(|blocks| blocks.on.set(true));
    super::watch::begin();
    let out = work();
    BLOCKS.with(|blocks| blocks.on.set(false));
    out
}

/// The live block of a map that has one.
pub fn only() -> Option<Range<usize>> {
    BLOCKS.with(|blocks| {
        let mut ranges = blocks.live().map(|block| block.get()).map(|(start, bytes)| start..start + bytes);
        ranges.next().filter(|_| ranges.next().is_none())
    })
}

/// The live block that the address lies in; `None` where none is followed.
pub fn holding(address: usize) -> Option<Range<usize>> {
    BLOCKS.with(|blocks| {
        let mut ranges = blocks.live().map(|block| block.get()).map(|(start, bytes)| start..start + bytes);
        ranges.find(|range| range.contains(&address))
    })
}

/// How many followed blocks live.
pub fn count() -> usize {
    BLOCKS.with(|blocks| blocks.len.get())
}

/// Whether allocations and frees must be told.
#[inline]
pub(super) fn on() -> bool {
    BLOCKS.with(|blocks| blocks.on.get())
}

/// This thread was handed a block out.
pub(super) fn allocated(block: *mut u8, bytes: usize) {
    BLOCKS.with(|blocks| match blocks.blocks.get(blocks.len.get()) {
        Some(free) => {
            free.set((block.expose_provenance(), bytes));
            blocks.len.set(blocks.len.get() + 1);
        }
        None => {
            blocks.len.set(0);
            blocks.on.set(false);
        }
    });
}

/// A block is about to be freed, which may be none that is followed.
pub(super) fn freed(block: *mut u8) {
    BLOCKS.with(|blocks| {
        if let Some(at) = blocks.live().position(|other| other.get().0 == block.addr()) {
            blocks.len.set(blocks.len.get() - 1);
            blocks.blocks[at].swap(&blocks.blocks[blocks.len.get()]);
        }
    });
}

impl Blocks {
    fn live(&self) -> impl Iterator<Item = &Cell<(usize, usize)>> {
        self.blocks[..self.len.get()].iter()
    }
}
