//! What is recorded from now on: a word of the file, which mapscope and this program may change while it runs.

use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering::Acquire, Ordering::Relaxed, Ordering::Release};
use std::time::{SystemTime, UNIX_EPOCH};

/// N where one map of N is recorded, 0 where none is, and the number of the period that this began.
#[derive(Clone, Copy)]
pub(super) struct Control {
    pub(super) one_of: u32,
    pub(super) period: u32,
}

impl Control {
    pub(super) fn load(word: &AtomicU64) -> Control {
        let word = word.load(Acquire);
        Control { one_of: word as u32, period: (word >> 32) as u32 }
    }

    pub(super) fn store(self, word: &AtomicU64) {
        word.store(u64::from(self.period) << 32 | u64::from(self.one_of), Release);
    }
}

/// The word of this process' file; null where it has none.
static WORD: AtomicPtr<AtomicU64> = AtomicPtr::new(ptr::null_mut());

/// The word is of a file that stays mapped.
pub(super) fn publish(word: &AtomicU64) {
    WORD.store(ptr::from_ref(word).cast_mut(), Release);
}

/// Whether recording was switched off: asked for each operation of a map that is recorded.
#[inline]
pub(super) fn is_off() -> bool {
    // SAFETY: it is null, or the word of a file that stays mapped.
    unsafe { WORD.load(Acquire).as_ref() }.is_some_and(|word| word.load(Relaxed) as u32 == 0)
}

/// A period, as files have it: when it began, and N.
pub(super) fn period(one_of: u32) -> [AtomicU64; 2] {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let rest = u64::from(one_of) << 32 | u64::from(since.subsec_nanos());
    [AtomicU64::new(since.as_secs()), AtomicU64::new(rest)]
}
