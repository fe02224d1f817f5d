//! Valgrind's viewer of DHAT's files, in Chromium.
//!
//! `MAPSCOPE_DH_VIEW` names a `dh_view.html` that is not where distributions put it, `MAPSCOPE_CHROMIUM` a browser that
//! is not on the PATH.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mapscope::record::{Frame, Profile, Results};
use serde_json::{Value, json};

use super::browser::{self, Page};
use super::skip::skip;
use super::{page, results, write};

fn viewer() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("MAPSCOPE_DH_VIEW") {
        return Some(named.into());
    }
    const FOLDERS: [&str; 4] = ["/usr/libexec", "/usr/lib", "/usr/lib/x86_64-linux-gnu", "/usr/local/libexec"];
    FOLDERS.iter().map(|folder| Path::new(folder).join("valgrind/dh_view.html")).find(|file| file.is_file())
}

/// The record, with a stack that is the beginning of another one, an empty one, and two whose frames look alike.
fn awkward() -> Results {
    let mut results = results();
    let profile = results.cells[0].profile.as_mut().expect("profiled");
    let twin = profile.frames.len() as u32;
    profile.frames.push(profile.frames[3].clone());
    let mut of = |stack: &[u32], alloc_bytes| {
        let mut more = profile.alloc[0].clone();
        (more.stack, more.alloc_bytes) = (stack.to_vec(), alloc_bytes);
        profile.alloc.push(more);
    };
    of(&[4], 7);
    of(&[], 11);
    of(&[0, 1, 2, twin, 4], 13);
    results
}

/// How the viewer shows a frame.
fn shown(frame: &Frame) -> String {
    let start = frame.function.rsplit("::").next().expect("a name");
    match (&frame.file, frame.line) {
        (Some(file), Some(line)) => format!("{start} ({file}:{line})"),
        _ => start.to_owned(),
    }
}

/// Bytes and blocks of each distinct call stack, leaf first.
type Points = BTreeMap<Vec<String>, (u64, u64)>;

fn points<'a>(profile: &Profile, stacks: impl Iterator<Item = (&'a [u32], u64, u64)>) -> Points {
    let mut points = Points::new();
    for (stack, bytes, blocks) in stacks {
        let frames = stack.iter().rev().map(|&frame| shown(&profile.frames[frame as usize])).collect();
        let sum = points.entry(frames).or_default();
        *sum = (sum.0 + bytes, sum.1 + blocks);
    }
    points
}

/// The leaves of the viewer's tree: its path's frames, bytes, blocks.
const LEAVES: &str = "(() => {
    const leaves = [];
    const walk = (node, path) => {
        const frames = [...path, ...node._frames];
        if (node._kids) node._kids.forEach((kid) => walk(kid, frames));
        else leaves.push([frames.map((frame) => gData.ftbl[frame]), node._totalBytes, node._totalBlocks]);
    };
    walk(gRoot, []);
    return leaves;
})()";

fn opened(page: &mut Page, viewer: &Path, file: &Path) -> Points {
    page.call("Page.navigate", json!({ "url": format!("file://{}", viewer.display()) }));
    page::wait_for(page, "typeof gInput === 'object' && Boolean(gInput)");
    page::choose_file(page, "input[type=file]", file);
    page::wait_for(page, "/^Invocation|rror/.test(gMainDiv.innerText)");
    let leaves = page.evaluate(LEAVES);
    let leaves = leaves.as_array().expect("leaves").iter().map(|leaf| {
        let frames = leaf[0].as_array().expect("frames");
        assert_eq!(frames[0], "[root]");
        // The crate and type in front are the short names' matter.
        let bare = |frame: &Value| {
            let frame = frame.as_str().expect("a frame");
            let (name, place) = frame.split_once(" (").map_or((frame, String::new()), |(a, b)| (a, format!(" ({b}")));
            name.rsplit("::").next().expect("a name").to_owned() + &place
        };
        let frames: Vec<String> = frames[1..].iter().map(bare).collect();
        (frames, (leaf[1].as_u64().expect("bytes"), leaf[2].as_u64().expect("blocks")))
    });
    leaves.collect()
}

#[test]
fn the_viewer_shows_the_record() {
    let Some(chromium) = browser::find() else {
        return skip("chromium", "no chromium on PATH, and MAPSCOPE_CHROMIUM is not set");
    };
    let Some(viewer) = viewer() else {
        return skip("dh_view", "no dh_view.html of Valgrind's, and MAPSCOPE_DH_VIEW is not set");
    };
    let mut page = Page::new(&chromium);
    for results in [results(), awkward()] {
        let folder = tempfile::tempdir().expect("a folder");
        let files = write("dhat", &results, folder.path());
        let cell = &results.cells[0];
        let of = |name: &str| format!("cells/{}/dhat.{name}.json", cell.id.file_stem());
        assert_eq!(files, [of("heap"), of("copy")]);
        let profile = cell.profile.as_ref().expect("profiled");
        let heap = points(profile, profile.alloc.iter().map(|x| (&*x.stack, x.alloc_bytes, x.alloc_count)));
        let copy = points(profile, profile.copy.iter().map(|x| (&*x.stack, x.moved_bytes, x.moved_entries)));
        for (name, verb, unit, expected) in [("heap", "Allocated", "blocks", heap), ("copy", "Copied", "entries", copy)]
        {
            let shown = opened(&mut page, &viewer, &folder.path().join(of(name)));
            assert_eq!(shown, expected, "{name}");
            let (bytes, blocks) = expected.values().fold((0, 0), |sum, x| (sum.0 + x.0, sum.1 + x.1));
            let text = page.evaluate("gMainDiv.innerText");
            let text = text.as_str().expect("text");
            // The numbers as this browser writes them.
            let line = format!("`Total:     ${{bytesAndPercAndRate({bytes}, {bytes})}} in`");
            let line = page.evaluate(&line);
            assert!(text.contains(line.as_str().expect("text")), "{name}: {line} is not in\n{text}");
            let rate = page.evaluate(&format!("kDFormat.format({} / {} * 1e6)", bytes, cell.id.ops));
            assert!(text.contains(&format!("{}/Mop", rate.as_str().expect("text"))), "{name}: {rate}\n{text}");
            let line = page.evaluate(&format!("kDFormat.format({blocks})"));
            assert!(text.contains(&format!(" in {} {unit} (100%", line.as_str().expect("text"))), "{name}: {text}");
            assert_eq!(text.matches(" at {").count(), text.matches(&format!("{verb} at {{")).count(), "{name}: {text}");
            assert!(text.contains(&format!("Command: {}\n", cell.id)), "{name}: {text}");
        }
    }
    assert_eq!(page.complaints, Vec::<String>::new());
}
