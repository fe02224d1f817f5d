//! Keys and values as Go's `any` has them: two words, the type's and the content's address.
//!
//! Converting a typed variable that escapes allocates its content, by the rules of the runtime's `convT`: a small
//! integer comes from a static table, a pointer needs no content of its own, whatever else is an object of its size.
//! The model has no use for the type's word; it keeps there what frees the content.

use std::any::Any;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::ptr::NonNull;

use crate::entry::Key;
use crate::maps::go::heap::tiny::{self, BLOCK_BYTES, Block, Tiny};
use crate::maps::go::{aside, heap};
use crate::maps::layout::{EntryShape, Layout, When};
use crate::probe::event::Probe;

/// Go's `any`, holding a `T`: 16 bytes.
///
/// Invariant, **boxed**: the content is a valid `T` that stays where it is until [`Boxed::free`]. The words may be copied,
/// and own nothing: which copy is freed is the map's business.
#[repr(C)]
pub(super) struct Boxed<T> {
    /// The block that the content lies in, if it is a tiny object.
    block: Option<NonNull<Block>>,
    content: NonNull<T>,
}

/// Integers below 256 are not allocated.
static SMALL: [u64; 256] = {
    let mut small = [0; 256];
    let mut number = 0;
    while number < small.len() {
        small[number] = number as u64;
        number += 1;
    }
    small
};

/// Where the content of a type goes.
enum Kind {
    /// There is none.
    Empty,
    /// A pointer: Go has it in the word itself. It is put aside here, since words move and references must not.
    Direct,
    /// Into a block with others.
    Tiny,
    /// An object of its own.
    Object,
}

const fn kind<T>(noscan: bool) -> Kind {
    assert!(align_of::<T>() <= 8, "no Go type is aligned to more than 8 bytes");
    kind_of(size_of::<T>(), noscan)
}

const fn kind_of(bytes: usize, noscan: bool) -> Kind {
    match bytes {
        0 => Kind::Empty,
        8 if !noscan => Kind::Direct,
        1..BLOCK_BYTES if noscan => Kind::Tiny,
        _ => Kind::Object,
    }
}

/// The layout with what boxing a key and a value allocates.
pub(super) fn with_contents(layout: Layout, entry: &EntryShape) -> Layout {
    let mut tiny = false;
    let contents = [("the key, boxed", entry.key), ("the value, boxed", entry.value)];
    let layout = contents.into_iter().fold(layout, |layout, (what, shape)| {
        let (bytes, noscan) = (shape.room.bytes as usize, !shape.pointers());
        match kind_of(bytes, noscan) {
            Kind::Empty | Kind::Direct => layout,
            Kind::Tiny => {
                tiny = true;
                layout
            }
            Kind::Object => layout.with(When::Entry, what, heap::occupied_bytes(bytes, noscan) as u64),
        }
    });
    let block = "a block that small keys and values share, as many as fit";
    if tiny { layout.with(When::Sometimes, block, BLOCK_BYTES as u64) } else { layout }
}

/// The static content of a small integer.
fn small<T: 'static>(value: &T) -> Option<NonNull<T>> {
    let value: &dyn Any = value;
    macro_rules! number {
        ($($signed:ty, $unsigned:ty);*) => {
            $(if let Some(&number) = value.downcast_ref::<$unsigned>() {
                u64::from(number)
            } else if let Some(&number) = value.downcast_ref::<$signed>() {
                u64::from(number.cast_unsigned())
            } else)* {
                return None;
            }
        };
    }
    let truth = || value.downcast_ref::<bool>().map(|&truth| u64::from(truth));
    // An array of one byte is that byte.
    let only = || value.downcast_ref::<[u8; 1]>().map(|&[only]| u64::from(only));
    let number = match truth().or_else(only) {
        Some(number) => number,
        None => number!(i64, u64; i32, u32; i16, u16; i8, u8),
    };
    let entry = NonNull::from(SMALL.get(number as usize)?);
    // SAFETY: the value has been an integer of up to 8 bytes; its bytes are the entry's lowest.
    Some(unsafe { entry.byte_add(if cfg!(target_endian = "big") { 8 - size_of::<T>() } else { 0 }) }.cast())
}

