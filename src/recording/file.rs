//! The file of one process, as docs/RECORDING.md describes it. It may be of a process that goes on writing, or that was
//! killed: whatever is claimed and not yet written reads as absent.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::RecordingError;
use crate::record::Frame;
use crate::text;

/// What one process recorded.
#[derive(Debug)]
pub struct Process {
    /// Its file.
    pub path: PathBuf,
    /// What it was started as.
    pub program: String,
    /// The version of Go that it was built with: `go1.27.3`.
    pub go: String,
    /// Its number in the system.
    pub pid: u64,
    /// N where one map of N is recorded.
    pub sample: u64,
    /// Whether lookups and iterations are counted.
    pub lookups: bool,
    /// Its maps, in the order in which they were made or first written.
    pub maps: Vec<Map>,
    /// What there was no room for.
    pub dropped: Dropped,
    places: HashMap<u32, Vec<u64>>,
    frames: HashMap<u64, Vec<Frame>>,
    types: HashMap<u32, Type>,
}

/// How often there was no room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Maps that are not recorded: too many, or no room on the disk.
    pub maps: u64,
    /// Maps whose place is not known.
    pub places: u64,
    /// Maps whose type is not known.
    pub types: u64,
    /// Functions without a name.
    pub names: u64,
}

/// One map. Bytes are those of the heap, as `MemStats` counts them: whole size classes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is a column of docs/RECORDING.md")]
pub struct Map {
    pub place: u32,
    pub hint: u32,
    pub ty: u32,
    pub flags: u32,
    pub writes: u64,
    pub inserts: u64,
    pub removes: u64,
    pub lookups: u64,
    pub entries: u64,
    pub entries_max: u64,
    pub growths: u32,
    pub clears: u32,
    pub moved_entries: u64,
    pub table_bytes: u64,
    pub entry_bytes: u64,
    pub abandoned_bytes: u64,
    pub held_bytes: u64,
    pub held_bytes_max: u64,
    pub iterations: u64,
}

impl Map {
    /// Whether its header is no object of the heap, or was one before it was recorded.
    pub fn without_header(&self) -> bool {
        const ON_STACK: u32 = 1;
        const SEEN_LATE: u32 = 2;
        self.flags & (ON_STACK | SEEN_LATE) != 0
    }
}

/// A type of map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Type {
    /// As the runtime writes it: `map[string]*ast.Object`.
    pub name: String,
    /// Bytes of a key.
    pub key_bytes: u32,
    /// Bytes of a value.
    pub value_bytes: u32,
    /// Bytes of a group of eight slots.
    pub group_bytes: u32,
    pub(super) flags: u32,
}

impl Type {
    /// Whether groups hold pointers.
    pub fn group_has_pointers(&self) -> bool {
        self.flags & 1 != 0
    }
}

const MAGIC: &[u8] = b"mapscope";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 152;
const MAP_BYTES: usize = 128;
const FRAME_BYTES: usize = 16;
const TYPE_BYTES: usize = 64;

impl Process {
    /// Reads a file.
    ///
    /// # Errors
    /// Where it can't be read, or is not one of this version.
    pub fn read(path: &Path) -> Result<Process, RecordingError> {
        let bytes = fs::read(path).map_err(|error| RecordingError::at(path, error))?;
        Process::parse(path, &bytes).map_err(|what| RecordingError::at(path, what))
    }

