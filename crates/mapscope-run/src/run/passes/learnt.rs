//! What a watched run learnt of each measured operation, in a file, for the time pass: that neither watches the operations,
//! so that its map begins on a fresh heap, nor has to remember them.
//!
//! A byte an operation, its class. Of a workload whose moments may be kept, an operation that allocated or moved anything has
//! [`WORKED`] in it, and is followed by the bytes allocated and the entries moved, seven bits a byte, the lowest first. The
//! length and the digest of it all go another way, with the answer and the job.

use std::fs::File;
use std::io::{self, Read, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::latencies::CLASSES;
use crate::probe::alloc;
use crate::probe::event::Cause;
use crate::probe::latency::class_of;
use crate::subject::{Failure, Seen, Session, Traits, Watch};
use crate::text;
use crate::workload::Workload;

/// The bit that says that what an operation did follows.
const WORKED: u8 = 0x80;
const _: () = assert!(CLASSES <= WORKED as usize);

/// Of more operations than these only the classes are kept.
pub(super) const WORK_OPS_MAX: u64 = 1 << 24;

/// Bytes read and written at a time.
const BUFFER_BYTES: usize = 1 << 16;

/// Such a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::run) struct Learnt {
    pub path: PathBuf,
    /// Operations.
    pub ops: u64,
    bytes: u64,
    /// BLAKE3, in hexadecimal digits.
    digest: String,
}

/// What is known of one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    pub class: u8,
    pub alloc_bytes: u64,
    pub moved_entries: u64,
}

/// Learns without counting.
pub(in crate::run) fn learn(session: &mut dyn Session, workload: &Workload, path: &Path) -> Result<Learnt, Failure> {
    // As in the count pass, of which this is what the time pass needs.
    alloc::set_realloc_always_moves(true);
    let traits = session.traits();
    let mut batches = workload.batches(traits.batch_ops)?;
    let mut writer = Writer::new(path, workload, traits);
    let (mut map, _) = session.watched(Watch::default())?;
    while let Some(batch) = batches.next()? {
        if batch.in_setup {
            map.set_up(batch.ops)?;
        } else {
            map.watch(batch.ops, &mut |_, seen, _| writer.add(seen))?;
        }
    }
    writer.finish()
}

/// Writes one.
pub(super) struct Writer {
    file: io::Result<File>,
    path: PathBuf,
    buffer: Vec<u8>,
    hasher: blake3::Hasher,
    keeps_causes: bool,
    keeps_work: bool,
    ops: u64,
    bytes: u64,
}

impl Writer {
    /// For the measured operations of a workload. What is wrong with the file is said at the end: whoever counts besides goes
    /// on.
    pub fn new(path: &Path, workload: &Workload, traits: Traits) -> Writer {
        let keeps_causes = traits.causes_repeat;
        Writer {
            file: File::create(path),
            path: path.to_owned(),
            buffer: Vec::with_capacity(2 * BUFFER_BYTES),
            hasher: blake3::Hasher::new(),
            keeps_causes,
            keeps_work: keeps_causes && workload.ops() <= WORK_OPS_MAX,
            ops: 0,
            bytes: 0,
        }
    }

    /// The next operation.
    #[inline]
    pub fn add(&mut self, seen: &Seen) {
        let cause = if self.keeps_causes { seen.cause } else { Cause::Unknown };
        let class = class_of(seen.kind as usize, cause);
        let (alloc_bytes, moved_entries) = (seen.work.allocs.bytes, seen.work.moved.map_or(0, |moved| moved.entries));
        self.ops += 1;
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush();
        }
        if self.keeps_work && (alloc_bytes > 0 || moved_entries > 0) {
            self.worked(class, alloc_bytes, moved_entries);
        } else {
            self.buffer.push(class);
        }
    }

    #[inline(never)]
    fn worked(&mut self, class: u8, alloc_bytes: u64, moved_entries: u64) {
        self.buffer.push(class | WORKED);
        self.number(alloc_bytes);
        self.number(moved_entries);
    }

    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.buffer.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.buffer.push(number as u8);
    }

    /// The first error stays.
    #[cold]
    fn flush(&mut self) {
        self.hasher.update(&self.buffer);
        self.bytes += self.buffer.len() as u64;
        if let Ok(file) = &mut self.file
            && let Err(error) = file.write_all(&self.buffer)
        {
            self.file = Err(error);
        }
        self.buffer.clear();
    }

    /// After the last operation.
    pub fn finish(mut self) -> Result<Learnt, Failure> {
        self.flush();
        let Writer { file, path, hasher, ops, bytes, .. } = self;
        file.map_err(|error| unwritten(&path, &error))?;
        Ok(Learnt { path, ops, bytes, digest: hasher.finalize().to_hex().to_string() })
    }
}

