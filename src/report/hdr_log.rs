//! HdrHistogram logs, version 1.3: one interval for each kind and cause of operation, tagged `insert.grow`. The
//! histogram is the record's, bit for bit.

use std::fmt::Write as _;
use std::io;

use super::{Emit, Format};
use crate::record::metrics::latency::decode;
use crate::record::{Cell, LatencyHistogram, Results, Time};

pub(super) const FORMAT: Format = Format {
    name: "hdr-log",
    summary: "cells/*/latency.hlog: latencies by kind and cause, for HdrHistogram's log readers and plotters",
    always: true,
    render,
};

/// What the readers of logs expect an interval's maximum to be divided by: nanoseconds in, milliseconds shown.
const MAX_DIVISOR: f64 = 1e6;

fn render(results: &Results, emit: &mut Emit<'_>) -> io::Result<()> {
    for cell in &results.cells {
        if let Some(time) = cell.time.as_ref().filter(|time| !time.histograms.is_empty()) {
            emit(&format!("cells/{}/latency.hlog", cell.id.file_stem()), log(results, cell, time).as_bytes())?;
        }
    }
    Ok(())
}

fn log(results: &Results, cell: &Cell, time: &Time) -> String {
    let started_s = format!("{}.{:03}", time.started_unix_ms / 1000, time.started_unix_ms % 1000);
    let cell_id = cell.id.to_string().replace(char::is_control, " ");
    let mut log = format!(
        "#[mapscope {}: {cell_id}]\n\
         #[Values in nanoseconds; reading the clock, {:.3} of them, is included]\n\
         #[Histogram log format version 1.3]\n\
         #[StartTime: {started_s} (seconds since epoch)]\n\
         #[BaseTime: {started_s} (seconds since epoch)]\n\
         \"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
        results.mapscope, time.clock_floor_ns,
    );
    // Kinds and causes alternate throughout the repetitions, so every interval is all of it.
    let length_s = time.clocked_elapsed_ns.iter().map(|&ns| ns as f64).sum::<f64>() / 1e9;
    for histogram in &time.histograms {
        let Some(max_ns) = decode(histogram).map(|decoded| decoded.max()) else { continue };
        let LatencyHistogram { kind, cause, hdr_v2_deflate_base64, .. } = histogram;
        let (kind, cause, max_ms) = (kind.name(), cause.name(), max_ns as f64 / MAX_DIVISOR);
        let _ = writeln!(log, "Tag={kind}.{cause},0.000,{length_s:.3},{max_ms:.6},{hdr_v2_deflate_base64}");
    }
    log
}
