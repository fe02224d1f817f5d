//! The file of the process, in shared memory: its header, tables of places, frames and types, texts, and the maps' rows, for
//! which it grows. Every part has its room on the disk before it is written to, because a full disk would end the process
//! there.

use std::env;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::ptr::{self, NonNull};
use std::sync::atomic::{
    AtomicU32, AtomicU64, Ordering::AcqRel, Ordering::Acquire, Ordering::Relaxed, Ordering::Release,
};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::control::{self, Control};
use super::layout::Layout;
#[cfg(feature = "live")]
use super::mapping::own_memory;
use super::mapping::{grow, map};
use super::row::Row;
use super::sections::{
    FRAMES_AT, FRAMES_MAX, Frame, Header, KEYS_ARE_TEXT, MAPS_AT, MAPS_MAX, MAPS_STEP, OTHER, PERIODS_AT, PERIODS_MAX,
    PLACES_AT, PLACES_MAX, Place, RUST, TEXT_AT, TEXT_MAX, TYPES_AT, TYPES_MAX, Type, VERSION,
};
use super::trace::{Key, Operation, Trace};

/// What this process writes to.
pub(super) struct File {
    base: NonNull<u8>,
    /// None in memory alone.
    path: Option<CString>,
    made: AtomicU64,
    trace: Option<Trace>,
}

// SAFETY: what lies at the base are atomics alone, and it stays there.
unsafe impl Send for File {}
// SAFETY: as above.
unsafe impl Sync for File {}

static FILE: OnceLock<Option<File>> = OnceLock::new();
static LOOKUPS: AtomicU32 = AtomicU32::new(0);

/// Whether lookups and iterations are counted.
#[inline]
pub(super) fn counts_lookups() -> bool {
    LOOKUPS.load(Relaxed) != 0
}

