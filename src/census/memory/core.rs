//! The memory that a core file has. What the system leaves out of it, the program's own file has.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::rc::Rc;

use object::read::elf::{FileHeader as _, ProgramHeader as _};
use object::{LittleEndian, ReadCache, elf};

use super::{CensusError, PAGE_BYTES, Region, entry_of, word};
use crate::text;

pub(super) struct Core {
    file: File,
    segments: Vec<Segment>,
    mapped: Vec<Mapped>,
    pub(super) program: Option<(String, File)>,
}

/// Addresses, of which the first `kept` bytes are in the core file.
struct Segment {
    start: u64,
    end: u64,
    kept: u64,
    offset: u64,
}

impl Segment {
    fn overlaps(&self, mapped: &Mapped) -> bool {
        self.start < mapped.end && mapped.start < self.end
    }
}

/// Addresses that had a file's content.
struct Mapped {
    start: u64,
    end: u64,
    offset: u64,
    file: Rc<str>,
}

/// What the notes of a core file take at most, and how many pairs of segments and files there are.
const NOTES_BYTES_MAX: u64 = 64 << 20;
const PAIRS_MAX: u64 = 1 << 32;

impl Core {
    /// The core file, its regions, and where its program begins.
    pub(super) fn open(path: &Path) -> Result<(Core, Vec<Region>, u64), String> {
        let file = open(path).map_err(|error| error.to_string())?;
        let cache = ReadCache::new(file.try_clone().map_err(|error| error.to_string())?);
        let wrong = |_| "is no core file of a 64-bit Linux program (ELF)".to_owned();
        let header = elf::FileHeader64::<LittleEndian>::parse(&cache).map_err(wrong)?;
        let endian = header.endian().map_err(wrong)?;
        if header.e_type.get(endian) != elf::ET_CORE {
            return Err("is no core file; expected one (GOTRACEBACK=crash or gcore \
                        writes one), or the number of a process"
                .to_owned());
        }
        let length = file.metadata().map_err(|error| error.to_string())?.len();
        let (mut segments, mut rights, mut mapped, mut entry) = (Vec::new(), Vec::new(), Vec::new(), None);
        let mut notes_bytes = 0_u64;
        for part in header.program_headers(endian, &cache).map_err(wrong)? {
            let start = part.p_vaddr(endian);
            let end = start.saturating_add(part.p_memsz(endian));
            if part.p_type(endian) == elf::PT_LOAD && start < end {
                let kept = part.p_filesz(endian).min(end - start);
                if part.p_offset(endian).checked_add(kept).is_none_or(|end| end > length) {
                    return Err(
                        "is cut: it ends before the memory that it lists; is there a limit (ulimit -c), or no \
                                room on the disk?"
                            .to_owned(),
                    );
                }
                segments.push(Segment { start, end, kept, offset: part.p_offset(endian) });
                rights.push(part.p_flags(endian));
            }
            if part.p_type(endian) == elf::PT_NOTE {
                notes_bytes = notes_bytes.saturating_add(part.p_filesz(endian));
                if notes_bytes > NOTES_BYTES_MAX {
                    return Err("has more notes than any core file: is it damaged?".to_owned());
                }
            }
            let Some(mut notes) = part.notes(endian, &cache).map_err(wrong)? else { continue };
            while let Some(note) = notes.next().map_err(wrong)? {
                match note.n_type(endian) {
                    elf::NT_AUXV => entry = entry_of(note.desc()),
                    elf::NT_FILE => mapped = files(note.desc()),
                    _ => {}
                }
            }
        }
        if (segments.len() as u64).saturating_mul(mapped.len() as u64) > PAIRS_MAX {
            return Err("lists more memory and files than any program has: is it damaged?".to_owned());
        }
        let file_at = |at: u64| mapped.iter().find(|mapped| (mapped.start..mapped.end).contains(&at));
        let regions = segments.iter().zip(rights).map(|(segment, rights)| Region {
            start: segment.start,
            end: segment.end,
            writable: rights.contains(elf::PF_W),
            executable: rights.contains(elf::PF_X),
            of_program: false,
            file: file_at(segment.start).map(|mapped| Rc::clone(&mapped.file)),
        });
        // gcore leaves out what only a file has.
        let left_out = mapped.iter().filter(|mapped| !segments.iter().any(|segment| segment.overlaps(mapped)));
        let left_out = left_out.map(|mapped| Region {
            start: mapped.start,
            end: mapped.end,
            writable: false,
            executable: false,
            of_program: false,
            file: Some(Rc::clone(&mapped.file)),
        });
        let regions = regions.chain(left_out).collect();
        segments.sort_by_key(|segment| segment.start);
        let entry = entry.ok_or_else(|| "doesn't say where its program begins (NT_AUXV)".to_owned())?;
        Ok((Core { file, segments, mapped, program: None }, regions, entry))
    }

