//! The operations of the maps of one place, as traces: each map its own.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read as _, Write};
use std::path::{Path, PathBuf};

use mapscope_trace::Output;

use super::bytes::Bytes;
use super::{Map, Process, RecordingError, Type};
use crate::record::write_whole;

/// What became of the operations of a place.
#[derive(Debug, Default)]
pub struct Traced {
    /// Maps that have any.
    pub maps: u64,
    /// Their operations.
    pub operations: u64,
    /// Those that there was no room for.
    pub dropped: u64,
    /// Maps that were made as copies: what they began with is no operation.
    pub copies: u64,
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
    /// The type of the map.
    pub ty: String,
    /// An entry as large, as `--entry` takes it.
    pub entry: String,
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

    /// Hands on each row that is written, in their order.
    fn each(&self, mut take: impl FnMut(Row) -> io::Result<()>) -> Result<(), RecordingError> {
        let at = |error: io::Error| RecordingError::at(&self.path, error);
        let mut file = BufReader::with_capacity(1 << 16, File::open(&self.path).map_err(at)?);
        file.read_exact(&mut [0; Self::ROWS_AT]).map_err(at)?;
        for _ in 0..self.rows {
            let mut row = [0; Self::ROW_BYTES];
            file.read_exact(&mut row).map_err(at)?;
            let row = Bytes(&row);
            let (word, keyed) = match row.u32(0) >> 24 {
                // Claimed, and not yet written when its process ended.
                0 => continue,
                1 => ("insert", true),
                2 => ("get", true),
                3 => ("remove", true),
                4 => ("clear", false),
                5 => ("iterate", false),
                other => return Err(RecordingError::at(&self.path, format!("is damaged: operation {other}"))),
            };
            take(Row { map: row.u32(0) & 0xff_ffff, word, keyed, key_bytes: row.u32(4), key: row.u64(8) })
                .map_err(at)?;
        }
        Ok(())
    }
}

/// What a map's operations came to.
#[derive(Clone, Copy, Default)]
struct Sum {
    operations: u64,
    keyed: u64,
    key_bytes: u64,
    /// Whether some key has another length than its type.
    varies: bool,
}

/// Writes the operations of the `most` maps that have most of them into the folder, as `trace-001.csv.zst` and so on.
///
/// # Errors
/// Where a file can't be read, or not be written.
pub fn write_traces(processes: &[Process], place: &str, folder: &Path, most: usize) -> Result<Traced, RecordingError> {
    let (mut traced, mut found) = (Traced::default(), Vec::new());
    for process in processes {
        let Some(operations) = Operations::of(process)? else { continue };
        traced.dropped = traced.dropped.saturating_add(operations.dropped);
        let maps: BTreeMap<u32, &Map> = process.maps.iter().map(|map| (map.number, map)).collect();
        let mut sums: BTreeMap<u32, Sum> = BTreeMap::new();
        operations.each(|row| {
            let sum = sums.entry(row.map).or_default();
            let ty = maps.get(&row.map).and_then(|map| process.type_of(map));
            sum.operations += 1;
            if row.keyed {
                sum.keyed += 1;
                sum.key_bytes += u64::from(row.key_bytes);
                sum.varies |= ty.is_some_and(|ty| ty.key_bytes != row.key_bytes);
            }
            Ok(())
        })?;
        for (number, sum) in sums {
            traced.maps += 1;
            traced.operations += sum.operations;
            match maps.get(&number) {
                Some(map) if map.is_copy() => traced.copies += 1,
                Some(&map) => found.push((sum, process, map)),
                None => {}
            }
        }
    }
    found.sort_by_key(|(sum, ..)| std::cmp::Reverse(sum.operations));
    for (index, &(sum, process, map)) in found.iter().take(most).enumerate() {
        let path = folder.join(format!("trace-{:03}.csv.zst", index + 1));
        let ty = process.type_of(map);
        write_trace(process, map, place, &path)?;
        traced.written.push(Written {
            path,
            operations: sum.operations,
            ty: ty.map_or_else(|| "map".to_owned(), |ty| ty.name.clone()),
            entry: ty.map_or_else(|| "u64/u64".to_owned(), |ty| entry(ty, sum)),
            hint: map.hint,
        });
    }
    Ok(traced)
}

/// A table of the operations of one map, which `convert` writes alike.
fn write_trace(process: &Process, map: &Map, place: &str, path: &Path) -> Result<(), RecordingError> {
    let Some(operations) = Operations::of(process)? else { return Ok(()) };
    let ty = process.type_of(map);
    let (name, value_bytes) = ty.map_or(("map", 0), |ty| (&ty.name, ty.value_bytes));
    let mut read = Ok(());
    let written = write_whole(path, |file| {
        let mut to = Output::new(path, file)?;
        let hint = map.hint;
        writeln!(to, "# {name}, made at {place} by {} ({}) with hint {hint}", process.program, process.go)?;
        writeln!(to, "op,key,key_bytes,value_bytes")?;
        let mut failed = None;
        read = operations.each(|Row { map: of, word, keyed, key_bytes, key }| {
            if of != map.number || failed.is_some() {
                return Ok(());
            }
            let row = match (keyed, word) {
                (true, "insert") => writeln!(to, "{word},{key},{key_bytes},{value_bytes}"),
                (true, _) => writeln!(to, "{word},{key},{key_bytes},"),
                (false, _) => writeln!(to, "{word},,,"),
            };
            failed = row.err();
            Ok(())
        });
        match failed {
            Some(error) => Err(error),
            None => to.finish().map(drop),
        }
    });
    read?;
    written.map_err(|error| RecordingError::at(path, format!("can't be written: {error}")))
}

/// An entry as large as those of a map, as `--entry` takes it.
fn entry(ty: &Type, sum: Sum) -> String {
    let number = |bytes: u32| match bytes {
        4 => "u32".to_owned(),
        8 => "u64".to_owned(),
        bytes => bytes.to_string(),
    };
    let key = match sum.varies {
        true => format!("string({})", (sum.key_bytes / sum.keyed.max(1)).max(1)),
        false => number(ty.key_bytes.max(1)),
    };
    let value = match ty.value_bytes {
        0 => "()".to_owned(),
        1 => "u8".to_owned(),
        2 => "u16".to_owned(),
        bytes => number(bytes),
    };
    format!("{key}/{value}")
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let mut all = Vec::new();
        let each = operations.each(|row| {
            all.push(row);
            Ok(())
        });
        each.map(|()| all).map_err(|error| error.to_string())
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
    fn entries_are_as_large_as_those_of_the_map() {
        let ty =
            |key_bytes, value_bytes| Type { name: String::new(), key_bytes, value_bytes, group_bytes: 0, flags: 0 };
        let fixed = Sum { operations: 3, keyed: 2, key_bytes: 32, varies: false };
        assert_eq!(entry(&ty(16, 8), fixed), "16/u64");
        assert_eq!(entry(&ty(0, 0), fixed), "1/()");
        let text = Sum { key_bytes: 50, varies: true, ..fixed };
        assert_eq!(entry(&ty(16, 24), text), "string(25)/24");
    }
}