    /// The files of a folder, by name. None is an error of whoever needs one.
    ///
    /// # Errors
    /// Where the folder or a file in it can't be read.
    pub fn read_all(folder: &Path) -> Result<Vec<Process>, RecordingError> {
        let at = |error: std::io::Error| RecordingError::at(folder, error);
        let entries = fs::read_dir(folder).map_err(at)?.collect::<Result<Vec<_>, _>>().map_err(at)?;
        let paths = entries.into_iter().map(|entry| entry.path());
        let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|name| name == "maps")).collect();
        paths.sort();
        let mut processes = Vec::new();
        for path in paths {
            let bytes = fs::read(&path).map_err(|error| RecordingError::at(&path, error))?;
            // A process that has only begun, or was killed then, has not yet said what its file is.
            if bytes.iter().take(MAGIC.len()).any(|&byte| byte != 0) {
                processes.push(Process::parse(&path, &bytes).map_err(|what| RecordingError::at(&path, what))?);
            }
        }
        Ok(processes)
    }

    /// The file that a running process writes, found among those that it has mapped.
    ///
    /// # Errors
    /// Where there is no such process, it may not be read, or it writes none.
    pub fn file_of(pid: u32) -> Result<PathBuf, RecordingError> {
        let mapped = PathBuf::from(format!("/proc/{pid}/maps"));
        let text = fs::read_to_string(&mapped).map_err(|error| RecordingError::at(&mapped, error))?;
        // ADDRESSES PERMISSIONS OFFSET DEVICE INODE PATH
        let paths = text.lines().filter_map(|line| line.find('/').map(|at| &line[at..]));
        let found = paths.into_iter().find(|path| path.ends_with(".maps"));
        let none = || RecordingError::at(mapped, "it records no maps: start it under `mapscope record`");
        found.map(PathBuf::from).ok_or_else(none)
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<Process, String> {
        let file = Bytes(bytes);
        if bytes.get(..8) != Some(MAGIC) {
            return Err("is not what a recorded process writes".to_owned());
        }
        let version = file.u32(8);
        if version != VERSION {
            return Err(format!("is of version {version}, and this mapscope reads version {VERSION}"));
        }
        let [places_at, frames_at, types_at, text_at, maps_at] = [48, 56, 64, 72, 80].map(|at| file.offset(at));
        let [places_max, frames_max, types_max, depth] = [88, 92, 96, 108].map(|at| file.u32(at) as usize);
        let [maps_claimed, maps_ready] = [116, 120].map(|at| file.u32(at) as usize);
        let place_bytes = 16 + 8 * depth;
        let ends = [
            (places_at, places_max, place_bytes),
            (frames_at, frames_max, FRAME_BYTES),
            (types_at, types_max, TYPE_BYTES),
            (maps_at, 0, MAP_BYTES),
        ];
        let fits = |&(at, count, size): &(usize, usize, usize)| {
            count.checked_mul(size).and_then(|length| length.checked_add(at)).is_some_and(|end| end <= bytes.len())
        };
        if bytes.len() < HEADER_BYTES || !ends.iter().all(fits) || text_at > bytes.len() {
            return Err("is cut short".to_owned());
        }
        let text = |at: u32| match at {
            0 => String::new(),
            at => file.text(text_at.saturating_add(at as usize)),
        };
        let mut places = HashMap::new();
        for index in 0..places_max {
            let at = places_at + index * place_bytes;
            let count = (file.u32(at + 8) as usize).min(depth);
            if count > 0 {
                places.insert(index as u32 + 1, (0..count).map(|pc| file.u64(at + 16 + 8 * pc)).collect());
            }
        }
        let rows =
            |at: usize, count: usize, size: usize| (0..count).map(move |index| (index as u32 + 1, at + index * size));
        let mut frames = HashMap::new();
        for (_, at) in rows(frames_at, frames_max, FRAME_BYTES) {
            let (pc, name) = (file.u64(at), file.u32(at + 8));
            if name != 0 {
                frames.insert(pc, text(name).lines().filter_map(frame).collect());
            }
        }
        let mut types = HashMap::new();
        for (number, at) in rows(types_at, types_max, TYPE_BYTES) {
            let name = file.u32(at + 8);
            if name != 0 {
                let [flags, key_bytes, value_bytes, group_bytes] = [12, 16, 20, 24].map(|field| file.u32(at + field));
                let name = text::clean(&text(name)).into_owned();
                types.insert(number, Type { name, key_bytes, value_bytes, group_bytes, flags });
            }
        }
        let there = (bytes.len() - maps_at) / MAP_BYTES;
        let maps = (1..maps_claimed.min(maps_ready).min(there)).map(|index| file.map(maps_at + index * MAP_BYTES));
        let maps = maps.filter(|map| map.place != 0).collect();
        let dropped = [124, 128, 132, 136, 140].map(|at| u64::from(file.u32(at)));
        let dropped =
            Dropped { maps: dropped[0], places: dropped[1], types: dropped[3], names: dropped[2] + dropped[4] };
        Ok(Process {
            path: path.to_owned(),
            program: text::clean(&text(file.u32(144))).into_owned(),
            go: text::clean(&text(file.u32(44))).into_owned(),
            pid: file.u64(16),
            sample: file.u64(24),
            lookups: file.u32(12) > 1,
            maps,
            dropped,
            places,
            frames,
            types,
        })
    }

    /// The type of a map, where it is known.
    pub fn type_of(&self, map: &Map) -> Option<&Type> {
        self.types.get(&map.ty)
    }

    /// The functions that led to a place, the innermost first; empty where they are not known.
    pub fn stack(&self, place: u32) -> Vec<&Frame> {
        let pcs = self.places.get(&place).map(Vec::as_slice).unwrap_or_default();
        pcs.iter().filter_map(|pc| self.frames.get(pc)).flatten().collect()
    }
}

