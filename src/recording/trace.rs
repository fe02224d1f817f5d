//! The operations of the maps of some places, as traces: each map its own.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};

use mapscope_trace::Output;

use super::bytes::Bytes;
use super::{Manifest, Map, Place, Process, RecordingError, Type};
use crate::entry::{BYTES_MAX, Entry, KeyType, ValueType, low_bits};
use crate::record::{Frame, write_whole};

/// What became of the operations of all places.
#[derive(Debug)]
pub struct Traced {
    /// Each place that was asked for.
    pub places: Vec<TracedPlace>,
    /// Operations that there was no room for.
    pub dropped: u64,
    /// Maps that were traced, and of which it is not known at which of these places: its name had no room.
    pub unnamed: u64,
}

/// What became of the operations of a place.
#[derive(Debug, Default)]
pub struct TracedPlace {
    /// As it was asked for.
    pub place: String,
    /// Maps that it made.
    pub maps: u64,
    /// Their operations.
    pub operations: u64,
    /// Maps that were made as copies, or to which something was done that is no operation.
    pub in_part: u64,
    /// The traces, the longest first.
    pub written: Vec<Written>,
}

/// A trace of one map.
#[derive(Debug)]
pub struct Written {
    /// The file.
    pub path: PathBuf,
    /// Its rows.
    pub operations: u64,
    /// Where the map was made.
    pub at: String,
    /// Its type.
    pub ty: String,
    /// An entry as large as its own.
    pub entry: Entry,
    /// The hint that the map was made with.
    pub hint: u32,
}

/// An operation.
struct Row {
    map: u32,
    word: &'static str,
    keyed: bool,
    key_bytes: u32,
    /// A hash of the key under a seed of the process.
    key: u64,
}

/// The file of a process in which it writes operations, as docs/RECORDING.md describes it.
struct Operations {
    path: PathBuf,
    rows: u64,
    dropped: u64,
}

impl Operations {
    const MAGIC: &[u8] = b"maps-ops";
    const VERSION: u32 = 1;
    const ROWS_AT: usize = 4096;
    const ROW_BYTES: usize = 16;

    /// Those of a process. `None` where it has no such file, or had only begun with it.
    fn of(process: &Process) -> Result<Option<Operations>, RecordingError> {
        Operations::open(process.path.with_extension("ops"))
    }

    fn open(path: PathBuf) -> Result<Option<Operations>, RecordingError> {
        if !path.is_file() {
            return Ok(None);
        }
        let at = |error: io::Error| RecordingError::at(&path, error);
        let mut file = File::open(&path).map_err(at)?;
        let mut head = [0; 32];
        file.read_exact(&mut head).map_err(at)?;
        let header = Bytes(&head);
        if head.starts_with(&[0; 8]) {
            return Ok(None);
        }
        if !head.starts_with(Self::MAGIC) || header.u32(8) != Self::VERSION {
            return Err(RecordingError::at(&path, "is no trace of this version: record it anew"));
        }
        let rows = u64::from(header.u32(16).min(header.u32(20)));
        let length = file.metadata().map_err(at)?.len();
        if length < Self::ROWS_AT as u64 + rows * Self::ROW_BYTES as u64 {
            return Err(RecordingError::at(&path, "is cut short: record it anew"));
        }
        Ok(Some(Operations { path, rows, dropped: header.u64(24) }))
    }

    /// Each row that is written, in their order.
    fn rows(&self) -> io::Result<impl Iterator<Item = io::Result<Row>> + '_> {
        let mut file = BufReader::with_capacity(1 << 16, File::open(&self.path)?);
        file.read_exact(&mut [0; Self::ROWS_AT])?;
        Ok((0..self.rows).filter_map(move |_| self.row(&mut file).transpose()))
    }

    /// The next one; `None` where it was claimed, and not yet written when its process ended.
    fn row(&self, file: &mut impl Read) -> io::Result<Option<Row>> {
        let mut row = [0; Self::ROW_BYTES];
        file.read_exact(&mut row)?;
        let row = Bytes(&row);
        let (word, keyed) = match row.u32(0) >> 24 {
            0 => return Ok(None),
            1 => ("insert", true),
            2 => ("get", true),
            3 => ("remove", true),
            4 => ("clear", false),
            5 => ("iterate", false),
            other => {
                let what = RecordingError::at(&self.path, format!("is damaged: operation {other}"));
                return Err(io::Error::other(what));
            }
        };
        let map = row.u32(0) & 0xff_ffff;
        Ok(Some(Row { map, word, keyed, key_bytes: row.u32(4), key: row.u64(8) }))
    }
}

