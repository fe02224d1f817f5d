//! What a page of somebody else's needs beyond [`Page`].

use std::path::Path;

use serde_json::json;

use super::browser::Page;

/// Waits until an expression is true in the page.
pub fn wait_for(page: &mut Page, expression: &str) {
    const TRIES: u32 = 3;
    let script = format!(
        "new Promise((resolve, reject) => {{
            let turns = 0;
            const look = () => {{
                if ({expression}) resolve(true);
                else if (turns++ > 1000) reject(new Error('in vain: ' + document.body.innerText.slice(0, 300)));
                else setTimeout(look, 20);
            }};
            look();
        }})"
    );
    // The page that was there before may still answer, and go.
    for _ in 0..TRIES {
        let params = json!({ "expression": script, "awaitPromise": true, "returnByValue": true });
        if page.call("Runtime.evaluate", params)["result"]["value"] == json!(true) {
            return;
        }
    }
    panic!("never: {expression}");
}

/// Chooses a file in an `<input type="file">`.
pub fn choose_file(page: &mut Page, selector: &str, file: &Path) {
    let document = page.call("DOM.getDocument", json!({}));
    let query = json!({ "nodeId": document["root"]["nodeId"], "selector": selector });
    let input = page.call("DOM.querySelector", query);
    page.call("DOM.setFileInputFiles", json!({ "nodeId": input["nodeId"], "files": [file] }));
}
