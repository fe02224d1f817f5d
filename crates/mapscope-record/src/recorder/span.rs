//! A growth as a span of OpenTelemetry's.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::SystemTime;

use opentelemetry::trace::{Span as _, Tracer as _};
use opentelemetry::{KeyValue, global};

use super::file::File;
use super::read::Reader;

thread_local! {
    /// What takes spans may have maps that are recorded, and that grow.
    static IS_AT_ONE: Cell<bool> = const { Cell::new(false) };
}

/// A map of this place and type has moved so many entries to a table of so many bytes since then. The span is a child of
/// what this thread is at.
#[cold]
pub(super) fn grew(place: u32, ty: u32, bytes: u64, moved: usize, since: SystemTime) {
    let ended = SystemTime::now();
    let Some(file) = File::of_process().filter(|_| !IS_AT_ONE.replace(true)) else { return };
    // What takes spans is the program's own, and may panic: the write that made the map grow must not.
    let _ = catch_unwind(AssertUnwindSafe(|| span(Reader::new(file), place, ty, bytes, moved, [since, ended])));
    IS_AT_ONE.set(false);
}

fn span(from: Reader, place: u32, ty: u32, bytes: u64, moved: usize, [since, ended]: [SystemTime; 2]) {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let attributes = [
        KeyValue::new("place", from.line_of(place)),
        KeyValue::new("type", from.type_name(ty)),
        KeyValue::new("held_bytes", number(bytes)),
        KeyValue::new("moved_entries", number(moved as u64)),
    ];
    let tracer = global::tracer("mapscope");
    let span = tracer.span_builder("map growth").with_start_time(since).with_attributes(attributes);
    span.start(&tracer).end_with_timestamp(ended);
}