impl File {
    /// That of this process, if it is recorded.
    #[inline]
    pub(super) fn of_process() -> Option<&'static File> {
        FILE.get_or_init(File::begun).as_ref()
    }

    /// That of this process, or one in its memory alone. `None` where the first map found none.
    #[cfg(feature = "live")]
    pub(super) fn of_process_or_own() -> Option<&'static File> {
        FILE.get_or_init(|| File::begun().or_else(File::own)).as_ref()
    }

    #[cfg(feature = "live")]
    fn own() -> Option<File> {
        let base = own_memory(MAPS_AT + MAPS_MAX * size_of::<Row>()).ok()?;
        let file = File { base, path: None, made: AtomicU64::new(0), trace: None };
        file.begin(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(), 2, 1);
        Some(file)
    }

    /// Its name; none in memory alone.
    #[cfg(feature = "live")]
    pub(super) fn path(&self) -> Option<&CStr> {
        self.path.as_deref()
    }

    /// As MAPSCOPE_RECORD says, LEVEL:RATE:FOLDER.
    #[cold]
    fn begun() -> Option<File> {
        let setting = env::var_os("MAPSCOPE_RECORD")?;
        File::make(&setting).unwrap_or_else(|why| {
            // A closed standard error ends no program.
            let _ = writeln!(io::stderr(), "mapscope: nothing is recorded: {why}");
            None
        })
    }

    fn make(setting: &OsString) -> Result<Option<File>, String> {
        let mut parts = setting.as_bytes().splitn(3, |&byte| byte == b':');
        let mut number = || std::str::from_utf8(parts.next()?).ok()?.parse::<u32>().ok();
        let (Some(level @ 1..), Some(rate)) = (number(), number()) else {
            return Err("MAPSCOPE_RECORD is not LEVEL:RATE:FOLDER".to_owned());
        };
        let folder = parts.next().filter(|folder| !folder.is_empty()).ok_or("MAPSCOPE_RECORD names no folder")?;
        let pid = std::process::id();
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let named = |ending: &str| {
            let name = format!("/{pid}-{}.{ending}", since.as_nanos());
            [folder, name.as_bytes()].concat()
        };
        let path = CString::new(named("maps")).map_err(|error| error.to_string())?;
        let (room, most) = (MAPS_AT + MAPS_STEP * size_of::<Row>(), MAPS_AT + MAPS_MAX * size_of::<Row>());
        let base = map(&path, room, most).map_err(|error| format!("{path:?}: {error}"))?;
        let trace = Trace::begun(&named("ops"))?;
        let file = File { base, path: Some(path), made: AtomicU64::new(0), trace };
        file.begin(since, level, rate);
        Ok(Some(file))
    }

    /// Writes down all that is known from the beginning.
    fn begin(&self, since: Duration, level: u32, rate: u32) {
        let header = self.header();
        let short = |to: &AtomicU32, number: usize| to.store(number as u32, Relaxed);
        header.version.store(VERSION, Relaxed);
        header.language.store(RUST, Relaxed);
        header.level.store(level.min(2), Relaxed);
        header.pid.store(std::process::id().into(), Relaxed);
        header.rate.store(rate.into(), Relaxed);
        header.periods_at.store(PERIODS_AT as u64, Relaxed);
        short(&header.periods_max, PERIODS_MAX);
        self.begin_period(Control { one_of: rate, period: 0 });
        header.start_seconds.store(since.as_secs(), Relaxed);
        header.start_nanoseconds.store(since.subsec_nanos(), Relaxed);
        for (to, at) in header.offsets.iter().zip([PLACES_AT, FRAMES_AT, TYPES_AT, TEXT_AT, MAPS_AT]) {
            to.store(at as u64, Relaxed);
        }
        // A place has one frame: the line that makes the map.
        for (to, most) in header.most.iter().zip([PLACES_MAX, FRAMES_MAX, TYPES_MAX, TEXT_MAX, MAPS_MAX, 1]) {
            short(to, most);
        }
        // No text begins at 0, and no map is the first.
        short(&header.text_claimed, 1);
        short(&header.maps_claimed, 1);
        short(&header.maps_ready, MAPS_STEP);
        header.built_with.store(self.text(concat!("rustc ", env!("MAPSCOPE_RUSTC")).as_bytes()), Relaxed);
        let program = env::args_os().next().unwrap_or_default();
        header.program.store(self.text(program.as_bytes()), Relaxed);
        header.magic.store(u64::from_le_bytes(*b"mapscope"), Release);
        LOOKUPS.store(u32::from(level > 1), Relaxed);
        control::publish(&header.control);
    }

    fn header(&self) -> &Header {
        self.at(0)
    }

    /// What lies there; every field of every row is an atomic.
    pub(super) fn at<T>(&self, offset: usize) -> &T {
        debug_assert!(offset.is_multiple_of(align_of::<T>()));
        // SAFETY: callers give offsets of rows that the file has room for, of atomics alone, for which zeros are valid.
        unsafe { self.base.byte_add(offset).cast::<T>().as_ref() }
    }

    /// The row of a new map. `None` where it is not of the sample, or there is no room.
    pub(super) fn claim(&self) -> Option<&Row> {
        let header = self.header();
        let control = Control::load(&header.control);
        let is_taken = match control.one_of {
            0 => false,
            1 => true,
            n => mixed(self.made.fetch_add(1, Relaxed)).is_multiple_of(n.into()),
        };
        if !is_taken {
            return None;
        }
        let claimed = header.maps_claimed.load(Relaxed);
        // Where there is no more room, nothing is claimed: the counter must not come round.
        let id = match (claimed as usize) < MAPS_MAX {
            true => header.maps_claimed.fetch_add(1, Relaxed) as usize,
            false => MAPS_MAX,
        };
        let has = id < header.maps_ready.load(Acquire) as usize;
        if id >= MAPS_MAX || !has && !self.more(id) {
            header.maps_dropped.fetch_add(1, Relaxed);
            return None;
        }
        let row: &Row = self.at(MAPS_AT + id * size_of::<Row>());
        row.begin(control.period);
        Some(row)
    }

    /// Writes down when a period begins, and then has new maps go by it.
    fn begin_period(&self, control: Control) {
        let to: &[AtomicU64; 2] = self.at(PERIODS_AT + control.period as usize * size_of::<[AtomicU64; 2]>());
        for (to, number) in to.iter().zip(control::period(control.one_of)) {
            to.store(number.into_inner(), Relaxed);
        }
        control.store(&self.header().control);
    }

    /// Changes which maps are recorded from now on.
    pub(super) fn set_sample(&self, one_of: u32) -> io::Result<()> {
        // mapscope may change it, too: one comes after the other.
        static OWN: Mutex<()> = Mutex::new(());
        let _own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
        let open = |path: &CString| fs::File::open(OsStr::from_bytes(path.as_bytes()));
        let file = self.path.as_ref().map(open).transpose()?;
        file.as_ref().map_or(Ok(()), fs::File::lock)?;
        let now = Control::load(&self.header().control);
        if now.one_of == one_of {
            return Ok(());
        }
        let period = now.period + 1;
        if period as usize >= PERIODS_MAX {
            return Err(io::Error::other(format!("it has been changed {} times, and no more fit", now.period)));
        }
        self.begin_period(Control { one_of, period });
        Ok(())
    }

    /// Makes room for the map of this number, and for those of its step. The file is opened anew each time: a program may
    /// close what it does not know.
    #[cold]
    fn more(&self, id: usize) -> bool {
        let header = self.header();
        let end = (id / MAPS_STEP + 1) * MAPS_STEP;
        let grown = self.path.as_ref().map_or(Ok(()), |path| grow(path, MAPS_AT + end * size_of::<Row>()));
        if header.full.load(Relaxed) != 0 || grown.is_err() {
            header.full.store(1, Relaxed);
            return false;
        }
        header.maps_ready.fetch_max(end as u32, AcqRel);
        true
    }

    /// The number of the place that has this address, from 1, and whether its maps are traced.
    pub(super) fn place(&self, address: u64) -> (u32, bool) {
        for probe in 0..PLACES_MAX {
            let at = (mixed(address) as usize + probe) % PLACES_MAX;
            let row: &Place = self.at(PLACES_AT + at * size_of::<Place>());
            if is_claimed(&row.key, address) {
                if row.frames.load(Acquire) == 0 {
                    row.address.store(address, Relaxed);
                    row.traced.store(self.is_traced(address).into(), Relaxed);
                    row.frames.store(1, Release);
                }
                return (at as u32 + 1, row.traced.load(Relaxed) != 0);
            }
        }
        self.header().places_dropped.fetch_add(1, Relaxed);
        (OTHER, false)
    }

    /// Whether the first function of an address is at a place that is traced.
    fn is_traced(&self, address: u64) -> bool {
        let Some(trace) = &self.trace else { return false };
        let text = self.functions(address, String::new);
        if text == 0 {
            return false;
        }
        let text = self.base.as_ptr().wrapping_add(TEXT_AT + text as usize).cast::<libc::c_char>();
        // SAFETY: it is a text of the file, written before its number was, and ended by a zero.
        let functions = unsafe { CStr::from_ptr(text) }.to_str().unwrap_or_default();
        functions.lines().next().is_some_and(|line| trace.is_of(line))
    }

    /// Adds an operation of a map whose row this is to the trace.
    #[cold]
    pub(super) fn trace(&self, row: &Row, operation: Operation, key: Key) {
        if let Some(trace) = &self.trace {
            let at = (&raw const *row).addr() - self.base.addr().get() - MAPS_AT;
            trace.add((at / size_of::<Row>()) as u64, operation, key);
        }
    }

    /// Whether an address has functions, which are written down when it is new: a line each, the innermost first.
    pub(super) fn has_functions(&self, address: u64, functions: impl FnOnce() -> String) -> bool {
        self.functions(address, functions) != 0
    }

    /// The number of their text; 0 where there are none.
    pub(super) fn functions(&self, address: u64, functions: impl FnOnce() -> String) -> u32 {
        for probe in 0..FRAMES_MAX {
            let at = (mixed(address) as usize + probe) % FRAMES_MAX;
            let row: &Frame = self.at(FRAMES_AT + at * size_of::<Frame>());
            if is_claimed(&row.address, address) {
                if row.done.load(Acquire) == 0 {
                    let functions = functions();
                    row.text.store(if functions.is_empty() { 0 } else { self.text(functions.as_bytes()) }, Release);
                    row.done.store(1, Release);
                }
                // Of two threads that wrote it, the one may read what the other did.
                return row.text.load(Acquire);
            }
        }
        self.header().frames_dropped.fetch_add(1, Relaxed);
        0
    }

    /// The number of a type, from 1.
    pub(super) fn type_of(&self, layout: &Layout, name: fn() -> String, keys_are_text: fn() -> bool) -> u32 {
        let key = mixed(name as usize as u64) | 1;
        for probe in 0..TYPES_MAX {
            let at = ((key >> 1) as usize + probe) % TYPES_MAX;
            let row: &Type = self.at(TYPES_AT + at * size_of::<Type>());
            if !is_claimed(&row.key, key) {
                continue;
            }
            if row.done.load(Acquire) == 0 {
                let put = |to: &AtomicU32, number: usize| to.store(u32::try_from(number).unwrap_or(u32::MAX), Relaxed);
                put(&row.key_bytes, layout.key_bytes);
                put(&row.value_bytes, layout.value_bytes);
                put(&row.layout, layout.kind as usize);
                put(&row.slot_bytes, layout.slot_bytes);
                put(&row.slot_align, layout.slot_align);
                put(&row.group, Layout::GROUP);
                put(&row.buckets_min, layout.buckets_min());
                put(&row.entry_bytes, layout.entry_bytes);
                put(&row.flags, if keys_are_text() { KEYS_ARE_TEXT } else { 0 });
                row.text.store(self.text(name().as_bytes()), Relaxed);
                row.done.store(1, Release);
            }
            return at as u32 + 1;
        }
        self.header().types_dropped.fetch_add(1, Relaxed);
        OTHER
    }

    /// Where a text is, ended by a zero; 0 where there is no room for it.
    fn text(&self, text: &[u8]) -> u32 {
        let header = self.header();
        let length = u32::try_from(text.len() + 1).unwrap_or(u32::MAX);
        let room = |claimed: u32| claimed.checked_add(length).filter(|&end| end <= TEXT_MAX as u32);
        let Ok(at) = header.text_claimed.fetch_update(Relaxed, Relaxed, room) else {
            header.text_dropped.fetch_add(1, Relaxed);
            return 0;
        };
        let to = self.base.as_ptr().wrapping_add(TEXT_AT + at as usize);
        // SAFETY: these bytes of the file are claimed by this call alone, and nothing refers to them.
        unsafe { ptr::copy_nonoverlapping(text.as_ptr(), to, text.len()) };
        at
    }
}

/// Puts the key where nothing is: whether the row is its own. Who finds that it is not filled in fills it in, whoever has
/// claimed it: that one may be about to, and the process ends before it does. All of them write the same.
fn is_claimed(row: &AtomicU64, key: u64) -> bool {
    let there = row.load(Acquire);
    there == key || there == 0 && row.compare_exchange(0, key, AcqRel, Acquire).map_or_else(|is| is == key, |_| true)
}

/// Bits of a number spread over all of one (SplitMix64).
fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}
