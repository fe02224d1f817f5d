//! Pinning the time pass to processors, so that cycle counters and caches stay the same.

/// Pins this process to the last processor that it may use (interrupts tend to land on the first); `None` where the
/// system doesn't allow it.
pub(super) fn to_last_processor() -> Option<usize> {
    allowed().last().copied().filter(|&processor| pin(processor))
}

/// Pins the thread number `thread` of `threads` to a processor that is no other's, the last for the first; `None` where there
/// are too few, or the system doesn't allow it.
pub(super) fn to_own_processor(thread: usize, threads: u32) -> Option<usize> {
    let allowed = allowed();
    if allowed.len() < threads as usize {
        return None;
    }
    allowed.into_iter().rev().nth(thread).filter(|&processor| pin(processor))
}

/// The processors that this thread may use.
#[cfg(target_os = "linux")]
fn allowed() -> Vec<usize> {
    // SAFETY: `cpu_set_t` is a plain bit set for which all zeroes is a valid value, the call gets its true size, and
    // `CPU_ISSET` is given indices below `CPU_SETSIZE`.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        if libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &mut set) != 0 {
            return Vec::new();
        }
        (0..libc::CPU_SETSIZE as usize).filter(|&processor| libc::CPU_ISSET(processor, &set)).collect()
    }
}

#[cfg(target_os = "linux")]
fn pin(processor: usize) -> bool {
    // SAFETY: as above; the index came from `allowed`.
    unsafe {
        let mut only: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(processor, &mut only);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &only) == 0
    }
}

#[cfg(not(target_os = "linux"))]
fn allowed() -> Vec<usize> {
    Vec::new()
}

#[cfg(not(target_os = "linux"))]
fn pin(_: usize) -> bool {
    false
}
