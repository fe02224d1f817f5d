//! What a test can't do here, said so that it is heard: `tests/zz_skipped.rs` counts and names every skip when the suite
//! ends.

use std::fs;
use std::path::Path;

/// Notes that this test, or a part of it, is skipped for want of `what` (one word: `go`, `chromium`), and why.
///
/// `MAPSCOPE_MAY_SKIP` lists the words that may be wanting, separated by spaces; where it is set, any other skip fails.
pub fn skip(what: &str, why: &str) {
    if let Ok(may) = std::env::var("MAPSCOPE_MAY_SKIP") {
        assert!(
            may.split_whitespace().any(|word| word == what),
            "skipped for want of {what}, which must be here: {why}"
        );
    }
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("main").replace("::", "_");
    let binary = std::env::current_exe().expect("a path");
    let binary = binary.file_stem().expect("a name").to_string_lossy().into_owned();
    let binary = binary.rsplit_once('-').map_or(&*binary, |(name, _)| name).to_owned();
    // Whoever runs the suite is the parent of each of its programs.
    let folder =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("skipped").join(std::os::unix::process::parent_id().to_string());
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join(format!("{what} {binary} {test}")), format!("{what}: {binary} {test}: {why}\n"))
        .expect("noted");
    println!("skipped: {why}");
}
