//! A program's code in pages of its process's own.
//!
//! Which physical pages hold a program's code decides up to 3 % of what its operations take, and in the system's cache a file
//! keeps its pages as long as it is there: of two equal files, one is faster, day in and day out. A copy for each process
//! makes that chance, which is different each time, and which the median of several processes evens out.
//!
//! What a process runs is a small part of its program, so what it has run is copied, with what the system maps around it.

#[cfg(target_os = "linux")]
pub(super) use linux::Code;

/// Where the system has no way to, none is copied.
#[cfg(not(target_os = "linux"))]
pub(super) struct Code;

#[cfg(not(target_os = "linux"))]
impl Code {
    pub fn watched() -> std::io::Result<Code> {
        Err(std::io::ErrorKind::Unsupported.into())
    }

    pub fn copy_run(self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::{self, File};
    use std::io;
    use std::ops::Range;
    use std::os::unix::fs::FileExt as _;

    /// The code of this process, that of its libraries included, to be watched for what is run of it: addresses.
    pub(in crate::run) struct Code(Vec<Range<u64>>);

    impl Code {
        /// From now on.
        ///
        /// # Errors
        ///
        /// The system doesn't say where it lies, or doesn't forget what was run before.
        pub fn watched() -> io::Result<Code> {
            let code = Code(fs::read_to_string("/proc/self/maps")?.lines().filter_map(code_of_file).collect());
            let mut is_known = false;
            for mapping in &code.0 {
                let pages = Page::all(mapping)?;
                is_known |= pages.iter().any(|page| page.is_there());
                for run in pages.chunk_by(|page, next| page.is_files() == next.is_files()) {
                    if run[0].is_files() {
                        forget(run)?;
                    }
                }
            }
            // This very code is there.
            if is_known { Ok(code) } else { Err(io::Error::other("/proc/self/pagemap says nothing")) }
        }

        /// Gives this process pages of its own for what it has run since.
        ///
        /// # Errors
        ///
        /// The system doesn't let it.
        pub fn copy_run(self) -> io::Result<()> {
            let memory = File::options().read(true).write(true).open("/proc/self/mem")?;
            let mut bytes = vec![0; page_bytes()];
            for mapping in self.0 {
                for page in Page::all(&mapping)?.iter().filter(|page| page.is_files()) {
                    // What is written to a file's page that isn't shared is written to a copy.
                    memory.read_exact_at(&mut bytes, page.start)?;
                    memory.write_all_at(&bytes, page.start)?;
                }
            }
            Ok(())
        }
    }

    /// A page, and what the system says of it.
    pub(super) struct Page {
        start: u64,
        entry: u64,
    }

    impl Page {
        pub fn all(mapping: &Range<u64>) -> io::Result<Vec<Page>> {
            let bytes = page_bytes();
            let pages = (mapping.end - mapping.start) as usize / bytes;
            let mut entries = vec![0; pages * size_of::<u64>()];
            let at = mapping.start / bytes as u64 * size_of::<u64>() as u64;
            File::open("/proc/self/pagemap")?.read_exact_at(&mut entries, at)?;
            let entries = entries.as_chunks().0.iter().map(|entry| u64::from_ne_bytes(*entry));
            Ok(mapping.clone().step_by(bytes).zip(entries).map(|(start, entry)| Page { start, entry }).collect())
        }

        pub fn is_there(&self) -> bool {
            self.entry & 1 << 63 != 0
        }

        /// Whether it is there as its file has it: what was written, by a loader, say, is the process's own.
        pub fn is_files(&self) -> bool {
            self.is_there() && self.entry & 1 << 61 != 0
        }
    }

    /// Has pages read from their file when they are needed next. They lie side by side.
    fn forget(pages: &[Page]) -> io::Result<()> {
        let (start, bytes) = (pages[0].start as *mut libc::c_void, pages.len() * page_bytes());
        // SAFETY: they are a file's, without a change, so that what is read again is what is there; and no library is
        // unloaded here.
        match unsafe { libc::madvise(start, bytes, libc::MADV_DONTNEED) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    pub(super) fn page_bytes() -> usize {
        // SAFETY: it reads no memory of ours.
        usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
    }

    /// Where it lies, if this line of `/proc/self/maps` is of code in a file that isn't shared.
    pub(super) fn code_of_file(line: &str) -> Option<Range<u64>> {
        let mut words = line.split_ascii_whitespace();
        let (place, rights, inode) = (words.next()?, words.next()?, words.nth(2)?);
        let (start, end) = place.split_once('-')?;
        let address = |text| u64::from_str_radix(text, 16).ok();
        (rights == "r-xp" && inode != "0").then_some(address(start)?..address(end)?)
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::linux::{Page, code_of_file, page_bytes};
    use super::*;

    #[inline(never)]
    fn tripled(number: u64) -> u64 {
        std::hint::black_box(number).wrapping_mul(3)
    }

    #[test]
    fn what_was_run_has_pages_of_the_process_s_own_and_runs_on() {
        let bytes = page_bytes() as u64;
        let start = tripled as fn(u64) -> u64 as usize as u64 / bytes * bytes;
        let copied = || {
            let code = Code::watched().unwrap();
            assert_eq!(tripled(5), 15);
            code.copy_run().unwrap();
            let page = &Page::all(&(start..start + bytes)).unwrap()[0];
            page.is_there() && !page.is_files()
        };
        // Another thread may have had it forgotten, between this one's running and copying it.
        assert!((0..100).any(|_| copied()));
        assert_eq!(tripled(7), 21);
    }

    #[test]
    fn code_is_what_can_be_run_of_a_file_and_is_not_shared() {
        let line =
            |rights: &str, inode: u32| format!("55d0c9a00000-55d0c9a45000 {rights} 00002000 fe:00 {inode}   /a b");
        assert_eq!(code_of_file(&line("r-xp", 7)), Some(0x55d0_c9a0_0000..0x55d0_c9a4_5000));
        for (rights, inode) in [("r--p", 7), ("rw-p", 7), ("rwxp", 7), ("r-xs", 7), ("r-xp", 0)] {
            assert_eq!(code_of_file(&line(rights, inode)), None, "{rights} {inode}");
        }
        assert_eq!(code_of_file("?"), None);
    }
}