fn unwritten(path: &Path, error: &io::Error) -> Failure {
    let path = text::path(path);
    let what = "what was learnt of the operations can't be written";
    Failure::harness(format!("{what} to {path}: {error}; make room there, or set TMPDIR to another folder"))
}

/// The operations in order, and again when they are over.
pub(super) struct Reader {
    file: File,
    buffer: Vec<u8>,
    /// The next byte in the buffer.
    at: usize,
}

impl Learnt {
    /// Reads it all, to see that it is whole, and then from its beginning.
    pub(super) fn read(&self, workload: &Workload) -> Result<Reader, Failure> {
        let mut reader = self.again()?;
        let (mut hasher, mut bytes) = (blake3::Hasher::new(), 0);
        while reader.fill().map_err(|error| self.unread(&error.to_string()))? {
            hasher.update(&reader.buffer);
            bytes += reader.buffer.len() as u64;
        }
        if (bytes, &*hasher.finalize().to_hex()) != (self.bytes, &*self.digest) {
            return Err(self.unread(&format!("it is not what was written: {bytes} bytes of {}", self.bytes)));
        }
        if self.ops != workload.ops() {
            return Err(self.unread(&format!("it is of {} operations, and there are {}", self.ops, workload.ops())));
        }
        self.again()
    }

    /// The same once more.
    pub(super) fn again(&self) -> Result<Reader, Failure> {
        let file = File::open(&self.path).map_err(|error| self.unread(&error.to_string()))?;
        Ok(Reader { file, buffer: Vec::with_capacity(BUFFER_BYTES), at: 0 })
    }

    fn unread(&self, why: &str) -> Failure {
        let path = text::path(&self.path);
        Failure::harness(format!("what was learnt of the operations can't be read from {path}: {why}; run it again"))
    }
}

