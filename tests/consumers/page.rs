//! What a page of somebody else's needs beyond [`Page`].

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use super::browser::Page;

/// Longer than any page takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until an expression is true in the page. It may fail until then: a page that begins to load has no body yet.
pub fn wait_for(page: &mut Page, expression: &str) {
    let script = format!("(() => {{ try {{ return Boolean({expression}) }} catch {{ return false }} }})()");
    let started = Instant::now();
    while page.evaluate(&script) != json!(true) {
        assert!(started.elapsed() < PATIENCE, "never: {expression}: {}", page.evaluate("document.body?.innerText"));
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Chooses a file in an `<input type="file">`.
pub fn choose_file(page: &mut Page, selector: &str, file: &Path) {
    let document = page.call("DOM.getDocument", json!({}));
    let query = json!({ "nodeId": document["root"]["nodeId"], "selector": selector });
    let input = page.call("DOM.querySelector", query);
    page.call("DOM.setFileInputFiles", json!({ "nodeId": input["nodeId"], "files": [file] }));
}
