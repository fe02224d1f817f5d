//! A program's code in pages of its process's own.
//!
//! Which physical pages hold a program's code decides up to 3 % of what its operations take, and in the system's cache a file
//! keeps its pages as long as it is there: of two equal files, one is faster, day in and day out. A copy for each process
//! makes that chance, which is different each time, and which the median of several processes leaves behind.
//!
//! What a process runs is a small part of its program, so what it has run is copied, and nothing else.

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

    pub fn copy_run(self) -> std::io::Result<usize> {
        Ok(0)
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::{self, File};
    use std::io;
    use std::ops::Range;
    use std::os::unix::fs::FileExt as _;

    /// The code of this process, that of its libraries included, to be watched for what is run of it.
    pub(in crate::run) struct Code {
        /// Addresses.
        mappings: Vec<Range<u64>>,
        page_bytes: usize,
    }

    impl Code {
        /// From now on.
        ///
        /// # Errors
        ///
        /// The system doesn't say where it lies.
        pub fn watched() -> io::Result<Code> {
            let page_bytes = page_bytes();
            let mappings: Vec<_> = fs::read_to_string("/proc/self/maps")?.lines().filter_map(code_of_file).collect();
            for mapping in &mappings {
                let bytes = (mapping.end - mapping.start) as usize;
                // SAFETY: these are whole pages of a file, which nothing writes; they are read again from there when they
                // are needed next.
                let done = unsafe { libc::madvise(mapping.start as *mut libc::c_void, bytes, libc::MADV_DONTNEED) };
                if done != 0 {
                    return Err(io::Error::last_os_error());
                }
            }
            Ok(Code { mappings, page_bytes })
        }

        /// Gives this process pages of its own for what it has run since, and says of how many.
        ///
        /// # Errors
        ///
        /// The system doesn't let it.
        pub fn copy_run(self) -> io::Result<usize> {
            /// Of a page's entry: it is there, and is a file's still.
            const OF_FILE: u64 = 1 << 63 | 1 << 61;
            let (entries, memory) =
                (File::open("/proc/self/pagemap")?, File::options().read(true).write(true).open("/proc/self/mem")?);
            let page_bytes = self.page_bytes as u64;
            let mut page = vec![0; self.page_bytes];
            let mut copied = 0;
            for mapping in self.mappings {
                let mut of_mapping = vec![0; ((mapping.end - mapping.start) / page_bytes * 8) as usize];
                entries.read_exact_at(&mut of_mapping, mapping.start / page_bytes * 8)?;
                let (of_pages, _) = of_mapping.as_chunks();
                for (start, entry) in mapping.step_by(self.page_bytes).zip(of_pages) {
                    if u64::from_ne_bytes(*entry) & OF_FILE == OF_FILE {
                        // What is written of a file's page that isn't shared is a copy.
                        memory.read_exact_at(&mut page, start)?;
                        memory.write_all_at(&page, start)?;
                        copied += 1;
                    }
                }
            }
            Ok(copied)
        }
    }

    fn page_bytes() -> usize {
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
    use super::linux::code_of_file;
    use super::*;

    #[test]
    fn what_was_run_is_copied_once_and_runs_on() {
        let code = Code::watched().unwrap();
        let run = |number: u64| std::hint::black_box(number).wrapping_mul(3);
        assert_eq!(run(5), 15);
        assert!(code.copy_run().unwrap() > 0);
        assert_eq!(run(7), 21);
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
