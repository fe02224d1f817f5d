//! The file of this process, and a row of it for each map. docs/RECORDING.md of mapscope describes the file.
//!
//! Nothing here panics or fails for the recording's sake. Rows are never unmapped.

mod control;
mod file;
mod layout;
mod mapping;
mod name;
mod place;
#[cfg(any(feature = "live", feature = "opentelemetry"))]
mod read;
mod row;
mod sections;
mod since;
#[cfg(feature = "opentelemetry")]
mod span;
mod trace;

use std::hash::Hash;
use std::io;
use std::panic::Location;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering::Relaxed};

pub(crate) use layout::Layout;
pub(crate) use name::short;
#[cfg(feature = "live")]
pub(crate) use read::{Reader, reader};
#[cfg(feature = "indexmap")]
pub(crate) use row::Part;
pub(crate) use row::{Row, Size};
pub(crate) use since::Since;
#[cfg(feature = "opentelemetry")]
pub(crate) use since::want_spans;
pub(crate) use trace::{Key, Operation};

use file::File;

/// A type of map that is recorded.
pub(crate) trait Recorded {
    /// What its tables take.
    const LAYOUT: Layout;

    /// Its name: `HashMap<String, u64>`. The function itself tells it from others.
    fn name() -> String;

    /// Whether keys are a kind of string.
    fn keys_are_text() -> bool {
        false
    }
}

/// Whether a type is a kind of string.
pub(crate) fn is_text<K>() -> bool {
    let name = short(std::any::type_name::<K>());
    ["String", "&str", "Box<str>", "Rc<str>", "Arc<str>", "Cow<str>"].contains(&&*name)
}

/// A key of an operation of a map whose row this is, if it is traced.
#[inline]
pub(crate) fn traced<M: Recorded, Q: Hash + ?Sized>(row: &Row, key: &Q) -> Option<Key> {
    row.is_traced().then(|| Key::of(key, M::LAYOUT.key_bytes, M::keys_are_text()))
}

/// Whose figures a map adds to: nothing, or a row; or, for a map that a `const fn` made, where that was, until it is used.
pub(crate) struct Record(AtomicPtr<Row>);

/// In the address of a place, which is even: there is no row yet.
const LATER: usize = 1;

impl Record {
    /// Of a map that is made here, with a hint.
    #[track_caller]
    #[inline]
    pub(crate) fn new<M: Recorded>(hint: usize) -> Record {
        match File::of_process() {
            Some(file) => Record(AtomicPtr::new(begin::<M>(file, Location::caller(), hint, false))),
            None => Record::none(),
        }
    }

    /// Of a map that is not recorded.
    #[inline]
    pub(crate) const fn none() -> Record {
        Record(AtomicPtr::new(ptr::null_mut()))
    }

    /// Of a map that is made here, perhaps by the compiler: its row is for the first use.
    #[track_caller]
    #[inline]
    pub(crate) const fn later() -> Record {
        let place = ptr::from_ref(Location::caller()).cast_mut();
        Record(AtomicPtr::new(place.cast::<Row>().wrapping_byte_add(LATER)))
    }

    #[inline]
    pub(crate) fn row<M: Recorded>(&self) -> Option<&'static Row> {
        let at = self.0.load(Relaxed);
        if at.addr() & LATER != 0 {
            return self.begin_later::<M>(at);
        }
        // SAFETY: it is null, or a row, which stays where it is for as long as the process runs.
        let row = unsafe { at.as_ref() }?;
        match control::is_off() {
            false => Some(row),
            true => self.end(row),
        }
    }

    /// Recording was switched off.
    #[cold]
    fn end(&self, row: &Row) -> Option<&'static Row> {
        row.end();
        self.0.store(ptr::null_mut(), Relaxed);
        None
    }

    #[cold]
    fn begin_later<M: Recorded>(&self, at: *mut Row) -> Option<&'static Row> {
        let row = match File::of_process() {
            Some(file) => begin::<M>(file, place_of(at), 0, true),
            None => ptr::null_mut(),
        };
        // Several threads may look into a map at once. The row of a thread that comes late has a place, and no use.
        let at = match self.0.compare_exchange(at, row, Relaxed, Relaxed) {
            Ok(_) => row,
            Err(there) => {
                // SAFETY: it is null or a row, as above.
                if let Some(row) = unsafe { row.as_ref() } {
                    row.withdraw();
                }
                there
            }
        };
        // SAFETY: as above.
        unsafe { at.as_ref() }
    }
}

/// The place that [`Record::later`] was called from.
fn place_of(at: *mut Row) -> &'static Location<'static> {
    // SAFETY: an odd address is that of a place, and of one that is there for good, plus one.
    unsafe { &*at.wrapping_byte_sub(LATER).cast::<Location<'static>>() }
}

/// Changes which of the maps that are made from now on are recorded: one of so many; 0 is none.
pub(crate) fn set_sample(one_of: u32) -> io::Result<()> {
    match File::of_process() {
        Some(file) => file.set_sample(one_of),
        None => Err(io::Error::new(io::ErrorKind::NotFound, "this program was not started by `mapscope record`")),
    }
}

impl Drop for Record {
    /// A map that was never used is a map, too.
    #[inline]
    fn drop(&mut self) {
        let at = *self.0.get_mut();
        if at.addr() & LATER != 0
            && let Some(file) = File::of_process()
            && let Some(row) = file.claim()
        {
            row.place(file.place(place::unused(file, place_of(at))).0);
        }
    }
}

#[cold]
fn begin<M: Recorded>(file: &'static File, place: &'static Location<'static>, hint: usize, late: bool) -> *mut Row {
    let Some(row) = file.claim() else { return ptr::null_mut() };
    let (address, is_own) = place::address(file, place);
    // Where the standard library made it, the functions are those that use it first.
    let ty = file.type_of(&M::LAYOUT, M::name, M::keys_are_text);
    let (place, is_traced) = file.place(address);
    row.describe(ty, hint, late && !is_own, is_traced && matches!(M::LAYOUT.kind, Layout::TABLE | Layout::INDEXED));
    row.place(place);
    ptr::from_ref(row).cast_mut()
}
