//! Files in shared memory, which have their room on the disk before they are written to.

use std::ffi::CString;
use std::io;
use std::ptr::{self, NonNull};

/// Makes the file this long, with room on the disk for all of it.
fn allocate(file: libc::c_int, length: usize) -> io::Result<()> {
    loop {
        // SAFETY: it changes the length of a file that is ours.
        if unsafe { libc::fallocate(file, 0, 0, length as libc::off_t) } == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

fn open(path: &CString, flags: libc::c_int) -> io::Result<libc::c_int> {
    // SAFETY: the path ends with a zero.
    let file = unsafe { libc::open(path.as_ptr(), libc::O_RDWR | libc::O_CLOEXEC | flags, 0o600) };
    if file < 0 { Err(io::Error::last_os_error()) } else { Ok(file) }
}

pub(super) fn grow(path: &CString, length: usize) -> io::Result<()> {
    let file = open(path, 0)?;
    let outcome = allocate(file, length);
    // SAFETY: it was opened here.
    unsafe { libc::close(file) };
    outcome
}

/// Makes a file with room for so many bytes on the disk, and maps the most that it can have.
pub(super) fn map(path: &CString, room: usize, most: usize) -> io::Result<NonNull<u8>> {
    let file = open(path, libc::O_CREAT | libc::O_EXCL)?;
    let base = allocate(file, room).and_then(|()| {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping takes the place of none.
        let base = unsafe { libc::mmap(ptr::null_mut(), most, protection, libc::MAP_SHARED, file, 0) };
        if base == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(base) }
    });
    // SAFETY: it was opened here; the mapping stays. A file that says nothing does not.
    unsafe {
        libc::close(file);
        if base.is_err() {
            libc::unlink(path.as_ptr());
        }
    }
    base.map(|base| NonNull::new(base.cast()).expect("a mapping lies nowhere at 0"))
}

/// Memory of this process alone, zeroed, of which what is written to is taken.
#[cfg(feature = "live")]
pub(super) fn own_memory(most: usize) -> io::Result<NonNull<u8>> {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new mapping takes the place of none.
    let base = unsafe { libc::mmap(ptr::null_mut(), most, protection, flags, -1, 0) };
    if base == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    Ok(NonNull::new(base.cast()).expect("a mapping lies nowhere at 0"))
}
