//! The file of one process, as docs/RECORDING.md describes it. It may be of a process that goes on writing, or that was
//! killed: whatever is claimed and not yet written reads as absent.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::bytes::{self, Bytes, Texts};
use super::map::{MAP_BYTES, Map, bounded};
use super::period::{PERIOD_BYTES, Periods};
use super::{Language, Period, RecordingError, SAMPLE_MAX, Sample, Tables, Type, writers};
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
    /// Which maps it recorded, and from when on: one period, or several where that was changed while it ran.
    pub periods: Vec<Period>,
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

pub(super) const MAGIC: &[u8] = b"mapscope";
/// The version of files that say what is recorded from now on; 1 are those of Go before, 2 those of Java.
pub(super) const SWITCHED: u32 = 3;
/// The header of that version, and what is there of the first.
pub(super) const HEADER_BYTES: usize = 184;
const HEADER_BYTES_MIN: usize = 152;
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
        let bytes = bytes_of(path).map_err(|error| RecordingError::at(path, error))?;
        Process::parse(path, &bytes).map_err(|what| RecordingError::at(path, what))
    }

    /// The files of a folder, by name. None is an error of whoever needs one.
    ///
    /// # Errors
    /// Where the folder or a file in it can't be read.
    pub fn read_all(folder: &Path) -> Result<Vec<Process>, RecordingError> {
        let paths = files_of(folder).map_err(|error| RecordingError::at(folder, error))?;
        let mut processes = Vec::new();
        for path in paths {
            let bytes = bytes_of(&path).map_err(|error| RecordingError::at(&path, error))?;
            if !has_only_begun(&bytes) {
                processes.push(Process::parse(&path, &bytes).map_err(|what| RecordingError::at(&path, what))?);
            }
        }
        Ok(processes)
    }

    /// The files of a folder that don't say yet what they are: those of processes that have only begun, or were killed then.
    ///
    /// # Errors
    /// Where the folder or a file in it can't be read.
    pub fn only_begun(folder: &Path) -> io::Result<Vec<PathBuf>> {
        let mut begun = Vec::new();
        for path in files_of(folder)? {
            let mut first = [0; MAGIC.len()];
            bytes::open(&path)?.read_at(&mut first, 0)?;
            if has_only_begun(&first) {
                begun.push(path);
            }
        }
        Ok(begun)
    }

    /// The file that a running process writes, found among those that it has mapped.
    ///
    /// # Errors
    /// Where there is no such process, it may not be read, or it writes none.
    pub fn file_of(pid: u32) -> Result<PathBuf, RecordingError> {
        let maps = || format!("/proc/{pid}/maps");
        let found = writers::file_of(pid).map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                RecordingError::at(pid.to_string(), "no file and no process has this name or number")
            }
            _ => RecordingError::at(maps(), error),
        })?;
        match found {
            Some((path, true)) => Ok(path),
            Some((path, false)) => Err(RecordingError::at(
                path,
                "this process goes on, and the file of its recording was deleted: `mapscope census` shows the maps it holds",
            )),
            None => Err(RecordingError::at(
                maps(),
                "this process records no maps: start it under `mapscope record`, and give its own number, not that of mapscope or go run",
            )),
        }
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<Process, String> {
        let file = Bytes(bytes);
        if bytes.get(..8) != Some(MAGIC) {
            let what =
                "is not what a recorded process writes: give the folder that `mapscope record` wrote, or a file in it";
            return Err(what.to_owned());
        }
        let version = file.u32(8);
        if !(1..=SWITCHED).contains(&version) {
            return Err(format!("is of version {version}, and this mapscope reads 1 to {SWITCHED}: record it anew"));
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
        // Maps of a later period were made while this was read.
        let periods = if version < SWITCHED { None } else { Some(Periods::of(&file)?) };
        let sections = [
            (0, 1, if version < SWITCHED { HEADER_BYTES_MIN } else { HEADER_BYTES }),
            periods.map_or((0, 0, 0), |periods| (periods.at, periods.max, PERIOD_BYTES)),
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
        let start = Duration::from_secs(file.u64(32)).saturating_add(Duration::from_nanos(file.u32(40).into()));
        let periods = match periods {
            Some(periods) => periods.read(&file)?,
            None => {
                let n = bounded("N of the sample", file.u64(24), 1, SAMPLE_MAX)?;
                Sample::of_file(n).map(|sample| Period { since: start, sample }).into_iter().collect()
            }
        };
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
        let maps = maps
            .filter(|map| map.place != 0 && (map.period as usize) < periods.len())
            .map(Map::check)
            .collect::<Result<Vec<_>, _>>()?;
        let dropped = [124, 128, 132, 136, 140].map(|at| u64::from(file.u32(at)));
        let dropped =
            Dropped { maps: dropped[0], places: dropped[1], types: dropped[3], names: dropped[2] + dropped[4] };
        let process = Process {
            path: path.to_owned(),
            program: text::clean(&texts.read(file.u32(144))?).into_owned(),
            language,
            built_with: text::clean(&texts.read(file.u32(44))?).into_owned(),
            pid: bounded("number of the process", file.u64(16), 0, u32::MAX.into())?,
            periods,
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

    /// One that has only these maps, of no place and type.
    #[cfg(test)]
    pub(super) fn of_maps(path: &str, maps: &[Map]) -> Process {
        Process {
            path: path.into(),
            program: String::new(),
            language: Language::Go,
            built_with: String::new(),
            pid: 0,
            periods: Vec::new(),
            lookups: true,
            maps: maps.to_vec(),
            dropped: Dropped::default(),
            places: HashMap::new(),
            frames: HashMap::new(),
            types: HashMap::new(),
        }
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

    /// Which of the maps that are made now are recorded.
    pub fn sample(&self) -> Sample {
        self.periods.last().map_or(Sample::ALL, |period| period.sample)
    }

    /// Whether it recorded all of its maps, as long as it ran.
    pub fn is_whole(&self) -> bool {
        self.periods.iter().all(|period| period.sample == Sample::ALL)
    }

    /// The type of a map, where it is known.
    pub fn type_of(&self, map: &Map) -> Option<&Type> {
        self.types.get(&map.ty)
    }

    /// Whether it is known what a map allocated.
    pub(super) fn is_measured(&self, map: &Map) -> bool {
        map.is_measured() && self.type_of(map).is_none_or(|ty| ty.tables != Tables::Nodes)
    }

    /// What the type of this number is called.
    pub(super) fn type_name(&self, number: u32) -> &str {
        match self.types.get(&number) {
            Some(ty) => &ty.name,
            // Such a map gets its type with its first write.
            None if number == 0 => "never written",
            None => "unknown",
        }
    }

    /// The functions that led to a place, the innermost first; empty where they are not known.
    pub fn stack(&self, place: u32) -> Vec<&Frame> {
        let pcs = self.places.get(&place).map(Vec::as_slice).unwrap_or_default();
        pcs.iter().filter_map(|pc| self.frames.get(pc)).flatten().collect()
    }
}

/// Whether a process has not said yet what its file is, which it does last of what it does first.
fn has_only_begun(bytes: &[u8]) -> bool {
    bytes.iter().take(MAGIC.len()).all(|&byte| byte == 0)
}

/// All of a file, to which its process may go on writing.
fn bytes_of(path: &Path) -> io::Result<Vec<u8>> {
    let file = bytes::open(path)?;
    let mut bytes = bytes::of_file(&file, FILE_BYTES_MAX)?;
    names_again(&file, &mut bytes)?;
    Ok(bytes)
}

/// A process writes down what its places and types are called, then the map that has their numbers. They are read in the other
/// order: no map is there without its names.
fn names_again(file: &File, bytes: &mut [u8]) -> io::Result<()> {
    let maps_at = Bytes(bytes).offset(80);
    match bytes.get_mut(HEADER_BYTES..maps_at) {
        Some(names) => file.read_exact_at(names, HEADER_BYTES as u64),
        None => Ok(()),
    }
}

/// The files of a folder that processes have written, by name.
pub(super) fn files_of(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let paths = entries.into_iter().map(|entry| entry.path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|name| name == "maps")).collect();
    paths.sort();
    Ok(paths)
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
mod tests;