impl<T: 'static> Boxed<T> {
    /// Boxes a value whose type holds no pointers (`noscan`) or does.
    #[inline]
    pub(super) fn new<P: Probe>(value: T, noscan: bool, tiny: &mut Tiny<P>) -> Boxed<T> {
        const { assert!(size_of::<Self>() == 16) };
        let (content, block) = match kind::<T>(noscan) {
            Kind::Empty => (NonNull::dangling(), None),
            Kind::Direct => return Boxed { block: None, content: aside::put(value) },
            Kind::Tiny => {
                if let Some(content) = small(&value) {
                    return Boxed { block: None, content };
                }
                let (object, block) = tiny.alloc(size_of::<T>());
                (object.cast::<T>(), Some(block))
            }
            Kind::Object => (heap::alloc(size_of::<T>(), noscan).cast::<T>(), None),
        };
        // SAFETY: fresh memory of a `T`'s size, or the place of nothing; Go's alignment by size is that of the type.
        unsafe { content.write(value) };
        Boxed { block, content }
    }

    /// The words for a value on the stack, as a lookup passes them; never to be freed or kept.
    #[inline]
    pub(super) fn lent(value: &T) -> Boxed<T> {
        Boxed { block: None, content: NonNull::from(value) }
    }

    /// The content's address.
    #[inline]
    pub(super) fn content(&self) -> NonNull<T> {
        self.content
    }

    /// The content.
    ///
    /// # Safety
    /// It is not freed during `'a`.
    #[inline]
    pub(super) unsafe fn get<'a>(&self) -> &'a T {
        // SAFETY: boxed; the caller's promise.
        unsafe { self.content.as_ref() }
    }

    /// Drops and frees the content.
    ///
    /// # Safety
    /// It was boxed with the same `noscan`, and is used no more by any copy.
    #[inline]
    pub(super) unsafe fn free<P: Probe>(&self, noscan: bool, probe: P) {
        // SAFETY: boxed; the caller's promise. A tiny object without a block is in the static table.
        unsafe {
            match kind::<T>(noscan) {
                Kind::Empty => self.content.drop_in_place(),
                Kind::Direct => drop(aside::take(self.content)),
                Kind::Tiny => {
                    if let Some(block) = self.block {
                        self.content.drop_in_place();
                        tiny::free(block, probe);
                    }
                }
                Kind::Object => {
                    self.content.drop_in_place();
                    heap::free(self.content.cast(), size_of::<T>(), noscan);
                }
            }
        }
    }
}

impl<T> Clone for Boxed<T> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Boxed<T> {}

// SAFETY of the four below: a key is boxed for as long as a map compares it.

impl<K: Hash + 'static> Hash for Boxed<K> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        // SAFETY: see above.
        unsafe { self.get() }.hash(state);
    }
}

impl<K: Eq + 'static> PartialEq for Boxed<K> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        // SAFETY: see above.
        unsafe { self.get() == other.get() }
    }
}

impl<K: Eq + 'static> Eq for Boxed<K> {}

impl<K: Ord + 'static> Ord for Boxed<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        // SAFETY: see above.
        unsafe { self.get().cmp(other.get()) }
    }
}

impl<K: Ord + 'static> PartialOrd for Boxed<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

// SAFETY: the words own nothing and lend the content out shared; the caller of `free` answers for there being no other copy
// in use, on whatever thread.
unsafe impl<T: Sync> Send for Boxed<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Boxed<T> {}

impl<K: Key> Key for Boxed<K> {
    const POINTERS: bool = true;
    fn from_id(_: u64) -> Self {
        unreachable!("a box is made from a key, by the map whose heap it lies on")
    }
    fn id(&self) -> u64 {
        // SAFETY: see above.
        unsafe { self.get() }.id()
    }
    fn heap_bytes(&self) -> u64 {
        0
    }
}
