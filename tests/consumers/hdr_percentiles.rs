//! Percentile distributions held against those of HdrHistogram for Java, line by line, and of its Python port.
//!
//! `MAPSCOPE_HDRHISTOGRAM_JAR` names a jar that is not where Debian's `libhdrhistogram-java` puts it.

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer as _, V2DeflateSerializer};
use mapscope::record::{Cause, Cell, LatencyHistogram, OpKind, Results};

use super::skip::skip;
use super::{python, results, write};

const BOUNDS_NS: (u64, u64) = (1, 3_600_000_000_000);

fn histogram(kind: OpKind, cause: Cause, latencies: impl Iterator<Item = (u64, u64)>) -> LatencyHistogram {
    let mut histogram = Histogram::<u64>::new_with_bounds(BOUNDS_NS.0, BOUNDS_NS.1, 3).unwrap();
    latencies.for_each(|(ns, count)| histogram.record_n(ns, count).unwrap());
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(&histogram, &mut bytes).unwrap();
    LatencyHistogram { kind, cause, count: histogram.len(), hdr_v2_deflate_base64: BASE64_STANDARD.encode(bytes) }
}

/// The record, with distributions of extreme shapes in its first cell: one value, few operations, so many that the tail
/// has thirty halvings, and exact tenths.
fn extreme() -> Results {
    let mut results = results();
    let time = results.cells[0].time.as_mut().expect("timed");
    let tail = (0..40).map(|n| (20 + n * n * 31_337, 3_000_000_000 >> n)).filter(|&(_, count)| count > 0);
    let wide = (0..100_000).map(|n: u64| (n * n % 9_999_991 + 1, n % 3 + 1));
    time.histograms.extend([
        histogram(OpKind::Overwrite, Cause::Steady, [(7, 1)].into_iter()),
        histogram(OpKind::Remove, Cause::Steady, tail),
        histogram(OpKind::Remove, Cause::Move, wide),
        histogram(OpKind::Get, Cause::Steady, (1..=10).map(|n| (n * 1000, 1))),
    ]);
    results
}

/// What the files of a cell are called after, in their order.
fn names(cell: &Cell) -> Vec<String> {
    let histograms = || cell.time.iter().flat_map(|time| &time.histograms);
    let mut names = Vec::new();
    for kind in OpKind::ALL {
        let causes: Vec<_> = histograms().filter(|histogram| histogram.kind == kind).collect();
        names.extend(causes.iter().map(|histogram| format!("{}.{}", kind.name(), histogram.cause.name())));
        names.extend((!causes.is_empty()).then(|| kind.name().to_owned()));
    }
    names
}

fn jar() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("MAPSCOPE_HDRHISTOGRAM_JAR") {
        return Some(named.into());
    }
    let known = PathBuf::from("/usr/share/java/hdrhistogram.jar");
    known.is_file().then_some(known)
}

