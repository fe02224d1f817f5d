//! The HTML report in a browser: opened, looked at and used, by pointer and by keyboard.
//!
//! Skipped, with a word, where there is no Chromium: `MAPSCOPE_CHROMIUM` names one that is not on the PATH.
//! `MAPSCOPE_SCREENSHOTS=FOLDER` leaves pictures of what was seen.

pub mod browser;
mod picture;

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use browser::Page;
use mapscope::probe::event::Cause;
use mapscope::record::{Cell, CpuStack, Frame, HeatMap, Moment, Moments, OpKind, Results, Spell, TableEvent, Timeline};
use mapscope::report::FORMATS;
use serde_json::json;

use crate::common::skip;
use crate::report_text::fixture;

/// What uses the page and writes down what happened, line by line.
const DRIVE: &str = include_str!("drive.js");
const CELLS: usize = 2000;
/// A4 within the page's margins, 210 - 2 · 12 mm at 96 pixels an inch.
const PAPER_PX: u32 = 703;
/// A page of a large run is no larger.
const BYTES_MAX: usize = 20_000_000;
const PHONE_PX: u32 = 390;
const REFLOW_PX: u32 = 320;
/// Of a table of any length.
const ROWS_ON_PAPER: u64 = 100;
const SHEETS_MAX: usize = 25;

fn html(results: &Results) -> Vec<u8> {
    let format = FORMATS.iter().find(|row| row.name == "html").expect("the format");
    let mut page = Vec::new();
    let mut emit = |path: &str, bytes: &[u8]| {
        assert_eq!(path, "index.html");
        page = bytes.to_vec();
        Ok(())
    };
    (format.render)(results, &mut emit).expect("rendered");
    page
}

/// The fixture, with buckets, with stacks that branch, and with what went on meanwhile.
fn small() -> Results {
    let mut results = fixture::record();
    for (map, cell) in results.cells.iter_mut().enumerate().take(3) {
        let distributions = &mut cell.count.as_mut().expect("counted").distributions;
        distributions.occupancy = Some(vec![3, 9, 20, 14, 6, 1]);
        distributions.hit_probe_lengths = Some(vec![0, 50, 41, 21, 7, 1]);
        let event = TableEvent { op: 400, cause: Cause::Grow, alloc_bytes: 640, moved_entries: 30 };
        cell.count.as_mut().expect("counted").timeline = Some(Timeline {
            ops_per_point: 500,
            entries: (1..=200).collect(),
            held_bytes: (1..=200).map(|point| 16 << (point / 40)).collect(),
            peak_bytes: (1..=200).map(|point| (16 << (point / 40)) + if point % 40 == 0 { 100 } else { 0 }).collect(),
            capacity: None,
            events: vec![event],
            events_left_out: 0,
        });
        let columns = (0..100).map(|column| vec![(9, 900), (11, 90 + column), (40, 1)]).collect();
        let time = cell.time.as_mut().expect("timed");
        time.heat = Some(HeatMap { ops_per_column: 1000, columns });
        let (kind, alloc_bytes) = (OpKind::Insert, 640);
        let operations = [(400, Cause::Grow, 900_000), (900, Cause::Overflow, 3000)];
        let operations = operations.map(|(op, cause, ns)| Moment {
            op,
            start_ns: 0,
            ns,
            kind,
            cause,
            alloc_bytes,
            moved_entries: 30,
        });
        let spell = Spell { first_op: 400, last_op: 900, start_ns: 0, end_ns: 0, moving_ops: 9, moved_entries: 90 };
        time.moments = Some(Moments { operations: operations.to_vec(), spells: vec![spell], ..Moments::default() });
        let profile = cell.profile.as_mut().expect("profiled");
        let frame = |function: String| Frame { function, file: None, line: None };
        profile.frames = ["insert", "grow", "</script><b>"].map(|name| frame(format!("map{map}::{name}"))).to_vec();
        profile.frames.extend([frame("core::hash".to_owned()), frame("memcpy".to_owned())]);
        let stack = |stack: &[u32], samples| CpuStack { stack: stack.to_vec(), samples };
        profile.cpu = vec![
            stack(&[0], 5),
            stack(&[0, 3], 10 + map as u64),
            stack(&[0, 1, 4], 30),
            stack(&[0, 1, 4, 3], 10),
            stack(&[0, 1, 2], 7),
        ];
    }
    results
}

