//! The parts of the file, as docs/RECORDING.md of mapscope describes them.

use std::mem::offset_of;
use std::sync::atomic::{AtomicU32, AtomicU64};

pub(super) const VERSION: u32 = 3;
pub(super) const RUST: u32 = 1;

pub(super) const PERIODS_MAX: usize = 1 << 12;
pub(super) const PLACES_MAX: usize = 1 << 14;
pub(super) const FRAMES_MAX: usize = 1 << 14;
pub(super) const TYPES_MAX: usize = 1 << 11;
pub(super) const TEXT_MAX: usize = 2 << 20;
pub(super) const MAPS_MAX: usize = 1 << 22;
pub(super) const MAPS_STEP: usize = 1 << 11;

pub(super) const PERIODS_AT: usize = 4096;
pub(super) const PLACES_AT: usize = PERIODS_AT + PERIODS_MAX * size_of::<[AtomicU64; 2]>();
pub(super) const FRAMES_AT: usize = PLACES_AT + PLACES_MAX * size_of::<Place>();
pub(super) const TYPES_AT: usize = FRAMES_AT + FRAMES_MAX * size_of::<Frame>();
pub(super) const TEXT_AT: usize = TYPES_AT + TYPES_MAX * size_of::<Type>();
pub(super) const MAPS_AT: usize = TEXT_AT + TEXT_MAX;

/// A flag of types.
pub(super) const KEYS_ARE_TEXT: usize = 32;

/// The number of whatever there is no room for.
pub(super) const OTHER: u32 = u32::MAX;

#[repr(C)]
pub(super) struct Header {
    pub(super) magic: AtomicU64,
    pub(super) version: AtomicU32,
    pub(super) level: AtomicU32,
    pub(super) pid: AtomicU64,
    pub(super) rate: AtomicU64,
    pub(super) start_seconds: AtomicU64,
    pub(super) start_nanoseconds: AtomicU32,
    pub(super) built_with: AtomicU32,
    pub(super) offsets: [AtomicU64; 5],
    pub(super) most: [AtomicU32; 6],
    // From here on it changes. Claimed are more than there are where there was no room.
    pub(super) text_claimed: AtomicU32,
    pub(super) maps_claimed: AtomicU32,
    pub(super) maps_ready: AtomicU32,
    pub(super) maps_dropped: AtomicU32,
    pub(super) places_dropped: AtomicU32,
    pub(super) frames_dropped: AtomicU32,
    pub(super) types_dropped: AtomicU32,
    pub(super) text_dropped: AtomicU32,
    pub(super) program: AtomicU32,
    pub(super) full: AtomicU32,
    pub(super) language: AtomicU32,
    pub(super) row_bytes: AtomicU32,
    pub(super) control: AtomicU64,
    pub(super) periods_at: AtomicU64,
    pub(super) periods_max: AtomicU32,
}

const _: () = assert!(offset_of!(Header, language) == 152 && offset_of!(Header, control) == 160);

#[repr(C)]
pub(super) struct Place {
    pub(super) key: AtomicU64,
    pub(super) frames: AtomicU32,
    pub(super) traced: AtomicU32,
    pub(super) address: AtomicU64,
}

/// An address, of a place or of code, and the functions that it belongs to.
#[repr(C)]
pub(super) struct Frame {
    pub(super) address: AtomicU64,
    pub(super) text: AtomicU32,
    pub(super) done: AtomicU32,
}

#[repr(C)]
pub(super) struct Type {
    pub(super) key: AtomicU64,
    pub(super) text: AtomicU32,
    pub(super) flags: AtomicU32,
    pub(super) key_bytes: AtomicU32,
    pub(super) value_bytes: AtomicU32,
    pub(super) group_bytes: AtomicU32,
    pub(super) done: AtomicU32,
    pub(super) layout: AtomicU32,
    pub(super) slot_bytes: AtomicU32,
    pub(super) slot_align: AtomicU32,
    pub(super) group: AtomicU32,
    pub(super) buckets_min: AtomicU32,
    pub(super) entry_bytes: AtomicU32,
    pub(super) reserved: [AtomicU32; 2],
}

const _: () = assert!(size_of::<Place>() == 24 && size_of::<Frame>() == 16 && size_of::<Type>() == 64);
