//! `diff.html` in Chromium: used by pointer and keyboard, on a phone, on paper.
//!
//! Skipped, with a word, where there is no Chromium: `MAPSCOPE_CHROMIUM` names one that is not on the PATH.

use mapscope::diff::write;
use mapscope::record::Profile;
use serde_json::json;

use super::compared;
use crate::gate::fixture::{record, timed};
use crate::html_browser::browser::{self as chromium, Page};

const PHONE_PX: u32 = 390;

/// A difference with every section.
fn page() -> Vec<u8> {
    let before = record(["std", "btree", "go-classic", "indexmap"].map(|map| timed(map, &[100, 101, 102, 103])));
    let mut after = before.clone();
    *after.cells[0].count.as_mut().unwrap().quantities.entry("alloc_bytes") = 2304;
    after.cells[0].profile = Some(Profile {
        alloc: before.cells[0]
            .profile
            .iter()
            .flat_map(|profile| &profile.alloc)
            .cloned()
            .map(|mut stack| {
                stack.alloc_bytes = 80;
                stack
            })
            .collect(),
        ..before.cells[0].profile.clone().expect("stacks")
    });
    after.cells[1].time.as_mut().unwrap().clocked_elapsed_ns = vec![300, 301, 302, 303];
    after.cells[2].id.load_factor = Some(4.0);
    *after.cells[2].count.as_mut().unwrap().quantities.entry("alloc_bytes") = 1000;
    after.cells.pop();
    let mut html = Vec::new();
    let mut emit = |path: &str, bytes: &[u8]| {
        if path == "diff.html" {
            html = bytes.to_vec();
        }
        Ok(())
    };
    write(&compared(&before, &after), &mut emit).expect("written");
    html
}

#[test]
fn the_page_works() {
    let Some(chromium) = chromium::find() else {
        return crate::common::skip::skip("chromium", "no chromium on PATH, and MAPSCOPE_CHROMIUM is not set");
    };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("diff.html");
    std::fs::write(&file, page()).expect("written");
    let mut page = Page::new(&chromium);
    page.open(&file);

    let column = |at: usize| {
        format!("[...document.querySelectorAll('#exact tbody tr')].map((row) => row.cells[{at}].textContent)")
    };
    let bytes = json!(["2,304", "2.09455", "1,000", "0.909091"]);
    assert_eq!(page.evaluate(&column(3)), bytes, "the largest change first");
    page.evaluate("document.querySelectorAll('#exact thead button')[3].click()");
    assert_eq!(page.evaluate(&column(3)), json!(["2,304", "1,000", "2.09455", "0.909091"]), "by number");
    page.evaluate("document.querySelectorAll('#exact thead button')[3].focus()");
    page.press("Enter");
    assert_eq!(page.evaluate(&column(3)), json!(["0.909091", "2.09455", "1,000", "2,304"]));
    assert_eq!(page.evaluate("document.querySelectorAll('#exact th')[3].ariaSort"), json!("ascending"));
    page.evaluate("document.querySelectorAll('#exact thead button')[0].click()");
    let first = page.evaluate(&column(0))[0].clone();
    assert_eq!(first, json!("go-classic uniform churn, load factor 6.5 → 4"), "by name");

    page.evaluate("document.getElementById('theme').click(); document.getElementById('theme').click()");
    let scheme = "getComputedStyle(document.documentElement).colorScheme";
    assert_eq!(page.evaluate(scheme), json!("dark"));
    let frames = page.evaluate("[...document.querySelectorAll('.frame.more')].map((frame) => frame.title)");
    assert_eq!(frames, json!(["map: 8 → 80 bytes (+900 %)", "main: 8 → 80 bytes (+900 %)"]));
    let sections = "[...document.querySelectorAll('main section[id]')].map((section) => section.id)";
    assert_eq!(page.evaluate(sections), json!(["exact", "statistical", "alone", "stacks", "runs"]));

    let phone = json!({ "width": PHONE_PX, "height": 844, "deviceScaleFactor": 2, "mobile": true });
    page.call("Emulation.setDeviceMetricsOverride", phone);
    page.open(&file);
    assert_eq!(page.evaluate("document.documentElement.scrollWidth"), json!(PHONE_PX), "nothing sticks out on a phone");
    page.call("Emulation.clearDeviceMetricsOverride", json!({}));
    let pdf = page.call("Page.printToPDF", json!({ "printBackground": true }));
    assert!(pdf["data"].as_str().is_some_and(|data| data.len() > 10_000), "something is on paper");
    let foreign: Vec<_> = page.requests.iter().filter(|url| !url.starts_with("file://")).collect();
    assert_eq!(foreign, Vec::<&String>::new(), "nothing is asked of anybody");
    assert_eq!(page.complaints, Vec::<String>::new());
}