/// The fixture with as many cells as a large run has: sizes, load factors and seeds vary.
fn large() -> Results {
    let mut results = small();
    let varied = |(index, cell): (usize, &Cell)| {
        let mut cell = cell.clone();
        cell.id.ops = 1000 << (index % 10);
        cell.id.seed = 1 + (index / 10) as u64;
        cell
    };
    let cells = (0..).flat_map(|turn| results.cells.iter().map(move |cell| (turn, cell)));
    results.cells = cells.map(varied).take(CELLS).collect();
    results
}

#[test]
fn a_small_report_works() {
    works("small", &small());
}

#[test]
fn a_report_of_two_thousand_cells_works() {
    works("large", &large());
}

fn works(name: &str, results: &Results) {
    let Some(chromium) = browser::find() else {
        return skip::skip("chromium", "no chromium on PATH, and MAPSCOPE_CHROMIUM is not set");
    };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("index.html");
    let bytes = html(results);
    fs::write(&file, &bytes).expect("written");
    let mut page = Page::new(&chromium);
    let ready_ms = page.open(&file);
    println!("{name}: {} cells, {} bytes, ready after {ready_ms} ms", results.cells.len(), bytes.len());
    assert!(bytes.len() < BYTES_MAX, "{name}: {} bytes", bytes.len());

    page.evaluate(DRIVE);
    let lines = page.evaluate("drive()");
    let lines: Vec<&str> = lines.as_array().expect("lines").iter().filter_map(|line| line.as_str()).collect();
    let failed: Vec<_> = lines.iter().filter(|line| !line.starts_with("ok: ")).collect();
    assert!(failed.is_empty(), "{name}: {failed:#?}");
    assert!(lines.len() > 20, "{name}: only {lines:?}");

    by_keyboard(&mut page);
    focus_is_seen(&mut page);
    screen_readers_have_names(&mut page);
    data_can_be_saved(&mut page);
    if let Some(pictures) = std::env::var_os("MAPSCOPE_SCREENSHOTS") {
        take_pictures(&mut page, &file, Path::new(&pictures), name);
    }
    fits_a_phone_and_paper(&mut page, &file);
    let foreign = page.requests.iter().filter(|url| !url.starts_with("file://") && !url.starts_with("blob:"));
    assert_eq!(foreign.collect::<Vec<_>>(), Vec::<&String>::new(), "{name}: nothing is asked of anybody");
    assert_eq!(page.complaints, Vec::<String>::new(), "{name}");
}

