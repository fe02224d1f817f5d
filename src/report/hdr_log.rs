//! `cells/STEM/latency.hlog`: an HdrHistogram log, version 1.3, with one tagged line a kind and cause.

use std::fmt::Write as _;
use std::io;

use super::stems::stems;
use super::{Emit, Format};
use crate::record::metrics::Latencies;
use crate::record::{Cell, Results, Time};

pub(super) const FORMAT: Format = Format {
    name: "hdr-log",
    summary: "cells/*/latency.hlog: whole latency histograms by kind and cause; for the HdrHistogram tools",
    render,
};

fn render(results: &Results, emit: &mut Emit<'_>) -> io::Result<()> {
    for (cell, stem) in results.cells.iter().zip(stems(results)) {
        if let Some(time) = cell.time.as_ref().filter(|time| !time.histograms.is_empty()) {
            emit(&format!("cells/{stem}/latency.hlog"), log(cell, time)?.as_bytes())?;
        }
    }
    Ok(())
}

/// The histograms go into the log as they are recorded: the log's own encoding is the record's. One interval spans
/// all repetitions. Its maximum is in milliseconds, as HdrHistogram's own writer has it; the histograms are in
/// nanoseconds.
fn log(cell: &Cell, time: &Time) -> io::Result<String> {
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, format!("cell {}: damaged histogram", cell.id));
    let latencies = Latencies::of(cell).ok_or_else(damaged)?;
    let start_s = time.started_unix_ms as f64 / 1e3;
    let length_s = time.clocked_elapsed_ns.iter().sum::<u64>() as f64 / 1e9;
    let mut log = format!(
        "#[mapscope: {}]\n#[Latencies in nanoseconds, clock floor of {} ns included; Interval_Max in milliseconds]\n\
         #[Histogram log format version 1.3]\n\
         #[StartTime: {start_s:.3} (seconds since epoch)]\n#[BaseTime: {start_s:.3} (seconds since epoch)]\n\
         \"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
        cell.id, time.clock_floor_ns
    );
    for (recorded, (kind, cause, decoded)) in time.histograms.iter().zip(latencies.all()) {
        let max_ms = decoded.max() as f64 / 1e6;
        let _ = writeln!(
            log,
            "Tag={}-{},0.000,{length_s:.3},{max_ms:.6},{}",
            kind.name(),
            cause.name(),
            recorded.hdr_v2_deflate_base64
        );
    }
    Ok(log)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use hdrhistogram::Histogram;
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    use super::*;
    use crate::record::metrics::fixture;

    #[test]
    fn a_reader_of_logs_finds_every_histogram_again() {
        let results = fixture::results();
        let cell = &results.cells[0];
        let log = log(cell, cell.time.as_ref().unwrap()).unwrap();
        let mut tags = Vec::new();
        for entry in IntervalLogIterator::new(log.as_bytes()) {
            match entry.unwrap() {
                LogEntry::StartTime(start) => assert_eq!(start.as_millis(), 1_750_000_000_250),
                LogEntry::BaseTime(base) => assert_eq!(base.as_millis(), 1_750_000_000_250),
                LogEntry::Interval(interval) => {
                    let bytes = base64::prelude::BASE64_STANDARD.decode(interval.encoded_histogram()).unwrap();
                    let histogram: Histogram<u64> = Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap();
                    assert_eq!(interval.max(), histogram.max() as f64 / 1e6);
                    assert_eq!(interval.start_timestamp().as_nanos(), 0);
                    tags.push((interval.tag().unwrap().as_str().to_owned(), histogram.len()));
                }
            }
        }
        let expected = [("insert-steady", 1_896_594), ("insert-grow", 54), ("overwrite-steady", 1_103_406)];
        assert_eq!(tags, expected.map(|(tag, count)| (tag.to_owned(), count)));
    }

    #[test]
    fn a_damaged_histogram_is_an_error_that_names_the_cell() {
        let mut cell = fixture::results().cells.swap_remove(0);
        cell.time.as_mut().unwrap().histograms[0].hdr_v2_deflate_base64.truncate(9);
        let error = log(&cell, cell.time.as_ref().unwrap()).unwrap_err();
        assert!(error.to_string().starts_with("cell go-classic uniform fill load_factor=6.5"), "{error}");
    }
}
