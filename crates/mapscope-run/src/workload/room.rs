//! Room for private copies of what is read.

use std::fs::File;
use std::os::fd::AsRawFd;

use crate::text;

/// Where copies lie, as a message calls it.
pub(super) fn folder() -> String {
    text::path(&std::env::temp_dir())
}

pub(super) fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

/// The space that is free where a file lies; `u64::MAX` where the system doesn't say.
pub(super) fn free_bytes(file: &File) -> u64 {
    // SAFETY: all zeros is a valid `statvfs`.
    let mut about: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: the descriptor is open, and `about` is there to be written.
    match unsafe { libc::fstatvfs(file.as_raw_fd(), &raw mut about) } {
        #[allow(clippy::useless_conversion, reason = "on some systems the counts are shorter")]
        0 => u64::from(about.f_bavail).saturating_mul(about.f_frsize),
        _ => u64::MAX,
    }
}
