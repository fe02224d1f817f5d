//! Growths of maps as spans of OpenTelemetry's, so that a slow request shows the growth that made it slow.
//!
//! ```
//! // Once the program has its `TracerProvider`: tables that grow to a mebibyte or more, of maps that are recorded.
//! mapscope_record::spans::of_growths(1 << 20);
//! ```
//!
//! A span is called `map growth` and has the attributes `place`, `type`, `held_bytes` and `moved_entries`. Its parent is
//! the span that is active on the thread whose write the map grew by (`opentelemetry::Context::current()`). It begins with
//! the write, and ends when the entries are in their new table. It goes where the global tracer sends it. Maps record under
//! `mapscope record`, or once `mapscope_record::live::serve` was called.
//!
//! The span is started and ended on that thread, within the write. So what takes spans must not hold a lock of its own while it
//! writes to a recorded map: it would wait for itself. Give span processors and exporters maps of the real kind.

/// Has each growth of a table to so many bytes or more be a span, from now on; `u64::MAX` for none.
pub fn of_growths(bytes_min: u64) {
    crate::recorder::want_spans(bytes_min);
}
