//! The map's header and its arrays: Go's layout, Go's sizes.

use std::mem::offset_of;
use std::ptr::NonNull;

use super::bucket::Bucket;
use super::design::{Design, Link, Part};
use super::pool::Pool;
use super::slab::Slab;
use crate::entry::{Key, Value};
use crate::maps::go::heap;
use crate::maps::go::slice::Slice;

/// A range may be walking the current buckets.
pub(super) const ITERATOR: u8 = 1;
/// A range may be walking the old buckets.
pub(super) const OLD_ITERATOR: u8 = 2;
/// The growth under way is to a table of the same size.
pub(super) const SAME_SIZE_GROW: u8 = 8;

/// Arrays of `2^4` buckets and more have overflow buckets allocated with them.
const PREALLOCATE_FROM_B: u8 = 4;
/// Up to `2^15` buckets overflow buckets are counted, beyond that estimated.
const ESTIMATE_FROM_B: u8 = 16;

/// The header: 48 bytes, behind which a design may have the first bucket. The hash seed, which Go keeps in the padding
/// after `noverflow`, is the hasher's here.
#[repr(C)]
pub(super) struct Hmap<K, V, D: Design> {
    /// Live entries.
    pub(super) count: usize,
    pub(super) flags: u8,
    /// Log2 of the number of buckets.
    pub(super) b: u8,
    /// Overflow buckets of the current array; an estimate from `b` = 16 up.
    pub(super) noverflow: u16,
    /// The current array; none until the first insert when `b` is 0.
    pub(super) buckets: Option<Bucket<K, V, D>>,
    /// The array before the growth under way; none otherwise.
    pub(super) oldbuckets: Option<Bucket<K, V, D>>,
    /// Old buckets below this have been evacuated.
    pub(super) nevacuate: usize,
    pub(super) extra: Option<NonNull<Extra<K, V, D>>>,
}

/// What not every map has: Go's 24 bytes, or what the design has in their place or besides.
#[repr(C)]
pub(super) struct Extra<K, V, D: Design> {
    pub(super) lists: D::Lists<Lists<K, V, D>>,
    pub(super) slab: D::Slab,
    pub(super) pool: D::Pool<Pool<K, V, D>>,
}

/// What keeps track of overflow buckets from the heap: 24 bytes.
#[repr(C)]
pub(super) struct Lists<K, V, D: Design> {
    /// The overflow buckets of the current array, where buckets count as free of pointers.
    pub(super) overflow: OverflowList<K, V, D>,
    /// Those of the old array.
    pub(super) oldoverflow: OverflowList<K, V, D>,
    /// The next preallocated overflow bucket.
    pub(super) next_overflow: Option<Bucket<K, V, D>>,
}

pub(super) type OverflowList<K, V, D> = Option<NonNull<Slice<Bucket<K, V, D>>>>;

impl<K: Key, V: Value, D: Design> Hmap<K, V, D> {
    /// With the bucket behind it.
    pub(super) const BYTES: usize = {
        assert!(size_of::<Self>() == 48);
        assert!(size_of::<Lists<K, V, D>>() == 24 && size_of::<Pool<K, V, D>>() == 24);
        48 + if D::INLINE { Bucket::<K, V, D>::BYTES } else { 0 }
    };

    /// An empty map's header with room for `2^b` buckets.
    pub(super) const fn new(b: u8) -> Self {
        Hmap { count: 0, flags: 0, b, noverflow: 0, buckets: None, oldbuckets: None, nevacuate: 0, extra: None }
    }

    #[inline]
    pub(super) fn growing(&self) -> bool {
        self.oldbuckets.is_some()
    }

    #[inline]
    pub(super) fn same_size_grow(&self) -> bool {
        self.flags & SAME_SIZE_GROW != 0
    }

    /// Log2 of the number of old buckets, while growing.
    #[inline]
    pub(super) fn old_b(&self) -> u8 {
        self.b - u8::from(!self.same_size_grow())
    }

    /// Whether there are about as many overflow buckets as buckets, most of them sparse then.
    #[inline]
    pub(super) fn too_many_overflow_buckets(&self) -> bool {
        self.noverflow >= 1 << self.b.min(ESTIMATE_FROM_B - 1)
    }

    /// Counts an overflow bucket; `random` is asked from `2^16` buckets up, where only one in `2^(b - 15)` counts.
    pub(super) fn count_overflow(&mut self, random: impl FnOnce() -> u32) {
        if self.b < ESTIMATE_FROM_B || random() & ((1 << (self.b - (ESTIMATE_FROM_B - 1))) - 1) == 0 {
            self.noverflow = self.noverflow.wrapping_add(1);
        }
    }
}

