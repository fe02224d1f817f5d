//! What `go-classic` and its variants do each in their own way, chosen when the map is compiled: where the first bucket
//! lies, how overflow buckets are linked and where they come from, and what becomes of memory that the map lets go of.

use std::ptr::NonNull;

use super::slab::Slab;

/// The choices. Everything else the designs have in common.
pub trait Design: Sized + 'static {
    /// Whether the first bucket lies in the header.
    const INLINE: bool = false;
    /// Whether overflow buckets that the map lets go of are handed out again.
    const RECYCLES: bool = <Self::Pool<()> as Part<()>>::HAS || <Self::Slab as Part<Slab>>::HAS;
    /// Whether overflow buckets come from the heap, one by one, as Go's do: arrays then have some behind them, and a list
    /// names those without pointers.
    const HEAPED: bool = <Self::Lists<()> as Part<()>>::HAS;
    /// How overflow buckets are linked.
    type Link: Link;
    /// What keeps track of overflow buckets from the heap.
    type Lists<T>: Part<T>;
    /// Where overflow buckets come from otherwise.
    type Slab: Part<Slab>;
    /// What is kept for another time.
    type Pool<T>: Part<T>;
}

/// What Go does.
pub struct Go;

impl Design for Go {
    type Link = Pointer;
    type Lists<T> = With<T>;
    type Slab = Without;
    type Pool<T> = Without;
}

/// The first bucket lies in the header.
pub struct Inline;

impl Design for Inline {
    const INLINE: bool = true;
    type Link = Pointer;
    type Lists<T> = With<T>;
    type Slab = Without;
    type Pool<T> = Without;
}

/// Overflow buckets lie in a slab and are linked by index.
pub struct Slabbed;

impl Design for Slabbed {
    type Link = Index;
    type Lists<T> = Without;
    type Slab = With<Slab>;
    type Pool<T> = Without;
}

/// What the map lets go of is kept and handed out again.
pub struct Pooled;

impl Design for Pooled {
    type Link = Pointer;
    type Lists<T> = With<T>;
    type Slab = Without;
    type Pool<T> = With<T>;
}

/// A part that some designs have.
pub trait Part<T> {
    /// Whether this one has it.
    const HAS: bool;
    /// The part, made of `value`.
    fn new(value: T) -> Self;
    /// The value.
    fn get(&self) -> Option<&T>;
    /// The value, to be changed.
    fn get_mut(&mut self) -> Option<&mut T>;
}

/// A part that is there.
#[repr(transparent)]
pub struct With<T>(T);

impl<T> Part<T> for With<T> {
    const HAS: bool = true;
    fn new(value: T) -> Self {
        With(value)
    }
    #[inline]
    fn get(&self) -> Option<&T> {
        Some(&self.0)
    }
    #[inline]
    fn get_mut(&mut self) -> Option<&mut T> {
        Some(&mut self.0)
    }
}

/// A part that is not.
pub struct Without;

impl<T> Part<T> for Without {
    const HAS: bool = false;
    fn new(_: T) -> Self {
        Without
    }
    #[inline]
    fn get(&self) -> Option<&T> {
        None
    }
    #[inline]
    fn get_mut(&mut self) -> Option<&mut T> {
        None
    }
}

/// How a bucket names the overflow bucket chained to it. All zeros are none.
pub trait Link: 'static {
    /// Its bytes in a bucket, and its alignment.
    const BYTES: usize;
    /// What it takes to follow one.
    type Reach: Copy;
    /// What it takes to follow those of a map that has this slab, or none yet.
    fn reach(slab: Option<NonNull<Slab>>) -> Self::Reach;
    /// The bucket named by the link that lies at `place`, where buckets have so many bytes.
    ///
    /// # Safety
    /// A link lies there, of the map that has this reach.
    unsafe fn read(place: NonNull<u8>, reach: Self::Reach, bucket_bytes: usize) -> Option<NonNull<u8>>;
    /// Makes the link at `place` name another bucket, or none.
    ///
    /// # Safety
    /// As for `read`; the bucket is one that this map's links can name.
    unsafe fn write(place: NonNull<u8>, bucket: Option<NonNull<u8>>, reach: Self::Reach, bucket_bytes: usize);
}

/// By its address: 8 bytes.
pub struct Pointer;

impl Link for Pointer {
    const BYTES: usize = 8;
    type Reach = ();

    #[inline]
    fn reach(_: Option<NonNull<Slab>>) {}

    #[inline]
    unsafe fn read(place: NonNull<u8>, (): (), _: usize) -> Option<NonNull<u8>> {
        // SAFETY: the caller's promise.
        unsafe { place.cast::<Option<NonNull<u8>>>().read() }
    }

    #[inline]
    unsafe fn write(place: NonNull<u8>, bucket: Option<NonNull<u8>>, (): (), _: usize) {
        // SAFETY: the caller's promise.
        unsafe { place.cast::<Option<NonNull<u8>>>().write(bucket) }
    }
}

/// By its index in the map's slab: 4 bytes.
pub struct Index;

impl Link for Index {
    const BYTES: usize = 4;
    type Reach = Option<NonNull<Slab>>;

    #[inline]
    fn reach(slab: Option<NonNull<Slab>>) -> Option<NonNull<Slab>> {
        slab
    }

    #[inline]
    unsafe fn read(place: NonNull<u8>, slab: Option<NonNull<Slab>>, bucket_bytes: usize) -> Option<NonNull<u8>> {
        // SAFETY: the caller's promise; nothing else refers to the slab while a link is followed.
        unsafe { slab?.as_ref().bucket(place.cast::<u32>().read(), bucket_bytes) }
    }

    #[inline]
    unsafe fn write(place: NonNull<u8>, bucket: Option<NonNull<u8>>, slab: Option<NonNull<Slab>>, bucket_bytes: usize) {
        // SAFETY: as in `read`.
        let index = |bucket| unsafe { slab.map_or(0, |slab| slab.as_ref().index(bucket, bucket_bytes)) };
        // SAFETY: the caller's promise.
        unsafe { place.cast::<u32>().write(bucket.map_or(0, index)) }
    }
}
