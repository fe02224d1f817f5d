//! Standard output, whose writes fail where nobody can get them. Those of the standard library don't: where the descriptor
//! is closed (`>&-`) it opens `/dev/null` in its place before `main`, and where it is one to read from (`1<file`) it takes
//! the error for none.

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

static CLOSED: AtomicBool = AtomicBool::new(false);

/// Looks whether it is closed. The system's loader calls it before the standard library puts something in its place.
#[used]
// SAFETY: what lies in this section is what the loader takes it for, a function without arguments; it allocates nothing
// and calls only the system, for which nothing needs to be ready.
#[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
#[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".init_array"))]
static LOOK: extern "C" fn() = {
    extern "C" fn look() {
        // SAFETY: only asks the system, which needs nothing of this process to be ready.
        let flags = unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_GETFD) };
        CLOSED.store(flags == -1, Relaxed);
    }
    look
};

/// It, without a buffer.
///
/// # Errors
///
/// It is closed.
pub(super) fn open() -> io::Result<File> {
    match CLOSED.load(Relaxed) {
        true => Err(io::Error::from_raw_os_error(libc::EBADF)),
        false => Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?)),
    }
}
