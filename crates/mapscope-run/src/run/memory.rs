//! How much memory there is, and how much of it a cell's process may use.

/// The machine's physical memory in bytes; `u64::MAX` where the system doesn't say.
pub(super) fn physical_bytes() -> u64 {
    // SAFETY: `sysconf` only reads.
    let (pages, page_bytes) = unsafe { (libc::sysconf(libc::_SC_PHYS_PAGES), libc::sysconf(libc::_SC_PAGESIZE)) };
    u64::try_from(pages).ok().zip(u64::try_from(page_bytes).ok()).map_or(u64::MAX, |(n, each)| n.saturating_mul(each))
}

/// The memory that is free now.
pub(super) fn available_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let available = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let available_kib = available.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    available_kib.map_or_else(physical_bytes, |kib| kib.saturating_mul(1024))
}

/// Makes this process's allocations beyond the limit fail, which ends it with a message that the parent knows.
pub(super) fn limit(bytes: u64) {
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
    // SAFETY: `limit` is a valid `rlimit`. A failure leaves the process without a limit, as it was.
    unsafe {
        libc::setrlimit(libc::RLIMIT_DATA, &limit);
    }
}