/// What a map's operations came to.
#[derive(Clone, Copy, Default)]
struct Sum {
    operations: u64,
    keyed: u64,
    key_bytes: u64,
}

impl Sum {
    fn add(&mut self, row: &Row) {
        self.operations += 1;
        self.keyed += u64::from(row.keyed);
        self.key_bytes += u64::from(row.key_bytes);
    }
}

/// Writes the operations of the `most` maps of each place that have most of them into the folder, as `trace-001.csv.zst` and
/// so on.
///
/// # Errors
/// Where a file can't be read, or not be written.
pub fn write_traces(
    processes: &[Process],
    manifest: &Manifest,
    folder: &Path,
    most: usize,
) -> Result<Traced, RecordingError> {
    let files =
        processes.iter().filter_map(|process| Some(Operations::of(process).transpose()?.map(|of| (process, of))));
    let files = files.collect::<Result<Vec<_>, _>>()?;
    let made_at: Vec<_> = files.iter().map(|(process, _)| MadeAt::of_all(process, manifest)).collect();
    let shown: HashSet<&str> = made_at.iter().flat_map(HashMap::values).map(|made| &*made.shown).collect();
    let asked: Vec<_> = manifest.trace.iter().map(|place| Asked { place, exact: shown.contains(&**place) }).collect();
    let mut places: Vec<_> = manifest.trace.iter().map(|place| (TracedPlace::of(place), Vec::new())).collect();
    let (mut dropped, mut unnamed) = (0_u64, 0);
    for ((process, operations), made_at) in files.iter().zip(&made_at) {
        dropped = dropped.saturating_add(operations.dropped);
        let mut sums: HashMap<u32, Sum> = HashMap::new();
        let at = |error| RecordingError::at(&operations.path, error);
        for row in operations.rows().map_err(at)? {
            let row = row.map_err(at)?;
            sums.entry(row.map).or_default().add(&row);
        }
        for map in process.maps.iter().filter(|map| map.is_traced()) {
            let sum = sums.get(&map.number).copied().unwrap_or_default();
            let Some(made) = made_at.get(&map.place) else {
                unnamed += 1;
                continue;
            };
            let Some(place) = made.place_of(&asked) else { continue };
            let (traced, found) = &mut places[place];
            traced.maps += 1;
            traced.operations += sum.operations;
            match map.is_traced_in_part() {
                true => traced.in_part += 1,
                false if sum.operations > 0 => found.push((sum, process, operations, map, made)),
                false => {}
            }
        }
    }
    let mut number = 0;
    for (traced, found) in &mut places {
        found.sort_by_key(|(sum, ..)| Reverse(sum.operations));
        for &(sum, process, operations, map, made) in found.iter().take(most) {
            number += 1;
            let path = folder.join(format!("trace-{number:03}.csv.zst"));
            traced.written.push(write_trace(process, operations, (map, sum), made.shown.clone(), path)?);
        }
    }
    Ok(Traced { places: places.into_iter().map(|(traced, _)| traced).collect(), dropped, unnamed })
}

impl TracedPlace {
    fn of(place: &str) -> TracedPlace {
        TracedPlace { place: place.to_owned(), ..TracedPlace::default() }
    }
}

/// A place as it was asked for.
struct Asked<'a> {
    place: &'a str,
    /// Whether maps are made at a place that is shown so: others whose paths end with it are not meant.
    exact: bool,
}

impl Asked<'_> {
    /// By the rule of the recorders: a path ends with the file of the place, and the line is that of it.
    fn is_end_of(&self, frame: &Frame) -> bool {
        let Some((file, line)) = self.place.rsplit_once(':') else { return false };
        let before = frame.file.as_deref().and_then(|path| path.strip_suffix(file));
        let is_line = frame.line.is_some_and(|number| line.parse() == Ok(number));
        is_line && before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
    }
}

/// Where maps are made.
struct MadeAt {
    frame: Frame,
    /// As the table shows it.
    shown: String,
}

