//! The times of traces' rows: where each format has them, and when its operations arrive.

use std::path::Path;

use mapscope::plan::{Reading, TraceSpec};
use mapscope_trace::read::FORMATS;

use super::*;

fn stamped(path: &Path, columns: &str) -> WorkloadSpec {
    let reading = Reading { columns: columns.to_owned(), stamps: true, ..Reading::default() };
    WorkloadSpec { source: Source::Trace(TraceSpec { path: path.to_owned(), reading }), ..traced(path) }
}

fn gaps_ns(path: &Path, columns: &str) -> Result<Vec<u64>, String> {
    let workload = Workload::open(&stamped(path, columns)).map_err(|error| error.to_string())?;
    Ok(workload.arrivals().expect("a copy").expect("times").gaps_ns)
}

fn of_text(text: &str, columns: &str) -> Result<Vec<u64>, String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    gaps_ns(file.path(), columns).map_err(|error| error.replace(&*file.path().to_string_lossy(), "t"))
}

#[test]
fn each_format_has_the_times_that_it_is_documented_with() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/traces");
    for (name, gaps) in [
        ("libcachesim-csv.csv", &[500_000_000, 500_000_000][..]),
        ("twitter.csv", &[500_000_000, 1_500_000_000]),
        ("msr.csv", &[1_332_052_600, 2_000_000_000]),
        ("redis-monitor.log", &[6_085_987_000, 500, 2_857_507_500, 1_181_161_000]),
        ("oracle-general.bin", &[500_000_000, 1_500_000_000]),
        ("vscsi.bin", &[333, 333]),
    ] {
        assert_eq!(gaps_ns(&folder.join(name), ""), Ok(gaps.to_vec()), "{name}");
        let stem = name.split('.').next().unwrap();
        assert!(FORMATS.iter().any(|format| format.name == stem && format.has_times), "{name}");
        // They are no part of what is done, nor of the trace's name.
        let (with, without) = (open(&stamped(&folder.join(name), "")), open(&traced(folder.join(name))));
        assert_eq!(all(&with), all(&without));
        assert_eq!(with.keys_label(), without.keys_label());
        assert!(without.arrivals().unwrap().is_none());
    }
    let newer = "op_time,key,op,size,op_count\n7,a,GET,1,2\n8,b,SET,1,1\n";
    assert_eq!(of_text(newer, ""), Ok(vec![500_000_000, 500_000_000]), "cachebench");
    for format in FORMATS.iter().filter(|format| !format.has_times && !format.has_columns) {
        let mut files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let file = files.find(|file| file.file_stem().is_some_and(|stem| stem == format.name)).expect(format.name);
        let error = gaps_ns(&file, "").unwrap_err();
        let expected =
            format!(": {} has no times, which --pace trace goes by; formats that have: redis-monitor, ", format.name);
        assert!(error.contains(&expected), "{error}");
    }
}

#[test]
fn columns_of_times_are_called_after_what_they_count() {
    for (text, columns, gaps) in [
        ("op,key,Time_S\nput,1,1.5\nput,2,1.75\n", "", 250_000_000),
        ("key;time_ms\n1;15\n2;17.5\n", "", 2_500_000),
        ("time_us\tkey\n0\t1\n7\t2\n", "", 7_000),
        ("key,time_ns\n1,18446744073709551614\n2,18446744073709551615\n", "", 1),
        ("k,at\n1,3\n2,5\n", "key=k,time_ms=at", 2_000_000),
        ("1 3\n2 5\n", "key=1,time_s=2", 2_000_000_000),
    ] {
        assert_eq!(of_text(text, columns), Ok(vec![gaps]), "{text}");
    }
    let none = "t: has no column of times (time_s, time_ms, time_us, time_ns), which --pace trace goes by: name it with its \
                unit, as --columns 'key=NAME,op=NAME,time_ms=NAME'";
    assert_eq!(of_text("op,key,time\nput,1,5\n", ""), Err(none.to_owned()), "nobody knows its unit");
    let bad = "t:3: no time that can be read, which --pace trace goes by; expected a number as of time_s: digits, maybe a \
               point and more, down to nanoseconds, and at most 2^64 of these";
    for time in ["", "-1", "1e3", "12:00", "1.0000000001", "18446744074"] {
        let text = format!("op,key,time_s\nput,1,5\nput,2,{time}\n");
        assert_eq!(of_text(&text, ""), Err(bad.to_owned()), "{time}");
        // Where nobody asks for them they may be anything.
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &text).unwrap();
        assert_eq!(brief(&all(&open(&traced(file.path())))), "P1 P2");
    }
    let twice = of_text("key,time_s,time_ms\n1,2,3\n", "");
    assert_eq!(twice, Err("t:1: two columns could be the time: say which one, with --columns".to_owned()));
    assert_eq!(of_text("key,time_s,time_ms\n1,2,3\n2,3,9\n", "key=key,time_ms=time_ms"), Ok(vec![6_000_000]));
    let file = tempfile::NamedTempFile::new().unwrap();
    for header in ["key,time_s,time_ms", "time_s,key,Time_S", "time,obj,time"] {
        std::fs::write(file.path(), format!("{header}\n1,1,1\n2,2,2\n")).unwrap();
        assert_eq!(brief(&all(&open(&traced(file.path())))), "P1 P2", "{header}");
    }
}

#[test]
fn what_is_made_of_times_is_said() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let told = |text: &str| {
        std::fs::write(file.path(), text).unwrap();
        let told = open(&stamped(file.path(), "")).told();
        told.map(|told| told.replace(&*file.path().to_string_lossy(), "t")).unwrap()
    };
    let each = "t: times count 1 us, and there are 2 different ones, each of one operation";
    assert_eq!(told("op,key,time_us\nput,1,5\nput,2,6\n"), each);
    assert_eq!(
        told("key,time_s\n1,5.00\n1,5.00\n1,4\n1,9.5\n1,8\n1,9.5\n"),
        "t: read as csv: without a column op each row is a request of its key; a request is a put (--trace-op get-or-insert: a \
         get, and a put where that misses); times count 10 ms, and there are 2 different ones; operations of one (at most 3) come \
         evenly within it; 2 operations with an earlier time than one before them come with that"
    );
}

#[test]
fn times_of_parquet_count_what_their_type_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/parquet");
    if !cfg!(feature = "parquet") {
        return;
    }
    for (columns, expected) in [
        ("key=key,time_s=ms", 1_500_000_000),
        ("key=key,time_s=us", 1_500_000_000),
        ("key=key,time_ms=plain", 2_000_000),
    ] {
        assert_eq!(gaps_ns(&folder.join("times.parquet"), columns), Ok(vec![expected]), "{columns}");
    }
    let days = gaps_ns(&folder.join("times.parquet"), "key=key,time_s=day").unwrap_err();
    assert!(days.ends_with("times.parquet: `day` is a column of days; expected times"), "{days}");
}
