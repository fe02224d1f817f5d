//! The file of this process, read by itself while it is written, by the offsets that docs/RECORDING.md of mapscope names.

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering::Acquire, Ordering::Relaxed};

use super::file::File;

/// Reads it; what is not yet written is 0.
#[derive(Clone, Copy)]
pub(crate) struct Reader(&'static File);

/// Rows of the same length.
#[derive(Clone, Copy)]
pub(crate) struct Rows {
    at: usize,
    bytes: usize,
    count: usize,
}

impl Reader {
    pub(crate) fn u32(self, at: usize) -> u32 {
        self.0.at::<AtomicU32>(at).load(Acquire)
    }

    pub(crate) fn u64(self, at: usize) -> u64 {
        self.0.at::<AtomicU64>(at).load(Relaxed)
    }

    pub(crate) fn places(self) -> Rows {
        Rows { at: self.u64(48) as usize, bytes: 24, count: self.u32(88) as usize }
    }

    pub(crate) fn types(self) -> Rows {
        Rows { at: self.u64(64) as usize, bytes: 64, count: self.u32(96) as usize }
    }

    /// The text of a number; of 0, none.
    pub(crate) fn text(self, number: u32) -> String {
        let (texts_at, length) = (self.u64(72) as usize, self.u32(100) as usize);
        let bytes = (number as usize..length).filter(|_| number > 0);
        let bytes = bytes.map(|at| self.0.at::<AtomicU8>(texts_at + at).load(Relaxed)).take_while(|&byte| byte != 0);
        String::from_utf8_lossy(&bytes.collect::<Vec<_>>()).into_owned()
    }
}

#[cfg(feature = "opentelemetry")]
impl Reader {
    pub(super) fn new(file: &'static File) -> Reader {
        Reader(file)
    }

    /// The line of a place: `src/main.rs:12`; empty where it has none.
    pub(super) fn line_of(self, place: u32) -> String {
        let places = self.places();
        let at =
            (1..=places.count).contains(&(place as usize)).then(|| places.at + (place as usize - 1) * places.bytes);
        let functions = at.map(|at| self.text(self.0.functions(self.u64(at + 16), String::new)));
        let line = functions.as_deref().and_then(|functions| functions.lines().next()?.split('\t').next_back());
        line.unwrap_or_default().to_owned()
    }

    /// A type's name; empty where it is not known.
    pub(super) fn type_name(self, ty: u32) -> String {
        let types = self.types();
        let at = (1..=types.count).contains(&(ty as usize)).then(|| types.at + (ty as usize - 1) * types.bytes);
        at.map(|at| self.text(self.u32(at + 8))).unwrap_or_default()
    }
}

#[cfg(feature = "live")]
impl Reader {
    /// The file's name; none where it lies in memory alone.
    pub(crate) fn path(self) -> Option<String> {
        self.0.path().map(|path| String::from_utf8_lossy(path.to_bytes()).into_owned())
    }

    pub(crate) fn frames(self) -> Rows {
        Rows { at: self.u64(56) as usize, bytes: 16, count: self.u32(92) as usize }
    }

    /// Those that are claimed and have their room; the first is none.
    pub(crate) fn maps(self) -> Rows {
        let count = self.u32(116).min(self.u32(120)) as usize;
        Rows { at: self.u64(80) as usize, bytes: 128, count }
    }

    pub(crate) fn periods(self) -> Rows {
        Rows { at: self.u64(168) as usize, bytes: 16, count: self.u32(164) as usize + 1 }
    }
}

#[cfg(feature = "live")]
impl Rows {
    /// Where each of them begins, with its number from 0.
    pub(crate) fn iter(self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.count).map(move |number| (number, self.at + number * self.bytes))
    }
}

/// That of this process; where it has none, one in its memory begins.
#[cfg(feature = "live")]
pub(crate) fn reader() -> Result<Reader, String> {
    File::of_process_or_own().map(Reader).ok_or_else(|| {
        "nothing is recorded: a map was made before, or there is no room; serve before the first map, or start the \
         program by `mapscope record`"
            .to_owned()
    })
}