impl MadeAt {
    /// The places of a process's traced maps, by their numbers, whose names had room.
    fn of_all(process: &Process, manifest: &Manifest) -> HashMap<u32, MadeAt> {
        let mut all = HashMap::new();
        for map in process.maps.iter().filter(|map| map.is_traced()) {
            if !all.contains_key(&map.place)
                && let Some(frame) = Place::frame_of(process, map)
            {
                let shown = Place::of_frame(Some(&frame), Some(manifest)).at;
                all.insert(map.place, MadeAt { frame, shown });
            }
        }
        all
    }

    /// Which of the places that were asked for this is: the one that is named as it is shown, else the longest that it ends
    /// with.
    fn place_of(&self, asked: &[Asked<'_>]) -> Option<usize> {
        let is_named = |asked: &Asked<'_>| asked.place == self.shown;
        let is_here = |asked: &Asked<'_>| is_named(asked) || !asked.exact && asked.is_end_of(&self.frame);
        let here = asked.iter().enumerate().filter(|(_, asked)| is_here(asked));
        here.max_by_key(|(_, asked)| (is_named(asked), asked.place.len())).map(|(number, _)| number)
    }
}

/// A table of the operations of one map, which `convert` writes alike.
fn write_trace(
    process: &Process,
    operations: &Operations,
    (map, sum): (&Map, Sum),
    at: String,
    path: PathBuf,
) -> Result<Written, RecordingError> {
    let ty = process.type_of(map);
    let (name, value_bytes) = ty.map_or(("map", 8), |ty| (&ty.name, ty.value_bytes));
    let entry = ty.map_or(Entry { key: KeyType::U64, value: ValueType::U64 }, |ty| entry(ty, sum));
    let mut keys = Keys::new(entry.key);
    write_whole(&path, |file| {
        let mut to = Output::new(&path, file)?;
        let hint = map.hint;
        writeln!(to, "# {name}, made at {at} by {} ({}) with hint {hint}", process.program, process.built_with)?;
        writeln!(to, "op,key,key_bytes,value_bytes")?;
        for row in operations.rows()? {
            let row = row?;
            if row.map != map.number {
                continue;
            }
            let Row { word, key_bytes, .. } = row;
            match row.keyed {
                false => writeln!(to, "{word},,,")?,
                true if word == "insert" => writeln!(to, "{word},{},{key_bytes},{value_bytes}", keys.id(row.key))?,
                true => writeln!(to, "{word},{},{key_bytes},", keys.id(row.key))?,
            }
        }
        to.finish().map(drop)
    })
    .map_err(|error| RecordingError::at(&path, format!("can't be written: {error}")))?;
    let entry = Entry { key: keys.fitting(), ..entry };
    Ok(Written { path, operations: sum.operations, at, ty: name.to_owned(), entry, hint: map.hint })
}

/// What stands for a map's keys in its trace: their hashes; or, where keys of the entry have no room for one, their numbers
/// in the order in which they come, for which there is room wherever there was for the keys.
struct Keys {
    ty: KeyType,
    numbers: HashMap<u64, u64>,
}

impl Keys {
    fn new(ty: KeyType) -> Keys {
        Keys { ty, numbers: HashMap::new() }
    }

    fn id(&mut self, hash: u64) -> u64 {
        if self.ty.shape().bits == u64::BITS {
            return hash;
        }
        let next = self.numbers.len() as u64;
        *self.numbers.entry(hash).or_insert(next)
    }

