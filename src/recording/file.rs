//! The file of one process, as docs/RECORDING.md describes it. It may be of a process that goes on writing, or that was
//! killed: whatever is claimed and not yet written reads as absent.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::bytes::{self, Bytes, Texts};
use super::map::{MAP_BYTES, Map, bounded};
use super::{Language, RecordingError, SAMPLE_MAX, Type};
use crate::record::Frame;
use crate::text;

/// What one process recorded.
#[derive(Debug)]
pub struct Process {
    /// Its file.
    pub path: PathBuf,
    /// What it was started as.
    pub program: String,
    /// What it is written in.
    pub language: Language,
    /// What it was built with: `go1.27.3`, `rustc 1.95.0`.
    pub built_with: String,
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

/// Beyond the recorder's own 4,194,303 maps.
const FILE_BYTES_MAX: u64 = 1 << 30;

const MAGIC: &[u8] = b"mapscope";
/// Of Go, whose files say no language, and of whatever says one.
const VERSIONS: [u32; 2] = [1, 2];
const HEADER_BYTES: usize = 152;
/// Other languages may count what those of today don't.
const MAP_BYTES_MAX: u64 = 1024;
const FRAME_BYTES: usize = 16;
const TYPE_BYTES: usize = 64;

impl Process {
    /// Reads a file.
    ///
    /// # Errors
    /// Where it can't be read, or is not one of this version, whole and undamaged.
    pub fn read(path: &Path) -> Result<Process, RecordingError> {
        let bytes = bytes::of_file(path, FILE_BYTES_MAX).map_err(|error| RecordingError::at(path, error))?;
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
            let bytes = bytes::of_file(&path, FILE_BYTES_MAX).map_err(|error| RecordingError::at(&path, error))?;
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
        let text = fs::read_to_string(&mapped).map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                RecordingError::at(pid.to_string(), "no file and no process has this name or number")
            }
            _ => RecordingError::at(&mapped, error),
        })?;
        // ADDRESSES PERMISSIONS OFFSET DEVICE INODE PATH
        let paths = text.lines().filter_map(|line| line.find('/').map(|at| &line[at..]));
        let found = paths.into_iter().find(|path| path.ends_with(".maps"));
        let none = || {
            RecordingError::at(
                mapped,
                "this process records no maps: start it under `mapscope record`, and give its own number, not that of mapscope or go run",
            )
        };
        found.map(PathBuf::from).ok_or_else(none)
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<Process, String> {
        let file = Bytes(bytes);
        if bytes.get(..8) != Some(MAGIC) {
            let what =
                "is not what a recorded process writes: give the folder that `mapscope record` wrote, or a file in it";
            return Err(what.to_owned());
        }
        let version = file.u32(8);
        if !VERSIONS.contains(&version) {
            return Err(format!("is of version {version}, and this mapscope reads 1 and 2: record it anew"));
        }
        let language = if version == 1 { Language::Go } else { Language::numbered(file.u32(152))? };
        let [places_at, frames_at, types_at, text_at, maps_at] = [48, 56, 64, 72, 80].map(|at| file.offset(at));
        let [places_max, frames_max, types_max, text_max, depth] =
            [88, 92, 96, 100, 108].map(|at| file.u32(at) as usize);
        let [maps_claimed, maps_ready] = [116, 120].map(|at| file.u32(at) as usize);
        let place_bytes = 16 + 8 * depth;
        let map_bytes = match file.u32(156) {
            _ if version == 1 => MAP_BYTES,
            0 => MAP_BYTES,
            length => bounded("bytes of a map", length.into(), MAP_BYTES as u64, MAP_BYTES_MAX)? as usize,
        };
        let sections = [
            (0, 1, HEADER_BYTES),
            (places_at, places_max, place_bytes),
            (frames_at, frames_max, FRAME_BYTES),
            (types_at, types_max, TYPE_BYTES),
            (text_at, text_max, 1),
            // The file has room for them before the header names them, whenever its process ends.
            (maps_at, maps_ready, map_bytes),
        ];
        if !sections.into_iter().all(|(at, count, length)| file.has_rows(at, count, length)) {
            return Err("is cut short: copy it again".to_owned());
        }
        let mut texts = Texts::new(&bytes[text_at..text_at + text_max]);
        let rows =
            |at: usize, count: usize, size: usize| (0..count).map(move |index| (index as u32 + 1, at + index * size));
        let mut places = HashMap::new();
        for (number, at) in rows(places_at, places_max, place_bytes) {
            let count = (file.u32(at + 8) as usize).min(depth);
            if count > 0 {
                texts.take(place_bytes)?;
                places.insert(number, (0..count).map(|pc| file.u64(at + 16 + 8 * pc)).collect());
            }
        }
        let mut frames = HashMap::new();
        for (_, at) in rows(frames_at, frames_max, FRAME_BYTES) {
            let (pc, name) = (file.u64(at), file.u32(at + 8));
            if name != 0 {
                let lines = texts.read(name)?;
                texts.take(FRAME_BYTES + lines.lines().count() * size_of::<Frame>())?;
                frames.insert(pc, lines.lines().filter_map(frame).collect());
            }
        }
        let mut types = HashMap::new();
        for (number, at) in rows(types_at, types_max, TYPE_BYTES) {
            if let Some(ty) = Type::parse(&file, at, &mut texts)? {
                texts.take(TYPE_BYTES)?;
                types.insert(number, ty);
            }
        }
        let maps = (1..maps_claimed.min(maps_ready))
            .map(|index| Map::parse(&file, index as u32, maps_at + index * map_bytes, map_bytes));
        let maps = maps.filter(|map| map.place != 0).map(Map::check).collect::<Result<Vec<_>, _>>()?;
        let dropped = [124, 128, 132, 136, 140].map(|at| u64::from(file.u32(at)));
        let dropped =
            Dropped { maps: dropped[0], places: dropped[1], types: dropped[3], names: dropped[2] + dropped[4] };
        let process = Process {
            path: path.to_owned(),
            program: text::clean(&texts.read(file.u32(144))?).into_owned(),
            language,
            built_with: text::clean(&texts.read(file.u32(44))?).into_owned(),
            pid: bounded("number of the process", file.u64(16), 0, u32::MAX.into())?,
            sample: bounded("N of the sample", file.u64(24), 1, SAMPLE_MAX)?,
            lookups: file.u32(12) > 1,
            maps,
            dropped,
            places,
            frames,
            types,
        };
        process.take_stacks(&mut texts)?;
        Ok(process)
    }

    /// Counts the names that a table of these maps has: those of a stack and a type, for each pair of them.
    fn take_stacks(&self, texts: &mut Texts<'_>) -> Result<(), String> {
        let pairs: HashSet<_> = self.maps.iter().map(|map| (map.place, map.ty)).collect();
        for (place, ty) in pairs {
            texts.take(self.types.get(&ty).map_or(0, |ty| ty.name.len()))?;
            for pc in self.places.get(&place).into_iter().flatten() {
                texts.take(size_of_val(pc))?;
                for frame in self.frames.get(pc).into_iter().flatten() {
                    let file = frame.file.as_ref().map_or(0, String::len);
                    texts.take(size_of::<Frame>() + frame.function.len() + file)?;
                }
            }
        }
        Ok(())
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

/// `function\tfile:line`; without a file where that is not known, as without debug information.
fn frame(line: &str) -> Option<Frame> {
    let (function, at) = line.split_once('\t')?;
    let (file, line) = at.rsplit_once(':')?;
    let clean = |text: &str| text::clean(text).into_owned();
    let file = Some(clean(file)).filter(|file| !file.is_empty());
    Some(Frame { function: clean(function), file, line: line.parse().ok().filter(|&line| line > 0) })
}

#[cfg(test)]
mod tests {
    use super::super::map::{COUNT_MAX, ENTRIES_MAX};
    use super::super::ty::GROUP_BYTES_MAX;
    use super::super::{Slots, Sort, Table, Tables};
    use super::*;

    /// A file with a place, a type and two maps, the second of which is not yet written.
    fn file() -> Vec<u8> {
        let mut bytes = vec![0; 1024];
        bytes[..8].copy_from_slice(MAGIC);
        let mut put =
            |at: usize, number: u64, size: usize| bytes[at..at + size].copy_from_slice(&number.to_le_bytes()[..size]);
        for (at, number) in
            [(8, 1), (12, 2), (88, 1), (92, 1), (96, 1), (100, 56), (108, 1), (116, 3), (120, 5), (124, 4)]
        {
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
    fn a_file_that_says_a_language_has_tables_of_its_own() {
        let parsed = |language: u8, tables: u8, align: u8| {
            const TYPE_AT: usize = 200;
            let mut bytes = file();
            (bytes[8], bytes[152]) = (2, language);
            (bytes[TYPE_AT + 32], bytes[TYPE_AT + 36], bytes[TYPE_AT + 40]) = (tables, 24, align);
            (bytes[TYPE_AT + 44], bytes[TYPE_AT + 48]) = (16, 4);
            Process::parse(Path::new("x"), &bytes)
        };
        let process = parsed(1, 1, 8).expect("a file");
        let slots = Slots { bytes: 24, align: 8, group: 16, buckets_min: 4 };
        assert_eq!(process.language, Language::Rust);
        assert_eq!(process.type_of(&process.maps[0]).map(|ty| ty.tables), Some(Tables::Slots(slots)));
        assert!(parsed(9, 1, 8).is_err_and(|why| why.contains("does not know (number 9)")));
        assert!(parsed(1, 9, 8).is_err_and(|why| why.contains("does not know (number 9)")));
        assert!(parsed(1, 1, 0).is_err_and(|why| why.starts_with("is damaged: alignment of a slot: 0")));
        let nodes = Table::new(&[parsed(1, 2, 0).expect("a file")], None, Sort::Bytes);
        assert_eq!(nodes.rows[0].counts.of_tables(0), None);
    }

    #[test]
    fn a_function_may_have_no_file_and_a_file_no_function() {
        let of = |line| frame(line).expect("a frame");
        assert_eq!((of("app::f\t:0").file, of("app::f\t:0").line), (None, None));
        assert_eq!(
            of("\tsrc/main.rs:7"),
            Frame { function: String::new(), file: Some("src/main.rs".into()), line: Some(7) }
        );
    }

    #[test]
    fn rows_are_as_long_as_the_header_says() {
        let mut file = file();
        // Version 2, Java, rows of 136 bytes, the first map in the second.
        for (at, number) in [(8, 2_u32), (152, 2), (156, 136), (448, 0), (456, 1), (464, 1), (472, 7), (584, 3)] {
            file[at..at + 4].copy_from_slice(&number.to_le_bytes());
        }
        let process = Process::parse(Path::new("x"), &file).expect("a file");
        let [map] = process.maps[..] else { panic!("{:?}", process.maps) };
        assert_eq!((process.language, map.writes, map.treeifications), (Language::Java, 7, 3));
        for wrong in [127_u32, 1025, u32::MAX] {
            file[156..160].copy_from_slice(&wrong.to_le_bytes());
            assert!(Process::parse(Path::new("x"), &file).is_err_and(|why| why.contains("bytes of a map")), "{wrong}");
        }
    }

    #[test]
    fn no_file_is_too_short_or_too_wrong_to_be_refused() {
        let file = file();
        // The last map for which it has room ends 64 bytes before the file does.
        for length in 0..960 {
            assert!(Process::parse(Path::new("x"), &file[..length]).is_err(), "{length}");
        }
        for at in 0..file.len() {
            let mut wrong = file.clone();
            wrong[at] = 0xff;
            let _ = Process::parse(Path::new("x"), &wrong);
        }
        assert!(Process::parse(Path::new("x"), &file[..100]).is_err_and(|why| why.starts_with("is cut short")));
    }

    /// The file with a number in it that no recorder writes, and what is said of it.
    fn refused(at: usize, number: u64) -> String {
        let mut wrong = file();
        wrong[at..at + 8].copy_from_slice(&number.to_le_bytes());
        Process::parse(Path::new("x"), &wrong).expect_err("it is damaged")
    }

    #[test]
    fn numbers_that_cannot_be_are_refused_before_anything_is_worked_out() {
        const MAP_AT: usize = 448;
        for field in [16, 24, 32, 40, 48, 56, 72, 80, 88, 96, 104, 112, 120] {
            assert!(refused(MAP_AT + field, u64::MAX).starts_with("is damaged: "), "{field}");
        }
        assert_eq!(
            refused(MAP_AT + 56, (1 << 48) + 1),
            "is damaged: most entries: 281474976710657; expected 0 to 281474976710656"
        );
        assert_eq!(refused(24, 0), "is damaged: N of the sample: 0; expected 1 to 1000000");
        assert!(refused(200 + 24, u32::MAX.into()).contains("bytes of a group: 4294967295"));
        assert!(refused(16, u64::MAX).contains("number of the process"));
    }

    #[test]
    fn the_largest_figures_that_can_be_are_added_up() {
        let mut file = file();
        let mut put = |at: usize, number: u64| file[at..at + 8].copy_from_slice(&number.to_le_bytes());
        put(200 + 24, GROUP_BYTES_MAX);
        // Two maps of place 1 and type 1, which grew.
        for map in [448, 576] {
            for field in [16, 24, 32, 40, 72, 80, 88, 96, 104, 112, 120] {
                put(map + field, COUNT_MAX);
            }
            for (field, number) in [(0, 1), (8, 1), (48, ENTRIES_MAX), (56, ENTRIES_MAX), (64, 1)] {
                put(map + field, number);
            }
        }
        let process = Process::parse(Path::new("x"), &file).expect("they can be");
        let total = Table::new(&[process], None, Sort::Hint).total;
        assert_eq!((total.maps, total.alloc_bytes()), (2, 4 * COUNT_MAX));
    }

    #[test]
    fn rows_that_all_name_one_long_text_are_refused() {
        let bomb = |rows: usize, text_bytes: usize| {
            let (frames_at, text_at) = (HEADER_BYTES, HEADER_BYTES + rows * FRAME_BYTES);
            let mut bytes = vec![0; text_at];
            bytes[..8].copy_from_slice(MAGIC);
            for (at, number) in [(8, 1), (24, 1), (56, frames_at), (72, text_at), (92, rows)] {
                bytes[at..at + 4].copy_from_slice(&(number as u32).to_le_bytes());
            }
            bytes[100..104].copy_from_slice(&(text_bytes as u32).to_le_bytes());
            for row in 0..rows {
                let at = frames_at + row * FRAME_BYTES;
                bytes[at..at + 8].copy_from_slice(&(row as u64 + 1).to_le_bytes());
                bytes[at + 8] = 1;
            }
            bytes.resize(text_at + text_bytes, b'x');
            Process::parse(Path::new("x"), &bytes)
        };
        assert!(bomb(100, 1000).is_ok());
        assert!(bomb(16_384, 2 << 20).is_err_and(|why| {
            why.starts_with("is damaged: its rows and the text that they name take more than 256 MiB")
        }));
    }
}
