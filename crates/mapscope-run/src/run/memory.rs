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

/// Makes this process's allocations beyond the limit fail, which ends it with a message that the parent knows. A lower one
/// that it has already stays.
pub(super) fn limit(bytes: u64) {
    let mut limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
    // SAFETY: `limit` is a valid `rlimit`. A failure leaves it, and the process without another limit, as they were.
    unsafe {
        libc::getrlimit(libc::RLIMIT_DATA, &raw mut limit);
        limit = libc::rlimit { rlim_cur: limit.rlim_cur.min(bytes), rlim_max: limit.rlim_max.min(bytes) };
        libc::setrlimit(libc::RLIMIT_DATA, &raw const limit);
    }
}

/// Makes what aborts this process, an allocation that failed above all, an error in words. The standard library has said
/// before what it is.
pub(super) fn end_in_words() {
    extern "C" fn end(_: libc::c_int) {
        const WORDS: &[u8] = b"error: the map can't go on, as said above\n";
        const BAD_INPUT: libc::c_int = 2;
        // SAFETY: both may be called by whoever handles a signal, and `WORDS` is as long as it is said to be.
        unsafe {
            libc::write(libc::STDERR_FILENO, WORDS.as_ptr().cast(), WORDS.len());
            libc::_exit(BAD_INPUT);
        }
    }
    // SAFETY: `end` does nothing that a handler of signals may not do.
    unsafe {
        libc::signal(libc::SIGABRT, end as extern "C" fn(libc::c_int) as libc::sighandler_t);
    }
}