/// `function\tfile:line`.
fn frame(line: &str) -> Option<Frame> {
    let (function, at) = line.split_once('\t')?;
    let (file, line) = at.rsplit_once(':')?;
    let clean = |text: &str| text::clean(text).into_owned();
    Some(Frame { function: clean(function), file: Some(clean(file)), line: line.parse().ok() })
}

/// Little-endian numbers; what lies beyond the end is 0, as what is not yet written.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn array<const N: usize>(&self, at: usize) -> [u8; N] {
        let there = self.0.get(at..).and_then(|rest| rest.first_chunk());
        there.copied().unwrap_or([0; N])
    }

    fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.array(at))
    }

    fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.array(at))
    }

    fn offset(&self, at: usize) -> usize {
        usize::try_from(self.u64(at)).unwrap_or(usize::MAX)
    }

    /// Up to the next zero.
    fn text(&self, at: usize) -> String {
        let rest = self.0.get(at..).unwrap_or_default();
        let end = rest.iter().position(|&byte| byte == 0).unwrap_or(rest.len());
        String::from_utf8_lossy(&rest[..end]).into_owned()
    }

    fn map(&self, at: usize) -> Map {
        let [place, hint, ty, flags] = [0, 4, 8, 12].map(|field| self.u32(at + field));
        let [writes, inserts, removes, lookups] = [16, 24, 32, 40].map(|field| self.u64(at + field));
        let [entries, entries_max, moved_entries] = [48, 56, 72].map(|field| self.u64(at + field));
        let [table_bytes, entry_bytes, abandoned_bytes] = [80, 88, 96].map(|field| self.u64(at + field));
        let [held_bytes, held_bytes_max, iterations] = [104, 112, 120].map(|field| self.u64(at + field));
        let [growths, clears] = [64, 68].map(|field| self.u32(at + field));
        Map {
            place,
            hint,
            ty,
            flags,
            writes,
            inserts,
            removes,
            lookups,
            entries,
            entries_max,
            growths,
            clears,
            moved_entries,
            table_bytes,
            entry_bytes,
            abandoned_bytes,
            held_bytes,
            held_bytes_max,
            iterations,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with a place, a type and two maps, the second of which is not yet written.
    fn file() -> Vec<u8> {
        let mut bytes = vec![0; 1024];
        bytes[..8].copy_from_slice(MAGIC);
        let mut put =
            |at: usize, number: u64, size: usize| bytes[at..at + size].copy_from_slice(&number.to_le_bytes()[..size]);
        for (at, number) in [(8, 1), (12, 2), (88, 1), (92, 1), (96, 1), (108, 1), (116, 3), (120, 9), (124, 4)] {
            put(at, number, 4);
        }
        for (at, number) in [(24, 1), (48, 160), (56, 184), (64, 200), (72, 264), (80, 320)] {
            put(at, number, 8);
        }
        put(168, 1, 4);
        put(176, 77, 8);
        put(184, 77, 8);
        put(192, 1, 4);
        put(208, 20, 4);
        put(448, 1, 4);
        put(456, 1, 4);
        put(464, 12, 8);
        bytes[265..283].copy_from_slice(b"main.f\t/a/b.go:12\n");
        bytes[284..295].copy_from_slice(b"map[int]int");
        bytes
    }

    #[test]
    fn a_file_is_read_as_far_as_it_is_written() {
        let process = Process::parse(Path::new("x"), &file()).expect("a file");
        let [map] = process.maps[..] else { panic!("{:?}", process.maps) };
        assert_eq!((map.writes, process.dropped.maps, process.lookups), (12, 4, true));
        assert_eq!(process.type_of(&map).map(|ty| &*ty.name), Some("map[int]int"));
        let stack = process.stack(map.place);
        assert_eq!(
            (&*stack[0].function, stack[0].file.as_deref(), stack[0].line),
            ("main.f", Some("/a/b.go"), Some(12))
        );
    }

    #[test]
    fn no_file_is_too_short_or_too_wrong_to_be_refused() {
        let file = file();
        for length in 0..file.len() {
            let _ = Process::parse(Path::new("x"), &file[..length]);
        }
        for at in 0..file.len() {
            let mut wrong = file.clone();
            wrong[at] = 0xff;
            let _ = Process::parse(Path::new("x"), &wrong);
        }
        assert!(Process::parse(Path::new("x"), &file[..100]).is_err_and(|why| why == "is cut short"));
    }
}
