//! Pinning the time pass to one processor, so that its cycle counter and caches stay the same.

/// Pins this process to the last processor that it may use (interrupts tend to land on the first); `None` where the
/// system doesn't allow it.
pub(super) fn to_last_processor() -> Option<usize> {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: `cpu_set_t` is a plain bit set for which all zeroes is a valid value, both calls get its true size,
        // and `CPU_ISSET`/`CPU_SET` are given indices below `CPU_SETSIZE`.
        unsafe {
            let size = size_of::<libc::cpu_set_t>();
            let mut allowed: libc::cpu_set_t = std::mem::zeroed();
            if libc::sched_getaffinity(0, size, &mut allowed) != 0 {
                return None;
            }
            let last = (0..libc::CPU_SETSIZE as usize).rev().find(|&cpu| libc::CPU_ISSET(cpu, &allowed))?;
            let mut only: libc::cpu_set_t = std::mem::zeroed();
            libc::CPU_SET(last, &mut only);
            (libc::sched_setaffinity(0, size, &only) == 0).then_some(last)
        }
    }
    #[cfg(not(target_os = "linux"))]
    None
}
