//! Changing what a running program records.

use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU64, Ordering::Release};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::bytes::Bytes;
use super::file::{HEADER_BYTES, MAGIC, SWITCHED, files_of};
use super::period::{CONTROL_AT, PERIOD_BYTES, Period, Periods};
use super::writers::Writers;
use super::{RecordingError, Sample};

/// Changes which maps the process that writes this file records from now on, and gives what it was before. Maps that are
/// recorded already go on being recorded, unless that is [`Sample::OFF`]: then the record of each of them ends with the
/// next operation, before it, and no map comes back.
///
/// # Errors
/// Where that is no file of a recording, or one whose program can't be told: what has ended stays as it is.
pub fn set_sample(path: &Path, sample: Sample) -> Result<Sample, RecordingError> {
    set(path, sample).map_err(|what| RecordingError::at(path, what))
}

fn set(path: &Path, sample: Sample) -> Result<Sample, String> {
    let of_system = |error: std::io::Error| error.to_string();
    let file = OpenOptions::new().read(true).write(true).open(path).map_err(of_system)?;
    // Of two that change it at once, one comes after the other.
    file.lock().map_err(of_system)?;
    let mut header = [0; HEADER_BYTES];
    file.read_exact_at(&mut header, 0).map_err(|_| "is no recording of a process".to_owned())?;
    let header = Bytes(&header);
    if header.0[..MAGIC.len()] != *MAGIC {
        return Err("is no recording of a process, or one that has only begun".to_owned());
    }
    if header.u32(8) != SWITCHED {
        return Err(
            "what it records can't be changed while it runs: Java's can't, and a program of an older mapscope \
                    must be built anew"
                .to_owned(),
        );
    }
    let periods = Periods::of(&header)?;
    let number = periods.count;
    let at = |number: usize| (periods.at.checked_add(number * PERIOD_BYTES)).ok_or("is damaged: offset of periods");
    let mut last = [0; PERIOD_BYTES];
    file.read_exact_at(&mut last, at(number - 1)? as u64).map_err(|_| "is cut short".to_owned())?;
    let before = Period::parse(&Bytes(&last), 0)?.sample;
    if number >= periods.max && before != sample {
        return Err(format!("what it records has been changed {} times, and no more fit: start it anew", number - 1));
    }
    if Writers::writer_of(path).map_err(of_system)?.is_none() {
        return Err("no process writes it any more: what it records can't be changed".to_owned());
    }
    if before == sample {
        return Ok(before);
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    file.write_all_at(&Period { since, sample }.bytes(), at(number)? as u64).map_err(of_system)?;
    // What it is comes before the word that has the program go by it.
    Word::of(&file)?.store((number as u64) << 32 | u64::from(sample.in_file()));
    Ok(before)
}

/// The processes of a recording, or of a file of one, that are running, by their numbers here, each with its file.
///
/// # Errors
/// Where the folder can't be read.
pub fn running(recording: &Path) -> Result<Vec<(u32, PathBuf)>, RecordingError> {
    let at = |error: std::io::Error| RecordingError::at(recording, error);
    let writers = Writers::now().map_err(|error| RecordingError::at("/proc", error))?;
    let files = if recording.is_dir() { files_of(recording).map_err(at)? } else { vec![recording.to_owned()] };
    let files = files.into_iter();
    // A file that can't be read keeps none of the others from being found.
    Ok(files.filter_map(|path| Some((writers.of(&path).ok()??, path))).collect())
}

/// The word of a file that its process reads.
struct Word(NonNull<u8>);

impl Word {
    fn of(file: &File) -> Result<Word, String> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping takes the place of none.
        let base =
            unsafe { libc::mmap(ptr::null_mut(), HEADER_BYTES, protection, libc::MAP_SHARED, file.as_raw_fd(), 0) };
        if base == libc::MAP_FAILED {
            return Err(std::io::Error::last_os_error().to_string());
        }
        NonNull::new(base.cast()).map(Word).ok_or_else(|| "can't be mapped".to_owned())
    }

    /// In one piece: the program may read it at any time.
    fn store(&self, word: u64) {
        // SAFETY: the mapping is longer than that, a page begins it, and other processes use it as an atomic, too. The file
        // was as long when its header was read, and no recorder makes it shorter.
        let shared: &AtomicU64 = unsafe { self.0.byte_add(CONTROL_AT).cast().as_ref() };
        shared.store(word, Release);
    }
}

impl Drop for Word {
    fn drop(&mut self) {
        // SAFETY: it was mapped here, so long, and nothing refers to it.
        unsafe { libc::munmap(self.0.as_ptr().cast(), HEADER_BYTES) };
    }
}