/// What Java's `HistogramLogProcessor` prints.
fn processor(jar: &Path, args: &[&str]) -> String {
    let mut command = Command::new("java");
    // Without the files in /tmp named by the process, about which it complains when another container has the same.
    command.args(["-XX:-UsePerfData", "-cp"]).arg(jar).arg("org.HdrHistogram.HistogramLogProcessor").args(args);
    let output = command.output().expect("java runs");
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn java_writes_the_same_from_the_log() {
    let Some(jar) = jar() else {
        return skip("hdrhistogram", "no hdrhistogram.jar, and MAPSCOPE_HDRHISTOGRAM_JAR is not set");
    };
    if Command::new("java").arg("-version").output().is_err() {
        return skip("java", "no java on PATH");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let results = extreme();
    let cell = &results.cells[0];
    let logs = write("hdr-log", &results, folder.path());
    let files = write("hdr-percentiles", &results, folder.path());
    let of = |name: &str| format!("cells/{}/{name}.hgrm", cell.id.file_stem());
    assert_eq!(files, names(cell).iter().map(|name| of(name)).collect::<Vec<_>>());
    let log = std::fs::read_to_string(folder.path().join(&logs[0])).expect("the log");
    let tags = processor(&jar, &["-i", folder.path().join(&logs[0]).to_str().unwrap(), "-listtags"]);
    for name in names(cell) {
        assert_eq!(tags.lines().any(|tag| tag == name), name.contains('.'), "{tags}");
        // What has no tag is one histogram to Java: all intervals of the kind.
        let of_name = |line: &str| {
            let (tag, rest) = line.strip_prefix("Tag=")?.split_once(',')?;
            (tag == name || tag.split('.').next() == Some(&name)).then(|| rest.to_owned())
        };
        let kept = log.lines().filter(|line| !line.starts_with("Tag=")).map(str::to_owned);
        let lines: Vec<_> = kept.chain(log.lines().filter_map(of_name)).collect();
        let untagged = folder.path().join("untagged.hlog");
        std::fs::write(&untagged, lines.join("\n") + "\n").expect("written");
        let printed = processor(&jar, &["-i", untagged.to_str().unwrap(), "-outputValueUnitRatio", "1"]);
        let ours = std::fs::read_to_string(folder.path().join(of(&name))).expect("written");
        let java: Vec<_> = printed.lines().filter(|line| !line.starts_with("#[StartTime")).collect();
        let text: Vec<_> = ours.lines().collect();
        let differing = java.iter().zip(&text).find(|(java, ours)| java != ours);
        assert_eq!((java.len() + 2, differing), (text.len(), None), "{name}");
        assert!(text[text.len() - 2].ends_with(&format!("{}; {name}]", cell.id)), "{ours}");
        let counts = cell.time.iter().flat_map(|time| &time.histograms).filter(|histogram| {
            let kind = histogram.kind.name();
            name == kind || name == format!("{kind}.{}", histogram.cause.name())
        });
        let count = format!("Total count    = {:12}]", counts.map(|histogram| histogram.count).sum::<u64>());
        assert!(printed.contains(&count), "{count} is not in\n{printed}");
    }
    // By its tag, as one would do it by hand.
    let log = folder.path().join(&logs[0]);
    let printed = processor(&jar, &["-i", log.to_str().unwrap(), "-tag", "insert.grow", "-outputValueUnitRatio", "1"]);
    let ours = std::fs::read_to_string(folder.path().join(of("insert.grow"))).expect("written");
    assert!(ours.starts_with(printed.split_once('\n').expect("lines").1), "{ours}\n{printed}");
}

/// The port lets ticks shrink with each percentile instead of with each halving, so that its own text has other lines;
/// each of ours must be true of the histogram that it reads from the log.
#[test]
fn python_s_histograms_agree_with_every_line() {
    const SCRIPT: &str = "
import sys
from hdrh.log import HistogramLogReader
from hdrh.histogram import HdrHistogram

def sums(histogram):
    running, sums = 0, []
    for item in histogram.get_recorded_iterator():
        running += item.count_at_value_iterated_to
        sums.append((histogram.get_highest_equivalent_value(item.value_iterated_to), running))
    return sums

path = sys.argv[1]
reader = HistogramLogReader(path + '/latency.hlog', HdrHistogram(1, 2 ** 62, 3))
while True:
    histogram = reader.get_next_interval_histogram()
    if histogram is None:
        break
    total = histogram.get_total_count()
    before = {value: (count, below) for (value, count), (_, below) in zip(sums(histogram), [(0, 0)] + sums(histogram))}
    lines = open(f'{path}/{histogram.get_tag()}.hgrm').read().splitlines()
    checked = 0
    for line in lines[2:]:
        if line.startswith('#'):
            break
        value, fraction, count = line.split()[:3]
        assert before[int(float(value))][0] == int(count), line
        assert before[int(float(value))][1] <= float(fraction) * total * (1 + 1e-12) <= int(count) * (1 + 2e-12), line
        checked += 1
    assert (float(value), int(count)) == (histogram.get_max_value(), total), line
    mean, deviation = f'{histogram.get_mean_value():12.3f}', f'{histogram.get_stddev():12.3f}'
    assert lines[2 + checked] == f'#[Mean    = {mean}, StdDeviation   = {deviation}]', lines[2 + checked]
    buckets, parts = histogram.bucket_count, histogram.sub_bucket_count
    assert lines[4 + checked] == f'#[Buckets = {buckets:12}, SubBuckets     = {parts:12}]', lines[4 + checked]
    print(histogram.get_tag(), checked)
";
    let folder = tempfile::tempdir().expect("a folder");
    let results = extreme();
    write("hdr-log", &results, folder.path());
    write("hdr-percentiles", &results, folder.path());
    let path = format!("cells/{}", results.cells[0].id.file_stem());
    let Some(printed) = python::run(&["hdrh"], folder.path(), SCRIPT, &[&path]) else { return };
    let checked: Vec<_> = printed.lines().map(|line| line.split_once(' ').expect("a count")).collect();
    let tags = results.cells[0].time.as_ref().expect("timed").histograms.iter();
    let tags: Vec<_> = tags.map(|histogram| format!("{}.{}", histogram.kind.name(), histogram.cause.name())).collect();
    assert!(checked.iter().map(|(tag, _)| *tag).eq(tags.iter().map(String::as_str)), "{printed}");
    assert!(checked.iter().all(|(_, lines)| lines.parse::<u32>().expect("a number") >= 2), "{printed}");
}
