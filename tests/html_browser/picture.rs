//! The pictures of a report in README.md, made anew when the report has changed:
//!
//! ```sh
//! cargo run --release -- run --out reports/picture
//! MAPSCOPE_PICTURE_OF=reports/picture/index.html cargo test --test suite html_browser::picture -- --ignored
//! pngquant --force --ext .png 200 docs/report-light.png docs/report-dark.png   # a third of the bytes
//! ```

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use super::browser::{self, Page};
use super::{DRIVE, open_in};

const EXCERPT: &str = include_str!("picture.js");
/// About what GitHub gives a README.
const WIDTH_PX: u32 = 1060;

#[test]
#[ignore = "writes docs/report-light.png and docs/report-dark.png"]
fn picture() {
    let report = PathBuf::from(std::env::var_os("MAPSCOPE_PICTURE_OF").expect("MAPSCOPE_PICTURE_OF=index.html"));
    let report = report.canonicalize().expect("a report");
    let mut page = Page::new(&browser::find().expect("a chromium"));
    for scheme in ["light", "dark"] {
        open_in(&mut page, &report, scheme, WIDTH_PX, 1.5);
        page.evaluate(DRIVE);
        page.evaluate(EXCERPT);
        let height = page.evaluate("charts().then(excerpt)");
        let clip = json!({ "x": 0, "y": 0, "width": WIDTH_PX, "height": height, "scale": 1 });
        let picture = page.call("Page.captureScreenshot", json!({ "clip": clip, "captureBeyondViewport": true }));
        let png = BASE64_STANDARD.decode(picture["data"].as_str().expect("a picture")).expect("base64");
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/report-{scheme}.png"));
        fs::write(&file, png).expect("written");
    }
}
