//! When an operation began that may replace a table by a larger one: a span of it has that time.
//!
//! Without the feature `opentelemetry` it is nothing. With it, a write to a full map reads the clock once spans are wanted.

#[cfg(feature = "opentelemetry")]
use std::{sync::atomic::AtomicU64, sync::atomic::Ordering::Relaxed, time::SystemTime};

/// Bytes of a table from which on its growth is a span.
#[cfg(feature = "opentelemetry")]
static BYTES_MIN: AtomicU64 = AtomicU64::new(u64::MAX);

/// A moment, if it is wanted.
#[derive(Clone, Copy)]
pub(crate) struct Since(#[cfg(feature = "opentelemetry")] Option<SystemTime>);

#[cfg(not(feature = "opentelemetry"))]
impl Since {
    pub(crate) const NEVER: Since = Since();

    #[inline]
    pub(crate) fn now() -> Since {
        Since()
    }

    #[inline]
    pub(super) fn grew(self, _place: u32, _ty: u32, _bytes: u64, _moved: usize) {}
}

#[cfg(feature = "opentelemetry")]
impl Since {
    pub(crate) const NEVER: Since = Since(None);

    #[inline]
    pub(crate) fn now() -> Since {
        Since((BYTES_MIN.load(Relaxed) < u64::MAX).then(SystemTime::now))
    }

    /// A map of this place and type has moved so many entries to a table of so many bytes.
    pub(super) fn grew(self, place: u32, ty: u32, bytes: u64, moved: usize) {
        if let Some(since) = self.0.filter(|_| bytes >= BYTES_MIN.load(Relaxed)) {
            super::span::grew(place, ty, bytes, moved, since);
        }
    }
}

/// Growths to so many bytes are spans from now on.
#[cfg(feature = "opentelemetry")]
pub(crate) fn want_spans(bytes_min: u64) {
    BYTES_MIN.store(bytes_min, Relaxed);
}