impl Reader {
    /// The next bytes; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        self.buffer.clear();
        self.at = 0;
        (&mut self.file).take(BUFFER_BYTES as u64).read_to_end(&mut self.buffer).map(|bytes| bytes > 0)
    }

    fn byte(&mut self) -> io::Result<u8> {
        if self.at == self.buffer.len() && !self.fill()? {
            self.file.rewind()?;
            if !self.fill()? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        self.at += 1;
        Ok(self.buffer[self.at - 1])
    }

    fn number(&mut self) -> io::Result<u64> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            shift += 7;
            if byte < 0x80 {
                return Ok(number);
            }
        }
    }

    /// The next operation.
    pub fn next(&mut self) -> Result<Known, Failure> {
        let known = self.byte().and_then(|byte| {
            let (class, worked) = (byte & !WORKED, byte & WORKED != 0);
            if usize::from(class) >= CLASSES {
                return Err(io::Error::other(format!("there is no class {class} of operations")));
            }
            let mut number = || if worked { self.number() } else { Ok(0) };
            Ok(Known { class, alloc_bytes: number()?, moved_entries: number()? })
        });
        known.map_err(|error| Failure::harness(format!("what was learnt of the operations can't be read: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::heap::Allocs;
    use crate::record::OpKind;
    use crate::subject::{Handed, Moved, Work};

    /// A workload of so many operations.
    fn workload(ops: u64) -> Workload {
        let flags = crate::plan::Flags::from([("ops", &*ops.to_string()), ("map", "std")]);
        let plan = crate::plan::plan(&[], &flags, &crate::run::Subjects::builtin().catalog()).unwrap();
        Workload::open(&plan.cells[0].workload).unwrap()
    }

    fn seen(kind: OpKind, cause: Cause, alloc_bytes: u64, moved_entries: u64) -> Seen {
        let moved = Some(Moved { entries: moved_entries, bytes: 0 });
        let work = Work { allocs: Allocs { count: 1, bytes: alloc_bytes }, moved, ..Work::default() };
        Seen { kind, hit: true, scanned: 0, cause, work, handed: Handed::default() }
    }

    const TRAITS: Traits =
        Traits { batch_ops: 1, side_by_side: true, tells_moves: true, knows_blocks: true, causes_repeat: true };

    fn written(folder: &Path, ops: &[Seen]) -> Learnt {
        let mut writer = Writer::new(&folder.join("learnt"), &workload(ops.len() as u64), TRAITS);
        ops.iter().for_each(|seen| writer.add(seen));
        writer.finish().unwrap()
    }

    #[test]
    fn what_was_learnt_is_read_in_order_and_over_again() {
        let folder = tempfile::tempdir().unwrap();
        let ops = [
            seen(OpKind::Insert, Cause::DirectoryGrow, u64::MAX, 127),
            seen(OpKind::Iterate, Cause::DirectoryGrow, 0, 0),
            seen(OpKind::Get, Cause::Steady, 0, 128),
            seen(OpKind::Insert, Cause::AllocOther, 300, 0),
        ];
        let learnt = written(folder.path(), &ops);
        let known = ops.map(|seen| Known {
            class: class_of(seen.kind as usize, seen.cause),
            alloc_bytes: seen.work.allocs.bytes,
            moved_entries: seen.work.moved.unwrap().entries,
        });
        let mut reader = learnt.read(&workload(4)).unwrap();
        let read: Vec<Known> = (0..12).map(|_| reader.next().unwrap()).collect();
        assert_eq!(read, [known; 3].concat());
    }

    #[test]
    fn of_a_map_that_does_not_repeat_only_kinds_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let traits = Traits { causes_repeat: false, ..TRAITS };
        let mut writer = Writer::new(&folder.path().join("learnt"), &workload(1), traits);
        writer.add(&seen(OpKind::Insert, Cause::Grow, 300, 20));
        let known = writer.finish().unwrap().again().unwrap().next().unwrap();
        let class = class_of(OpKind::Insert as usize, Cause::Unknown);
        assert_eq!(known, Known { class, alloc_bytes: 0, moved_entries: 0 });
    }

    #[test]
    fn a_class_that_there_is_not_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let learnt = written(folder.path(), &[seen(OpKind::Get, Cause::Steady, 0, 0)]);
        std::fs::write(&learnt.path, [CLASSES as u8]).unwrap();
        let failure = learnt.again().unwrap().next().unwrap_err();
        assert!(failure.why.ends_with(&format!("there is no class {CLASSES} of operations")), "{}", failure.why);
    }

    #[test]
    fn a_byte_is_kept_of_an_operation_that_did_nothing_and_of_every_one_of_many() {
        let folder = tempfile::tempdir().unwrap();
        let steady = vec![seen(OpKind::Get, Cause::Steady, 0, 0); 200_000];
        let learnt = written(folder.path(), &steady);
        assert_eq!(
            (learnt.ops, learnt.bytes, std::fs::metadata(&learnt.path).unwrap().len()),
            (200_000, 200_000, 200_000)
        );
        let mut reader = learnt.read(&workload(200_000)).unwrap();
        let class = class_of(OpKind::Get as usize, Cause::Steady);
        assert!((0..200_001).all(|_| reader.next().unwrap().class == class));
        let mut many = Writer::new(&folder.path().join("many"), &workload(WORK_OPS_MAX + 1), TRAITS);
        many.add(&seen(OpKind::Insert, Cause::Grow, 1 << 40, 1 << 20));
        assert_eq!(many.finish().unwrap().bytes, 1);
    }

    #[test]
    fn a_file_that_is_damaged_cut_gone_or_another_s_is_refused_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let learnt = written(folder.path(), &[seen(OpKind::Get, Cause::Steady, 0, 0); 3]);
        let refused = |ops| {
            let failure = learnt.read(&workload(ops)).err().unwrap();
            assert_eq!(failure.status, crate::record::Status::HarnessFailed);
            assert!(failure.why.contains("learnt") && failure.why.ends_with("; run it again"), "{}", failure.why);
            failure.why
        };
        assert!(refused(4).contains("it is of 3 operations, and there are 4"));
        let good = std::fs::read(&learnt.path).unwrap();
        std::fs::write(&learnt.path, &good[1..]).unwrap();
        assert!(refused(3).contains("it is not what was written: 2 bytes of 3"));
        std::fs::write(&learnt.path, [good[0], good[1] ^ 1, good[2]]).unwrap();
        assert!(refused(3).contains("it is not what was written: 3 bytes of 3"));
        std::fs::remove_file(&learnt.path).unwrap();
        assert!(refused(3).contains("No such file"));
        let nowhere = Writer::new(&folder.path().join("none/learnt"), &workload(1), TRAITS).finish().err().unwrap();
        assert!(nowhere.why.contains("TMPDIR"), "{}", nowhere.why);
    }
}