/// With real keys, through whatever has the focus.
fn by_keyboard(page: &mut Page) {
    page.evaluate("one('#cell-table thead button').focus()");
    page.press("Enter");
    let sorted = "one('#cell-table thead th').ariaSort";
    assert_eq!(page.evaluate(sorted), json!("ascending"));
    page.press("Enter");
    assert_eq!(page.evaluate(sorted), json!("descending"), "the focus stayed where it was");
    page.press("Tab");
    assert_eq!(page.evaluate("document.activeElement.closest('th') === all('#cell-table thead th')[1]"), json!(true));
    if page.evaluate("Boolean(one('.flame .frame'))") == json!(true) {
        page.evaluate("one('.flame .frame[tabindex=\"0\"]').focus()");
        page.press("ArrowDown");
        let level = "document.activeElement.getAttribute('aria-level')";
        assert_eq!(page.evaluate(level), json!("2"));
        page.press("Enter");
        assert_eq!(page.evaluate("Boolean(one('.frame.above'))"), json!(true));
        page.press("Escape");
        assert_eq!(page.evaluate("Boolean(one('.frame.above'))"), json!(false));
        // Zoomed to a frame with nothing below it the graph is lower: it must not be drawn anew without the focus.
        page.evaluate("pick('[data-control=\"other\"]', '')");
        page.evaluate("byId('stacks').scrollIntoView({ behavior: 'instant' })");
        page.until("one graph", "one('.flame .frame.map, .flame .frame.callee')");
        page.evaluate("one('.flame .frame[tabindex=\"0\"]').focus()");
        let height = "parseInt(one('.flame').style.height)";
        let whole = page.evaluate(height).as_f64().expect("a height");
        page.press("ArrowDown");
        page.press("ArrowRight");
        page.press("Enter");
        page.evaluate("sleep(300)");
        assert!(page.evaluate(height).as_f64().expect("a height") < whole, "lower");
        assert_eq!(page.evaluate("document.activeElement === one('.flame .frame[tabindex=\"0\"]')"), json!(true));
        page.press("Escape");
        assert_eq!(page.evaluate("Boolean(one('.frame.above'))"), json!(false));
        page.evaluate("one('#cell-table tbody th button').focus()");
        page.press("Enter");
        assert_eq!(page.evaluate("Boolean(one('dialog.cell[open]').contains(document.activeElement))"), json!(true));
        page.press("Escape");
        page.until("the dialog closes", "!one('dialog.cell')");
        assert_eq!(page.evaluate("document.activeElement === one('#cell-table tbody th button')"), json!(true));
    }
}

/// From the top of the page through its controls with the Tab key.
fn focus_is_seen(page: &mut Page) {
    page.evaluate("for (const data of all('details')) data.open = false");
    page.evaluate("one('.skip').focus()");
    let mut reached = std::collections::BTreeSet::new();
    for _ in 0..60 {
        page.press("Tab");
        assert_eq!(page.evaluate("focusSeen()"), json!(""), "the focus is not seen");
        reached.insert(page.evaluate("document.activeElement.tagName").as_str().expect("a tag").to_owned());
    }
    let tags: Vec<&str> = reached.iter().map(String::as_str).collect();
    assert_eq!(tags, ["A", "BUTTON", "DIV", "INPUT", "SELECT", "SUMMARY"]);
}

/// As the browser computes them for whoever reads the page aloud.
fn screen_readers_have_names(page: &mut Page) {
    let roles = ["button", "combobox", "searchbox", "checkbox", "radio", "link", "tree", "treeitem", "image", "region"];
    let tree = page.call("Accessibility.getFullAXTree", json!({}));
    let nodes = tree["nodes"].as_array().expect("nodes");
    let mut told = 0;
    for node in nodes.iter().filter(|node| node["ignored"] == json!(false)) {
        let role = node["role"]["value"].as_str().unwrap_or_default();
        if roles.contains(&role) {
            told += 1;
            assert!(node["name"]["value"].as_str().is_some_and(|name| !name.trim().is_empty()), "no name: {node}");
        }
    }
    assert!(told > 60, "only {told} controls and pictures");
}

fn data_can_be_saved(page: &mut Page) {
    let folder = page.downloads();
    page.evaluate("one('#explore-view .actions button').click()");
    let file = folder.join(page.evaluate("`${explore.metric}.csv`").as_str().expect("a name"));
    page.until_saved();
    let csv = fs::read_to_string(&file).expect("saved");
    let metric = page.evaluate("explore.metric");
    assert!(csv.lines().next().is_some_and(|head| head.contains(metric.as_str().expect("a name"))), "{csv}");
    assert!(csv.lines().count() > 1, "{csv}");
}

