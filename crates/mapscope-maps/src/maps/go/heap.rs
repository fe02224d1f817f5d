//! Go's heap as a map sees it: which size an allocation really gets, and what `runtime.MemStats` counts for it.
//!
//! Go serves an object of up to 32 KiB from one of 67 size classes, and a larger one in whole pages. A model asks
//! Rust's global allocator for exactly those bytes, one allocation for one of Go's, so that whoever counts the
//! process's allocations counts `MemStats.TotalAlloc` and `MemStats.Mallocs`.
//!
//! Source: Go 1.23, `runtime/sizeclasses.go`, `msize.go`, `malloc.go`, `slice.go`. The same from Go 1.22 to 1.27.3, where
//! the size classes are in `internal/runtime/gc`. Up to Go 1.21 the classes are these, and no object has a header.
//!
//! Go packs objects under 16 bytes that hold no pointers several to a block: [`tiny`]. Only boxed keys and values are
//! such.

pub mod tiny;

use std::alloc::{self, Layout};
use std::ptr::NonNull;

/// The sizes in bytes of Go's small objects; class 0 stands for none.
pub const SIZE_CLASSES: [u16; 68] = [
    0, 8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320, 352, 384, 416, 448,
    480, 512, 576, 640, 704, 768, 896, 1024, 1152, 1280, 1408, 1536, 1792, 2048, 2304, 2688, 3072, 3200, 3456, 4096,
    4864, 5376, 6144, 6528, 6784, 6912, 8192, 9472, 9728, 10240, 10880, 12288, 13568, 14336, 16384, 18432, 19072,
    20480, 21760, 24576, 27264, 28672, 32768,
];

/// The unit of large objects, in bytes.
pub const PAGE_BYTES: usize = 8192;

/// The most that one allocation may ask for, in bytes: the address space of amd64 and arm64.
pub const MAX_ALLOC_BYTES: usize = 1 << 48;

/// What an object with pointers carries in front of it once it is too large for its span's pointer bitmap, in bytes.
const MALLOC_HEADER_BYTES: usize = 8;
/// The largest object with pointers that has no header, in bytes.
const HEADERLESS_MAX_BYTES: usize = 512;
/// The largest request that is served from a size class, in bytes.
const SMALL_MAX_BYTES: usize = 32768 - MALLOC_HEADER_BYTES;
/// Go aligns to 8 bytes at least; nothing in a map asks for more.
const ALIGN: usize = 8;

/// The header that a request of `size` bytes is charged with, in bytes.
const fn header_bytes(size: usize, headerless: bool) -> usize {
    if !headerless && size > HEADERLESS_MAX_BYTES && size <= SMALL_MAX_BYTES { MALLOC_HEADER_BYTES } else { 0 }
}

/// The bytes that an object of `size` bytes occupies, as `MemStats` counts them: its size class, header included, or
/// whole pages. `headerless` says that it carries no header however large it is: it holds no pointers, or the release of
/// Go has none.
pub const fn occupied_bytes(size: usize, headerless: bool) -> usize {
    if size > SMALL_MAX_BYTES {
        return size.next_multiple_of(PAGE_BYTES);
    }
    let need = size + header_bytes(size, headerless);
    let (mut low, mut high) = (0, SIZE_CLASSES.len() - 1);
    while low < high {
        let middle = (low + high) / 2;
        if (SIZE_CLASSES[middle] as usize) < need { low = middle + 1 } else { high = middle }
    }
    SIZE_CLASSES[low] as usize
}

/// The bytes of that which the object may use: `roundupsize` of Go.
pub const fn usable_bytes(size: usize, headerless: bool) -> usize {
    occupied_bytes(size, headerless) - header_bytes(size, headerless)
}

/// The capacity that `append` gives a full slice of `capacity` elements when it adds one, in elements of
/// `element_bytes` (at least 1).
pub const fn appended_capacity(capacity: usize, element_bytes: usize, headerless: bool) -> usize {
    const DOUBLING_BELOW: usize = 256;
    let wanted = match capacity {
        0 => 1,
        1..DOUBLING_BELOW => 2 * capacity,
        _ => capacity + (capacity + 3 * DOUBLING_BELOW) / 4,
    };
    usable_bytes(wanted * element_bytes, headerless) / element_bytes
}

const fn layout(size: usize, headerless: bool) -> Layout {
    match Layout::from_size_align(occupied_bytes(size, headerless), ALIGN) {
        Ok(layout) => layout,
        Err(_) => panic!("an object larger than the address space"),
    }
}

/// Allocates an object, its content undefined. `size` is what Go's map asks for, at least 1 byte.
#[inline]
pub fn alloc(size: usize, headerless: bool) -> NonNull<u8> {
    debug_assert!(size > 0);
    let layout = layout(size, headerless);
    // SAFETY: the layout is not of zero size: `size` is at least 1, and class 0 is for size 0 alone.
    NonNull::new(unsafe { alloc::alloc(layout) }).unwrap_or_else(|| alloc::handle_alloc_error(layout))
}

/// Allocates an object, all zeros.
#[inline]
pub fn alloc_zeroed(size: usize, headerless: bool) -> NonNull<u8> {
    debug_assert!(size > 0);
    let layout = layout(size, headerless);
    // SAFETY: as in `alloc`.
    NonNull::new(unsafe { alloc::alloc_zeroed(layout) }).unwrap_or_else(|| alloc::handle_alloc_error(layout))
}

/// Gives an object back, as a garbage collection would.
///
/// # Safety
/// `object` came from [`alloc()`] or [`alloc_zeroed`] with the same `size` and `headerless`, and is used no more.
#[inline]
pub unsafe fn free(object: NonNull<u8>, size: usize, headerless: bool) {
    // SAFETY: the caller's promise; equal arguments make equal layouts.
    unsafe { alloc::dealloc(object.as_ptr(), layout(size, headerless)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_objects_get_their_class() {
        assert_eq!(occupied_bytes(1, true), 8);
        assert_eq!(occupied_bytes(48, false), 48);
        assert_eq!(occupied_bytes(200, true), 208);
        assert_eq!(occupied_bytes(952, true), 1024);
        assert_eq!(occupied_bytes(32760, true), 32768);
    }

    #[test]
    fn pointers_over_512_bytes_cost_a_header() {
        assert_eq!((occupied_bytes(512, false), usable_bytes(512, false)), (512, 512));
        assert_eq!((occupied_bytes(513, false), usable_bytes(513, false)), (576, 568));
        assert_eq!((occupied_bytes(1024, true), usable_bytes(1024, true)), (1024, 1024));
        assert_eq!((occupied_bytes(1024, false), usable_bytes(1024, false)), (1152, 1144));
        assert_eq!((occupied_bytes(32764, true), occupied_bytes(32764, false)), (32768, 32768));
    }

    #[test]
    fn large_objects_come_in_pages() {
        assert_eq!((occupied_bytes(32761, true), occupied_bytes(32769, true)), (32768, 40960));
        assert_eq!((occupied_bytes(40960, false), usable_bytes(40960, false)), (40960, 40960));
    }

    #[test]
    fn append_doubles_then_slows_and_rounds_up_to_a_class() {
        let mut capacity = 0;
        let grown: Vec<usize> = std::iter::repeat_with(|| {
            capacity = appended_capacity(capacity, 8, false);
            capacity
        })
        .take(12)
        .collect();
        assert_eq!(grown, [1, 2, 4, 8, 16, 32, 64, 143, 287, 607, 1023, 1535]);
    }
}
