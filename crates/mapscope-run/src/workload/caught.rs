//! Code of others that may panic, though it should not.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    /// What the last panic that was caught said, and where.
    static SAID: Cell<Option<String>> = const { Cell::new(None) };
}

/// Does the work; of a panic what it said, and where. What panicked is in no state to be used again.
///
/// The first call takes the process's panic hook over: it keeps what is said in such work, and passes everything else on to
/// the hook that was there.
///
/// # Errors
///
/// A panic.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !CATCHING.get() {
                return others(info);
            }
            let said = info.payload_as_str().unwrap_or("without a word");
            let place = info.location().map(|place| format!(" (at {place})")).unwrap_or_default();
            SAID.set(Some(format!("{said}{place}")));
        }));
    });
    CATCHING.set(true);
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    CATCHING.set(false);
    done.map_err(|_| SAID.take().unwrap_or_default())
}