fn fits_a_phone_and_paper(page: &mut Page, file: &Path) {
    let metrics = json!({ "width": PHONE_PX, "height": 844, "deviceScaleFactor": 2, "mobile": true });
    page.call("Emulation.setDeviceMetricsOverride", metrics);
    page.open(file);
    let width = "charts().then(() => document.documentElement.scrollWidth)";
    page.evaluate(DRIVE);
    assert_eq!(page.evaluate(width), json!(PHONE_PX), "nothing sticks out on a phone");
    page.evaluate("one('.chooser').open = true");
    let sheet = page.evaluate("one('.sheet').getBoundingClientRect().right");
    assert!(sheet.as_f64().is_some_and(|right| right <= f64::from(PHONE_PX)), "{sheet}");
    page.evaluate("one('.chooser').open = false");
    // The controls leave room for what they control.
    let heights = "all('.controls').map((controls) => controls.getBoundingClientRect().height)";
    let heights = page.evaluate(heights);
    assert!(
        heights.as_array().expect("heights").iter().all(|px| px.as_f64().is_some_and(|px| px < 300.0)),
        "{heights}"
    );
    let below = "one('.flame').getBoundingClientRect().top - byId('stacks').getBoundingClientRect().top";
    if page.evaluate("Boolean(one('.flame'))") == json!(true) {
        assert!(page.evaluate(below).as_f64().expect("a height") < 844.0, "a flame graph begins on the first screen");
    }
    // As wide as a page magnified four times (WCAG 2.2, 1.4.10).
    let metrics = json!({ "width": REFLOW_PX, "height": 640, "deviceScaleFactor": 1, "mobile": true });
    page.call("Emulation.setDeviceMetricsOverride", metrics);
    page.until("narrow", &format!("document.documentElement.clientWidth === {REFLOW_PX}"));
    let anew = "all('.area[data-state=drawn]').every((area) => Math.abs(area.clientWidth - area.drawnWidth) <= 4)";
    page.until("drawn anew", anew);
    assert_eq!(page.evaluate("document.documentElement.scrollWidth"), json!(REFLOW_PX), "nothing sticks out");
    page.call("Emulation.clearDeviceMetricsOverride", json!({}));
    page.open(file);
    page.evaluate(DRIVE);
    page.until("everything is unpacked", "'filled' in document.documentElement.dataset");
    page.until("drawn at leisure, paper has nothing to wait for", "undrawn().length === 0");
    while page.evaluate("byId('cell-more').firstChild?.click(), Boolean(byId('cell-more').firstChild)") == json!(true) {
    }
    let cells = page.evaluate("run.cells.length").as_u64().expect("a number");
    assert_eq!(page.evaluate("all('#cell-table tbody tr').length"), json!(cells), "every row is there");
    page.call("Emulation.setEmulatedMedia", json!({ "media": "print" }));
    let printed = "all('#cell-table tbody tr').filter((row) => row.checkVisibility()).length";
    assert_eq!(page.evaluate(printed), json!(cells.min(ROWS_ON_PAPER)), "and so many are printed");
    let rest = page.evaluate("byId('cell-rest').checkVisibility() ? byId('cell-rest').textContent : null");
    if cells > ROWS_ON_PAPER {
        let left = (cells - ROWS_ON_PAPER).to_string();
        assert!(rest.as_str().is_some_and(|rest| rest.replace(',', "").contains(&left)), "{rest}");
    } else {
        assert_eq!(rest, json!(""));
    }
    let heads = "all('#cell-table thead th').every((head) => getComputedStyle(head, '::before').content === JSON.stringify(head.dataset.label))";
    assert_eq!(page.evaluate(heads), json!(true), "heads are on every page");
    page.call("Emulation.setEmulatedMedia", json!({ "media": "" }));
    drawn_for_paper(page, cells);
    let pdf = page.call("Page.printToPDF", json!({ "printBackground": true }));
    assert!(pdf["data"].as_str().is_some_and(|data| data.len() > 10_000), "something is on paper");
    let sheets = sheets(&pdf);
    assert!((1..=SHEETS_MAX).contains(&sheets), "{sheets} sheets of paper");
    println!("{cells} cells: {sheets} sheets of paper");
    assert_eq!(page.evaluate("byId('glossary').open"), json!(false), "what was opened for paper is closed again");
}

