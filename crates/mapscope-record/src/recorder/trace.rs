//! The operations of the maps of one place, in a file of their own beside that of the process.

use std::collections::hash_map::{DefaultHasher, RandomState};
use std::env;
use std::ffi::CString;
use std::hash::{BuildHasher as _, Hash, Hasher};
use std::ptr::NonNull;
use std::sync::OnceLock;
use std::sync::atomic::{
    AtomicU32, AtomicU64, Ordering::AcqRel, Ordering::Acquire, Ordering::Relaxed, Ordering::Release,
};

use super::mapping;

const VERSION: u32 = 1;
const ROWS_MAX: usize = 1 << 25;
const ROWS_STEP: usize = 1 << 16;
const ROWS_AT: usize = 4096;

/// What is done to a map.
#[derive(Clone, Copy)]
pub(crate) enum Operation {
    Put = 1,
    Get = 2,
    Remove = 3,
    Clear = 4,
    Iterate = 5,
}

/// A key, as a trace has it.
#[derive(Clone, Copy)]
pub(crate) struct Key {
    hash: u64,
    bytes: u32,
}

impl Key {
    /// No operation's.
    pub(super) const NONE: Key = Key { hash: 0, bytes: 0 };

    /// The hash of a key under a seed of this process, and its length: of text that of the text.
    pub(super) fn of<Q: Hash + ?Sized>(key: &Q, key_bytes: usize, is_text: bool) -> Key {
        static SEED: OnceLock<RandomState> = OnceLock::new();
        let hasher = SEED.get_or_init(RandomState::new).build_hasher();
        let mut measured = Measured { hasher, bytes: 0 };
        key.hash(&mut measured);
        // The end of a text is hashed as a byte.
        let bytes = if is_text { measured.bytes.saturating_sub(1) } else { key_bytes };
        Key { hash: measured.hasher.finish(), bytes: u32::try_from(bytes).unwrap_or(u32::MAX) }
    }
}

/// A hasher that counts what it is given.
struct Measured {
    hasher: DefaultHasher,
    bytes: usize,
}

impl Hasher for Measured {
    fn write(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len();
        self.hasher.write(bytes);
    }

    fn finish(&self) -> u64 {
        self.hasher.finish()
    }
}

#[repr(C)]
struct Header {
    magic: AtomicU64,
    version: AtomicU32,
    full: AtomicU32,
    claimed: AtomicU32,
    ready: AtomicU32,
    dropped: AtomicU64,
}

/// The file, and the places that it is of.
pub(super) struct Trace {
    base: NonNull<u8>,
    path: CString,
    places: String,
}

impl Trace {
    /// That of the places which MAPSCOPE_TRACE names, lines of FILE:LINE.
    pub(super) fn begun(path: &[u8]) -> Result<Option<Trace>, String> {
        let Some(places) = env::var("MAPSCOPE_TRACE").ok().filter(|places| !places.is_empty()) else { return Ok(None) };
        let path = CString::new(path).map_err(|error| error.to_string())?;
        let most = ROWS_AT + ROWS_MAX * size_of::<[u64; 2]>();
        let base = mapping::map(&path, ROWS_AT + ROWS_STEP * size_of::<[u64; 2]>(), most);
        let trace = Trace { base: base.map_err(|error| format!("{path:?}: {error}"))?, path, places };
        let header = trace.header();
        header.version.store(VERSION, Relaxed);
        header.ready.store(ROWS_STEP as u32, Relaxed);
        header.magic.store(u64::from_le_bytes(*b"maps-ops"), Release);
        Ok(Some(trace))
    }

    /// Whether it is of a place where this line is: `function`, tab, `FILE:LINE`. The end of a path will do.
    pub(super) fn is_of(&self, line: &str) -> bool {
        let at = line.split_once('\t').map_or(line, |(_, at)| at);
        let is_of = |place| at.strip_suffix(place).is_some_and(|before| before.is_empty() || before.ends_with('/'));
        self.places.lines().any(is_of)
    }

    fn header(&self) -> &Header {
        // SAFETY: the file begins with it; it is of atomics alone.
        unsafe { self.base.cast::<Header>().as_ref() }
    }

    /// Adds an operation of the map of this number.
    pub(super) fn add(&self, map: u64, operation: Operation, key: Key) {
        let header = self.header();
        let claimed = header.claimed.load(Relaxed);
        let at = match (claimed as usize) < ROWS_MAX {
            true => header.claimed.fetch_add(1, Relaxed) as usize,
            false => ROWS_MAX,
        };
        let has = at < header.ready.load(Acquire) as usize;
        if at >= ROWS_MAX || !has && !self.more(at) {
            header.dropped.fetch_add(1, Relaxed);
            return;
        }
        // SAFETY: the file has room for this row, which nothing but atomics refers to.
        let row = unsafe { self.base.byte_add(ROWS_AT + at * size_of::<[u64; 2]>()).cast::<[AtomicU64; 2]>().as_ref() };
        row[1].store(key.hash, Relaxed);
        row[0].store(u64::from(key.bytes) << 32 | (operation as u64) << 24 | map, Release);
    }

    #[cold]
    fn more(&self, at: usize) -> bool {
        let header = self.header();
        let end = (at / ROWS_STEP + 1) * ROWS_STEP;
        if header.full.load(Relaxed) != 0 || mapping::grow(&self.path, ROWS_AT + end * size_of::<[u64; 2]>()).is_err() {
            header.full.store(1, Relaxed);
            return false;
        }
        header.ready.fetch_max(end as u32, AcqRel);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn a_key_is_as_long_as_its_text_and_hashed_alike_by_whatever_it_is_looked_up() {
        let [owned, borrowed] = [Key::of(&"abc".to_owned(), 24, true), Key::of("abc", 24, true)];
        assert_eq!((owned.bytes, owned.hash), (3, borrowed.hash));
        let [number, other] = [Key::of(&7_u64, 8, false), Key::of(&8_u64, 8, false)];
        assert!(number.bytes == 8 && number.hash != other.hash);
    }
}