    /// The type of the keys. Texts of their mean length may be fewer than the keys, whose lengths differ: then a longer one.
    fn fitting(&self) -> KeyType {
        let last = (self.numbers.len() as u64).saturating_sub(1);
        let fits = |key: &KeyType| low_bits(last, key.shape().bits) == last;
        match self.ty {
            KeyType::Str(bytes) => (bytes..).map(KeyType::Str).find(fits).unwrap_or(self.ty),
            ty => ty,
        }
    }
}

/// An entry that takes as much room as one of a map.
fn entry(ty: &Type, sum: Sum) -> Entry {
    let key = key_type(ty, sum);
    let fits = |value: ValueType| ty.has_slots_of(key.shape(), value.shape());
    let value = value_type(ty.value_bytes);
    // What neither key nor value says: a slot is padded to its alignment, and a text may take more than a pointer and a length.
    let padded = || {
        let bytes = ty.slot_bytes()?.checked_sub(key.shape().bytes)?;
        let more = u32::try_from(bytes).ok().filter(|&bytes| bytes > ty.value_bytes)?;
        Some(
            [value_type(more), ValueType::Array(within(more.into()))]
                .into_iter()
                .find(|&value| fits(value))
                .unwrap_or(value),
        )
    };
    Entry { key, value: if fits(value) { value } else { padded().unwrap_or(value) } }
}

/// The type of keys as long as those of a map.
fn key_type(ty: &Type, sum: Sum) -> KeyType {
    match ty.key_bytes {
        _ if ty.keys_are_text() => KeyType::Str(within(sum.key_bytes / sum.keyed.max(1))),
        4 => KeyType::U32,
        8 => KeyType::U64,
        bytes => KeyType::Array(within(bytes.into())),
    }
}

/// The type of values of so many bytes.
fn value_type(bytes: u32) -> ValueType {
    match bytes {
        0 => ValueType::Unit,
        1 => ValueType::U8,
        2 => ValueType::U16,
        4 => ValueType::U32,
        8 => ValueType::U64,
        bytes => ValueType::Array(within(bytes.into())),
    }
}

fn within(bytes: u64) -> u32 {
    bytes.clamp(1, BYTES_MAX.into()) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hints::Group;
    use crate::recording::{Indexed, Slots, Tables};

    /// A file of these rows, with room for so many, and whether it can be opened and read.
    fn read(rows: &[(u64, u64)], claimed: u32, ready: u32) -> Result<Vec<Row>, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.ops");
        let mut bytes = Operations::MAGIC.to_vec();
        for number in [Operations::VERSION, 0, claimed, ready, 3, 0] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.resize(Operations::ROWS_AT, 0);
        for (operation, key) in rows {
            bytes.extend_from_slice(&operation.to_le_bytes());
            bytes.extend_from_slice(&key.to_le_bytes());
        }
        std::fs::write(&path, bytes).expect("written");
        let operations = Operations::open(path).map_err(|error| error.to_string())?.expect("a trace");
        assert_eq!(operations.dropped, 3);
        let rows = operations.rows().expect("it can be read");
        rows.collect::<io::Result<_>>().map_err(|error| error.to_string())
    }

    #[test]
    fn rows_are_read_as_far_as_they_are_written() {
        let put = 5 << 32 | 1 << 24 | 77;
        // The third is claimed only, and the fourth found no room.
        let rows = read(&[(put, 9), (4 << 24 | 77, 0), (0, 0)], 4, 3).expect("they can be read");
        let [Row { map: 77, word: "insert", key_bytes: 5, key: 9, .. }, Row { word: "clear", keyed: false, .. }] =
            rows[..]
        else {
            panic!("{} rows", rows.len())
        };
    }

    #[test]
    fn what_is_cut_or_damaged_is_refused() {
        assert!(read(&[(1 << 24, 0)], 2, 2).is_err_and(|why| why.contains("is cut short")));
        assert!(read(&[(6 << 24, 0)], 1, 1).is_err_and(|why| why.contains("is damaged: operation 6")));
        let nothing = Path::new("nowhere").join("x.ops");
        assert!(Operations::open(nothing).expect("none").is_none());
    }

    #[test]
    fn a_map_is_of_the_place_that_is_named_as_it_is_shown_else_of_the_longest() {
        let place_of = |path: &str, shown: &str, exact: &[&str]| {
            let asked = ["f.go:7", "a/f.go:7", "/m/a/f.go:7"];
            let asked = asked.map(|place| Asked { place, exact: exact.contains(&place) });
            let frame = Frame { function: "main.f".into(), file: Some(path.into()), line: Some(7) };
            MadeAt { frame, shown: shown.into() }.place_of(&asked).map(|number| asked[number].place)
        };
        assert_eq!(place_of("/m/a/f.go", "m/f.go:7", &[]), Some("/m/a/f.go:7"));
        assert_eq!(place_of("/m/a/f.go", "a/f.go:7", &["a/f.go:7"]), Some("a/f.go:7"));
        assert_eq!(place_of("/m/b/a/f.go", "b/a/f.go:7", &[]), Some("a/f.go:7"));
        assert_eq!(place_of("/m/b/a/f.go", "b/a/f.go:7", &["a/f.go:7"]), Some("f.go:7"));
        assert_eq!(place_of("/m/b/a/f.go", "b/a/f.go:7", &["a/f.go:7", "f.go:7"]), None);
        assert_eq!(place_of("/m/xf.go", "xf.go:7", &[]), None);
    }