impl<K: Key, V: Value, D: Design> Extra<K, V, D> {
    pub(super) fn new() -> Self {
        Extra {
            lists: Part::new(Lists { overflow: None, oldoverflow: None, next_overflow: None }),
            slab: Part::new(Slab::new()),
            pool: Part::new(Pool::new()),
        }
    }

    /// The slab among the extra fields of a design that has one; of any other, an address that nothing is read from.
    #[inline]
    pub(super) fn slab_of(extra: NonNull<Self>) -> NonNull<Slab> {
        // SAFETY: within the extra fields, which are valid.
        unsafe { extra.byte_add(offset_of!(Self, slab)) }.cast()
    }
}

/// Buckets in all that are allocated for `2^b`: from `b` = 4 up a sixteenth more, and what the size class has room for.
pub(super) fn allocated_buckets<D: Design>(b: u8, bucket_bytes: usize, headerless: bool) -> usize {
    let base = 1 << b;
    if b < PREALLOCATE_FROM_B || !D::HEAPED {
        return base;
    }
    heap::usable_bytes((base + base / 16) * bucket_bytes, headerless) / bucket_bytes
}

/// An array of `2^b` buckets with the overflow buckets allocated behind them. Its buckets are live, as
/// [`Bucket`] has it, for as long as the value is used.
pub(super) struct Array<K, V, D: Design> {
    pub(super) first: Bucket<K, V, D>,
    pub(super) b: u8,
    /// Whether it carries no header, however large it is.
    pub(super) headerless: bool,
}

impl<K: Key, V: Value, D: Design> Array<K, V, D> {
    fn allocated_buckets(b: u8, headerless: bool) -> usize {
        allocated_buckets::<D>(b, Bucket::<K, V, D>::BYTES, headerless)
    }

    /// What Go asks its heap for, in bytes.
    pub(super) fn bytes(&self) -> usize {
        Self::allocated_buckets(self.b, self.headerless) * Bucket::<K, V, D>::BYTES
    }

    /// Allocates an array of `2^b` empty buckets.
    pub(super) fn allocate(b: u8, headerless: bool) -> Self {
        let memory = heap::alloc_zeroed(Self::allocated_buckets(b, headerless) * Bucket::<K, V, D>::BYTES, headerless);
        // SAFETY: zeroed, and freed only by `GoClassicMap`, which forgets the array first.
        let array = Array { first: unsafe { Bucket::new(memory) }, b, headerless };
        array.mark_last();
        array
    }

    /// Empties all its buckets, the preallocated ones included.
    ///
    /// # Safety
    /// None of its slots owns anything any more.
    pub(super) unsafe fn zero(&self) {
        // SAFETY: live, of exactly this size.
        unsafe { self.first.address().write_bytes(0, self.bytes()) };
        self.mark_last();
    }

    /// Preallocated overflow buckets are handed out in order, and one whose overflow pointer is nil has another behind
    /// it; the last one's points somewhere else than nil, to the array.
    fn mark_last(&self) {
        let buckets = Self::allocated_buckets(self.b, self.headerless);
        if buckets > 1 << self.b {
            // SAFETY: within the array.
            let last = unsafe { self.first.add(buckets - 1) };
            last.set_overflow(Some(self.first), D::Link::reach(None));
        }
    }

    /// The first preallocated overflow bucket.
    pub(super) fn preallocated(&self) -> Option<Bucket<K, V, D>> {
        // SAFETY: within the array when there are more buckets than `2^b`.
        (Self::allocated_buckets(self.b, self.headerless) > 1 << self.b).then(|| unsafe { self.first.add(1 << self.b) })
    }

    /// The bucket that a hash belongs to, or the old bucket of a new bucket's index: its low bits count.
    #[inline]
    pub(super) fn head(&self, hash: usize) -> Bucket<K, V, D> {
        // SAFETY: masked to the array.
        unsafe { self.first.add(hash & ((1 << self.b) - 1)) }
    }

    /// The `2^b` buckets that a key can hash to.
    pub(super) fn heads(&self) -> impl Iterator<Item = Bucket<K, V, D>> + use<K, V, D> {
        let array = Array { ..*self };
        (0..1 << self.b).map(move |index| array.head(index))
    }

    /// Whether a bucket lies in the array, as preallocated ones do, and not on the heap by itself.
    pub(super) fn contains(&self, bucket: Bucket<K, V, D>) -> bool {
        let start = self.first.address().as_ptr().addr();
        (start..start + self.bytes()).contains(&bucket.address().as_ptr().addr())
    }
}
