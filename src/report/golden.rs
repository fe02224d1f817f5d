//! Whole reports against files in `tests/golden/`. `MAPSCOPE_BLESS=1 cargo test` writes them anew; look at the
//! difference before it is committed.

use std::fs;
use std::path::{Path, PathBuf};

use super::{FORMATS, table};
use crate::record::Results;
use crate::record::metrics::fixture;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// A missing golden fails as a differing one does.
#[track_caller]
fn assert_golden(name: &str, actual: &str) {
    let path = golden(name);
    if std::env::var_os("MAPSCOPE_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        return fs::write(path, actual).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let differing = expected.lines().zip(actual.lines()).position(|(a, b)| a != b);
    assert!(
        expected == actual,
        "{} differs from line {} on; MAPSCOPE_BLESS=1 accepts what is now:\n{actual}",
        path.display(),
        differing.unwrap_or(expected.lines().count().min(actual.lines().count())) + 1
    );
}

/// Everything a format writes, by path.
fn rendered(results: &Results, format: &str) -> Vec<(String, Vec<u8>)> {
    let format = FORMATS.iter().find(|known| known.name == format).expect(format);
    let mut files = Vec::new();
    (format.render)(results, &mut |path, bytes| {
        files.push((path.to_owned(), bytes.to_vec()));
        Ok(())
    })
    .unwrap();
    files
}

#[test]
fn text_formats() {
    for format in ["json", "csv", "md", "flame", "folded", "hdr-log"] {
        for (path, bytes) in rendered(&fixture::results(), format) {
            // The logs of all cells look alike; that of the one cell with a profile stands for them.
            if format != "hdr-log" || path.starts_with("cells/std_uniform") {
                assert_golden(&path, &String::from_utf8(bytes).unwrap());
            }
        }
    }
}

#[test]
fn terminal_table() {
    for width in [80, 100, 120, 200] {
        assert_golden(&format!("summary-{width}.txt"), &table::summary(&fixture::results(), width, false));
    }
}

#[test]
fn no_golden_is_left_over() {
    if std::env::var_os("MAPSCOPE_BLESS").is_some() {
        return;
    }
    let mut known: Vec<PathBuf> = [80, 100, 120, 200].map(|width| golden(&format!("summary-{width}.txt"))).into();
    known.extend(
        FORMATS.iter().flat_map(|format| rendered(&fixture::results(), format.name)).map(|(path, _)| golden(&path)),
    );
    let mut folders = vec![golden("")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => assert!(known.contains(&path), "{} is no report's", path.display()),
            }
        }
    }
}

#[test]
fn the_same_record_gives_the_same_bytes() {
    for format in FORMATS {
        assert_eq!(rendered(&fixture::results(), format.name), rendered(&fixture::results(), format.name));
    }
}

#[test]
fn formats_are_unique_documented_and_never_write_one_path_twice() {
    let mut paths = std::collections::BTreeSet::new();
    let mut names = std::collections::BTreeSet::new();
    for format in FORMATS {
        assert!(names.insert(format.name), "{} is registered twice", format.name);
        assert!(format.summary.contains(": "), "{}: say what it writes, and who reads it", format.name);
        let files = rendered(&fixture::results(), format.name);
        assert!(!files.is_empty(), "{} writes nothing", format.name);
        for (path, _) in files {
            assert!(paths.insert(path.clone()), "{path} is written twice");
        }
    }
}

#[test]
fn an_empty_record_is_no_error() {
    let empty = Results { cells: vec![], environments: vec![], ..fixture::results() };
    for (format, files) in
        [("json", 1), ("csv", 1), ("md", 1), ("flame", 0), ("folded", 0), ("pprof", 0), ("hdr-log", 0)]
    {
        assert_eq!(rendered(&empty, format).len(), files, "{format}");
    }
}