    /// Takes what the core file lacks from the program's file, if that is the same program.
    pub(super) fn add_program(&mut self, name: &str, given: Option<&Path>) -> Result<(), CensusError> {
        let path = given.unwrap_or(Path::new(name));
        let failed = |why: String| CensusError::At { path: path.to_owned(), why };
        let first = self.mapped.iter().find(|mapped| *mapped.file == *name && mapped.offset == 0);
        let in_core = first.and_then(|first| {
            let mut page = [0; PAGE_BYTES as usize];
            self.read(first.start, &mut page).then_some(page)
        });
        let file = open(path).map_err(|error| {
            failed(format!("{error}; the core is of this program: name where it is with --program FILE"))
        })?;
        if let Some(in_core) = in_core {
            let mut page = [0; PAGE_BYTES as usize];
            if file.read_exact_at(&mut page, 0).is_err() || page != in_core {
                return Err(failed(format!(
                    "is not the program that wrote the core, which was {}",
                    text::one_line(name)
                )));
            }
        }
        self.program = Some((name.to_owned(), file));
        Ok(())
    }

    pub(super) fn read(&self, mut at: u64, mut into: &mut [u8]) -> bool {
        while !into.is_empty() {
            let Some((file, offset, left)) = self.kept(at).or_else(|| self.elsewhere(at)) else { return false };
            let (now, rest) = into.split_at_mut(into.len().min(usize::try_from(left).unwrap_or(usize::MAX)));
            if file.read_exact_at(now, offset).is_err() {
                return false;
            }
            at += now.len() as u64;
            into = rest;
        }
        true
    }

    fn segment(&self, at: u64) -> Option<&Segment> {
        let last = self.segments.partition_point(|segment| segment.start <= at);
        self.segments[..last].last().filter(|segment| at < segment.end)
    }

    /// Where the core file has it, and how much follows.
    fn kept(&self, at: u64) -> Option<(&File, u64, u64)> {
        let segment = self.segment(at).filter(|segment| at - segment.start < segment.kept)?;
        let within = at - segment.start;
        Some((&self.file, segment.offset.checked_add(within)?, segment.kept - within))
    }

    /// Where the program's file has it, and how much follows.
    fn elsewhere(&self, at: u64) -> Option<(&File, u64, u64)> {
        let (name, file) = self.program.as_ref()?;
        let mapped = self.mapped.iter().find(|mapped| (mapped.start..mapped.end).contains(&at))?;
        let offset = mapped.offset.checked_add(at - mapped.start)?;
        let next = self.segments.partition_point(|segment| segment.start <= at);
        let end = self.segments.get(next).map_or(mapped.end, |next| next.start.min(mapped.end));
        (*mapped.file == **name).then_some((file, offset, end - at))
    }
}

/// Nothing but a file is opened: a core may name a pipe as its program.
fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other("is no file")),
    }
}

/// The note `NT_FILE`: a count, the unit of offsets, three numbers for each file, then their names.
fn files(note: &[u8]) -> Vec<Mapped> {
    const HEAD: usize = 16;
    const ROW: usize = 24;
    let (count, unit) = (word(note, 0) as usize, word(note, 8));
    let rows = note.get(HEAD..).unwrap_or_default();
    let Some(names) = count.checked_mul(ROW).and_then(|length| rows.get(length..)) else { return Vec::new() };
    let rows = rows.chunks_exact(ROW).take(count).zip(names.split(|&byte| byte == 0));
    let rows = rows.map(|(row, name)| Mapped {
        start: word(row, 0),
        end: word(row, 8),
        offset: word(row, 16).saturating_mul(unit),
        file: String::from_utf8_lossy(name).into(),
    });
    rows.filter(|mapped| mapped.start < mapped.end && !mapped.file.is_empty()).collect()
}