    fn padded(key_bytes: u32, value_bytes: u32, texts: Option<u64>, tables: Tables) -> String {
        let flags = if texts.is_some() { 32 } else { 0 };
        let ty = Type { key_bytes, value_bytes, flags, tables, ..Type::default() };
        super::entry(&ty, Sum { operations: 3, keyed: 2, key_bytes: texts.unwrap_or(32) }).to_string()
    }

    fn entry(key_bytes: u32, value_bytes: u32, texts: Option<u64>) -> String {
        padded(key_bytes, value_bytes, texts, Tables::default())
    }

    #[test]
    fn entries_are_as_large_as_those_of_the_map() {
        assert_eq!(entry(16, 8, None), "16/u64");
        assert_eq!(entry(0, 0, None), "1/()");
        assert_eq!(entry(16, 24, Some(50)), "string(25)/24");
        // As long as they are themselves, and longer than an entry can say.
        assert_eq!(entry(16, 1, Some(32)), "string(16)/u8");
        assert_eq!(entry(4, 1 << 20, None), "u32/65536");
    }

    #[test]
    fn entries_are_padded_as_those_of_the_map_are() {
        let slots = |bytes| Tables::Slots(Slots { bytes, align: 8, group: 16, buckets_min: 4 });
        let groups = |slot| Tables::Groups(Group { bytes: 8 + 8 * slot, has_pointers: false });
        for (tables, of) in [(&slots as &dyn Fn(u32) -> Tables, "Rust"), (&groups, "Go")] {
            assert_eq!(padded(24, 1, None, tables(32)), "24/u64", "{of}");
            assert_eq!(padded(24, 1, None, tables(28)), "24/u32", "{of}");
            assert_eq!(padded(5, 1, None, tables(12)), "5/7", "{of}");
            assert_eq!(padded(12, 8, None, tables(24)), "12/u64", "{of}");
            assert_eq!(padded(8, 1, None, tables(16)), "u64/u8", "{of}");
            assert_eq!(padded(16, 1, Some(10), tables(24)), "string(5)/u8", "{of}");
            assert_eq!(padded(200, 304, None, tables(16)), "200/304", "{of}: behind pointers");
        }
        assert_eq!(padded(24, 8, Some(10), slots(32)), "string(5)/16", "a String has a capacity, too");
        assert_eq!(padded(24, 0, Some(10), slots(24)), "string(5)/u64");
        // Go's sets have a byte behind a key, which is the map's own.
        assert_eq!([padded(8, 0, None, groups(16)), padded(2, 0, None, groups(4))], ["u64/()", "2/()"]);
        assert_eq!(padded(8, 0, None, slots(8)), "u64/()");
        let indexed = |entry_bytes| {
            Tables::Indexed(Indexed { table: Slots { bytes: 8, align: 8, group: 16, buckets_min: 4 }, entry_bytes })
        };
        // Beside a hash, which is what they are padded for.
        assert_eq!([padded(4, 0, None, indexed(16)), padded(24, 1, None, indexed(40))], ["u32/()", "24/u8"]);
        assert_eq!(padded(24, 8, Some(10), indexed(40)), "string(5)/16");
    }

    #[test]
    fn keys_that_an_entry_has_no_room_for_are_numbered() {
        let ids = |ty, count: u64| {
            let mut keys = Keys::new(ty);
            let ids: Vec<_> = (0..count).chain(0..1).map(|key| keys.id(u64::MAX - key)).collect();
            (ids, keys.fitting())
        };
        assert_eq!(ids(KeyType::U64, 2), (vec![u64::MAX, u64::MAX - 1, u64::MAX], KeyType::U64));
        assert_eq!(ids(KeyType::Str(13), 1), (vec![u64::MAX, u64::MAX], KeyType::Str(13)));
        assert_eq!(ids(KeyType::Array(1), 2), (vec![0, 1, 0], KeyType::Array(1)));
        // 32 texts have one letter, and 1,024 have two.
        assert_eq!(ids(KeyType::Str(1), 32).1, KeyType::Str(1));
        assert_eq!(ids(KeyType::Str(1), 33).1, KeyType::Str(2));
        assert_eq!(ids(KeyType::Str(5), 33).1, KeyType::Str(5));
    }
}