/// Charts as wide as paper, whose words are not scaled down with them; without the rows that don't go there.
fn drawn_for_paper(page: &mut Page, cells: u64) {
    let place = "JSON.stringify([all('.area svg').map((svg) => svg.getAttribute('width')), one('.scroll.wide').scrollTop, \
                 all('#cell-table tbody tr').length, document.activeElement.textContent])";
    page.evaluate("one('.scroll.wide').scrollTop = 300");
    page.evaluate("all('#cell-table tbody .open').at(-1).focus({ preventScroll: true })");
    let before = page.evaluate(place);
    page.evaluate("dispatchEvent(new Event('beforeprint'))");
    assert_eq!(page.evaluate("all('#cell-table tbody tr').length"), json!(cells.min(ROWS_ON_PAPER)));
    // Twelve pixels are seven points at the scale of the page on paper.
    let small =
        "all('.area[role=img] svg text').filter((text) => parseFloat(getComputedStyle(text).fontSize) < 12).length";
    assert_eq!(page.evaluate(small), json!(0), "words in charts can be read");
    let meant = "area.closest('.pair') ? PAPER_PX.half : PAPER_PX.whole";
    let charts = "all('.area[role=img][data-state=drawn]')";
    let wide = "d3.max(area.querySelectorAll('svg'), (svg) => Number(svg.getAttribute('width')))";
    let wider = format!("{charts}.filter((area) => {wide} > ({meant})).length");
    assert_eq!(page.evaluate(&wider), json!(0), "no chart is wider than it was to be");
    page.call("Emulation.setEmulatedMedia", json!({ "media": "print" }));
    page.call("Emulation.setScrollbarsHidden", json!({ "hidden": true }));
    let paper = json!({ "width": PAPER_PX, "height": 1000, "deviceScaleFactor": 1, "mobile": false });
    page.call("Emulation.setDeviceMetricsOverride", paper);
    let other =
        format!("{charts}.map((area) => [area.clientWidth, {meant}]).filter(([room, of]) => Math.abs(room - of) > 1)");
    assert_eq!(page.evaluate(&other), json!([]), "there is as much room for each as it was drawn for");
    page.call("Emulation.setScrollbarsHidden", json!({ "hidden": false }));
    page.call("Emulation.clearDeviceMetricsOverride", json!({}));
    page.call("Emulation.setEmulatedMedia", json!({ "media": "" }));
    page.evaluate("dispatchEvent(new Event('afterprint'))");
    page.until(
        "what was there is there again",
        &format!("{place} === {before:?}", before = before.as_str().expect("text")),
    );
}

/// How many pages a PDF has.
fn sheets(pdf: &serde_json::Value) -> usize {
    let bytes = BASE64_STANDARD.decode(pdf["data"].as_str().expect("a PDF")).expect("base64");
    let text = String::from_utf8_lossy(&bytes);
    text.matches("/Type /Page").count() - text.matches("/Type /Pages").count()
}

/// Opens a file in a window so wide, on a screen that is light or dark and of so many pixels a pixel.
fn open_in(page: &mut Page, file: &Path, scheme: &str, width_px: u32, scale: f64) {
    let scheme = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
    page.call("Emulation.setEmulatedMedia", scheme);
    let metrics = json!({ "width": width_px, "height": 900, "deviceScaleFactor": scale, "mobile": false });
    page.call("Emulation.setDeviceMetricsOverride", metrics);
    page.open(file);
}

fn take_pictures(page: &mut Page, file: &Path, folder: &Path, name: &str) {
    fs::create_dir_all(folder).expect("a folder");
    for (kind, width, scheme) in [("light", 1280, "light"), ("dark", 1280, "dark"), ("phone", PHONE_PX, "light")] {
        page.evaluate("localStorage.removeItem('mapscope-theme')");
        open_in(page, file, scheme, width, 1.0);
        page.evaluate(DRIVE);
        page.evaluate(
            "charts().then(() => { for (const data of all('details.data')) data.open = false; scrollTo(0, 0); })",
        );
        let picture = page.call("Page.captureScreenshot", json!({ "captureBeyondViewport": true }));
        let png = BASE64_STANDARD.decode(picture["data"].as_str().expect("a picture")).expect("base64");
        fs::write(folder.join(format!("{name}-{kind}.png")), png).expect("written");
    }
}
