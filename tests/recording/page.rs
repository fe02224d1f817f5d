//! The live endpoint's page in a browser: it asks for the token, keeps it to itself, and shows what comes as text.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::live::{Served, program};
use super::own::{Running, TOKEN};
use super::{inside, toolchains};
use crate::common::skip::skip;
use crate::html_browser::browser::{self, Page};

/// Waits until a condition of the page holds.
fn until(page: &mut Page, holds: &str) {
    let script = format!(
        "new Promise((resolve, reject) => {{
            const look = () => {{
                if ({holds}) resolve(true);
                else if (performance.now() > 300000) reject(new Error(document.body.innerText));
                else setTimeout(look, 20);
            }};
            look();
        }})"
    );
    assert_eq!(page.evaluate(&script), json!(true), "{holds}");
}

fn give(page: &mut Page, token: &str) {
    page.evaluate(&format!(
        "document.getElementById('token').value = {token:?}, document.querySelector('#ask button').click()"
    ));
}

fn picture(page: &mut Page, name: &str, width: u32) {
    let Some(folder) = std::env::var_os("MAPSCOPE_SCREENSHOTS") else { return };
    let metrics = json!({ "width": width, "height": 700, "deviceScaleFactor": 1, "mobile": width < 500 });
    page.call("Emulation.setDeviceMetricsOverride", metrics);
    let picture = page.call("Page.captureScreenshot", json!({}));
    let png = BASE64_STANDARD.decode(picture["data"].as_str().expect("a picture")).expect("base64");
    fs::write(Path::new(&folder).join(format!("live-{name}.png")), png).expect("written");
}

#[test]
fn the_page_asks_for_the_token_and_shows_what_comes_as_text() {
    let Some(chromium) = browser::find() else {
        return skip("chromium", "no chromium on PATH, and MAPSCOPE_CHROMIUM is not set");
    };
    let running = Running::program();
    let mut page = Page::new(&chromium);
    let url = format!("http://{}/", running.address);
    page.call("Page.navigate", json!({ "url": url }));
    until(
        &mut page,
        "location.protocol === 'http:' && document.readyState === 'complete' && !document.getElementById('ask').hidden",
    );
    picture(&mut page, "asks", 1280);
    give(&mut page, "not-the-token-of-this-one");
    until(&mut page, "document.getElementById('said').textContent === 'That is not the token.'");
    give(&mut page, TOKEN);
    until(&mut page, "document.querySelectorAll('#rows tr').length > 0");
    let maps = running.maps();
    let rows = maps["places"].as_array().expect("places");
    let shown = page.evaluate("[...document.querySelectorAll('#rows tr')].map((row) => [...row.querySelectorAll('span, td')].map((cell) => cell.textContent))");
    assert_eq!(shown.as_array().map(Vec::len), Some(rows.len()));
    for (shown, row) in shown.as_array().expect("rows").iter().zip(rows) {
        // Whatever has a meaning in HTML is shown as it is: `BTreeMap<&str, i32>`.
        assert_eq!((&shown[2], &shown[3]), (&row["type"], &json!(row["maps"].to_string())));
        let [place, at] = [&shown[0], &row["place"]].map(|place| place.as_str().expect("text"));
        assert!(place.ends_with(at), "{place} {at}");
        let saves = shown[10].as_str().expect("text").replace(',', "");
        assert_eq!(saves, row.get("hint_saves_bytes").map_or("-".to_owned(), Value::to_string), "absent is no 0");
    }
    picture(&mut page, "shows", 1280);
    picture(&mut page, "phone", 390);

    // What is recorded is switched there.
    page.evaluate("{ const sample = document.getElementById('sample'); sample.value = '1/100'; sample.dispatchEvent(new Event('change')); }");
    until(&mut page, "document.getElementById('changed').textContent === 'Maps made from now on: 1/100.'");
    assert_eq!(running.maps()["processes"][0]["sample"], 100);

    let kept =
        page.evaluate("[Object.values(sessionStorage), Object.keys(localStorage), document.cookie, location.href]");
    assert_eq!(kept, json!([[TOKEN], [], "", url]));
    page.evaluate("document.getElementById('forget').click()");
    let left = page.evaluate("[Object.values(sessionStorage), document.querySelectorAll('#rows tr').length, document.body.innerText.includes('main.rs')]");
    assert_eq!(left, json!([[], 0, false]));
    for request in &page.requests {
        assert!(request.starts_with(&url) && !request.contains(TOKEN) || request == "about:blank", "{request}");
    }
    // The browser mentions the one that was answered with 401.
    let complaints: Vec<_> = page.complaints.iter().filter(|complaint| !complaint.contains("401")).collect();
    assert!(complaints.is_empty(), "{complaints:?}");
    drop(page);
    running.end();
}

#[test]
fn a_row_leads_to_the_inside_of_its_largest_map_and_keeps_the_focus() {
    let Some(chromium) = browser::find() else {
        return skip("chromium", "no chromium on PATH, and MAPSCOPE_CHROMIUM is not set");
    };
    let Some(go) = toolchains(true).pop() else { return };
    let place = inside::built(&go);
    let mut served = Served::start(&place, "record", &["--out", "live", "--", "./program"]);
    program(&mut served);
    let mut page = Page::new(&chromium);
    page.call("Page.navigate", json!({ "url": format!("http://{}/", served.address) }));
    until(&mut page, "document.readyState === 'complete' && !document.getElementById('ask').hidden");
    give(&mut page, TOKEN);
    until(&mut page, "document.querySelectorAll('#rows button').length > 0");
    let button = format!(
        "[...document.querySelectorAll('#rows button')].find((button) => button.ariaLabel.includes({:?}))",
        inside::at("filled")
    );
    page.evaluate(&format!("{{ const button = {button}; button.mark = 7; button.click(); }}"));
    until(&mut page, "document.getElementById('looked').textContent.includes('the largest map alive, 2,500 entries')");
    assert_eq!(page.evaluate("document.activeElement.id"), "inside-of");
    let shown = page.evaluate("[document.getElementById('inside-of').textContent, document.querySelectorAll('#parts caption')[0].textContent]");
    assert!(shown[0].as_str().is_some_and(|text| text.starts_with("map[uint64]string at 0x")), "{shown}");
    assert_eq!(shown[1], "Groups by their entries");
    picture(&mut page, "inside", 1280);
    page.evaluate("document.getElementById('close').click()");

    // Where the reader was, whatever is read meanwhile, and in whatever order it comes.
    assert_eq!(page.evaluate("document.activeElement.mark"), 7);
    assert_eq!(page.evaluate("read().then(() => document.activeElement.mark)"), 7);
    let reversed = "fetch('maps', request()).then((answer) => answer.json()).then((maps) => {
        const before = scrollY;
        showRows(maps.places.reverse(), true);
        const shown = [...document.querySelectorAll('#rows .at')].map((at) => at.textContent);
        return [document.activeElement.mark, scrollY === before, shown.join() === maps.places.map((place) => place.place).join()];
    })";
    assert_eq!(page.evaluate(reversed), json!([7, true, true]));
    // What is overtaken says nothing.
    assert_eq!(
        page.evaluate("Promise.all([read(), read(), read()]).then(() => document.getElementById('said').textContent)"),
        ""
    );
    assert!(page.complaints.is_empty(), "{:?}", page.complaints);
    drop(page);
    served.end();
}
