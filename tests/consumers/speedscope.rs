//! speedscope: its schema, and its own page in Chromium.
//!
//! `MAPSCOPE_SPEEDSCOPE` names the folder of the npm package (`npm install speedscope`, then `node_modules/speedscope`).

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use mapscope::record::Profile;
use serde_json::{Value, json};

use super::browser::{self, Page};
use super::skip::skip;
use super::{page, results, write};

/// Where the package's page and its schema are.
fn release() -> Option<PathBuf> {
    Some(PathBuf::from(std::env::var_os("MAPSCOPE_SPEEDSCOPE")?).join("dist/release"))
}

/// The record's three kinds: the profile's name, its unit, and the stacks with weight.
type Kind<'a> = (&'static str, &'static str, Vec<(&'a [u32], u64)>);

fn kinds(profile: &Profile) -> [Kind<'_>; 3] {
    let period_ns = 1_000_000_000 / profile.cpu_frequency_hz;
    [
        ("bytes allocated", "bytes", profile.alloc.iter().map(|x| (&*x.stack, x.alloc_bytes)).collect()),
        ("bytes copied", "bytes", profile.copy.iter().map(|x| (&*x.stack, x.moved_bytes)).collect()),
        ("processor time", "nanoseconds", profile.cpu.iter().map(|x| (&*x.stack, x.samples * period_ns)).collect()),
    ]
}

/// The first cell's file, in `folder`.
fn written(folder: &Path) -> (PathBuf, Value) {
    let results = results();
    let files = write("speedscope", &results, folder);
    assert_eq!(files, [format!("cells/{}/stacks.speedscope.json", results.cells[0].id.file_stem())]);
    let path = folder.join(&files[0]);
    let file = serde_json::from_slice(&std::fs::read(&path).expect("written")).expect("JSON");
    (path, file)
}

#[test]
fn stacks_and_weights_are_the_record_s() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, file) = written(folder.path());
    let results = results();
    let profile = results.cells[0].profile.as_ref().expect("profiled");
    assert_eq!(file["name"], json!(results.cells[0].id.to_string()));
    assert_eq!(file["activeProfileIndex"], json!(0));
    assert_eq!(file["exporter"], json!(concat!("mapscope@", env!("CARGO_PKG_VERSION"))));
    let frames = file["shared"]["frames"].as_array().expect("frames");
    assert_eq!(frames.len(), profile.frames.len());
    for (shown, recorded) in frames.iter().zip(&profile.frames) {
        assert_eq!(shown["file"], json!(recorded.file));
        assert_eq!(shown["line"], json!(recorded.line));
    }
    let profiles = file["profiles"].as_array().expect("profiles");
    assert_eq!(profiles.len(), 3);
    for (shown, (name, unit, stacks)) in profiles.iter().zip(kinds(profile)) {
        assert_eq!(shown["name"], json!(format!("go-classic: {name}")));
        assert_eq!((&shown["type"], &shown["unit"]), (&json!("sampled"), &json!(unit)));
        let (samples, weights): (Vec<_>, Vec<_>) = stacks.into_iter().unzip();
        assert_eq!(shown["samples"], json!(samples));
        assert_eq!(shown["weights"], json!(weights));
        assert_eq!((&shown["startValue"], &shown["endValue"]), (&json!(0), &json!(weights.iter().sum::<u64>())));
    }
}

/// Checks `value` against a schema in the few words of JSON Schema that speedscope's is written in.
fn conforms(value: &Value, schema: &Value, root: &Value) -> Result<(), String> {
    for (word, rule) in schema.as_object().expect("a schema") {
        let holds = match word.as_str() {
            "$schema" | "definitions" | "title" => true,
            "$ref" => {
                let pointer = rule.as_str().expect("a pointer").trim_start_matches('#');
                conforms(value, root.pointer(pointer).expect("defined"), root)?;
                true
            }
            "anyOf" => rule.as_array().expect("schemas").iter().any(|schema| conforms(value, schema, root).is_ok()),
            "const" => value == rule,
            "enum" => rule.as_array().expect("values").contains(value),
            "type" => match rule.as_str().expect("a type") {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "number" => value.is_number(),
                other => panic!("no rule for the type {other}"),
            },
            "properties" => {
                for (name, schema) in rule.as_object().expect("schemas") {
                    value.get(name).map_or(Ok(()), |value| conforms(value, schema, root))?;
                }
                true
            }
            "required" => {
                rule.as_array().expect("names").iter().all(|name| value.get(name.as_str().unwrap()).is_some())
            }
            "items" => {
                value.as_array().into_iter().flatten().try_for_each(|value| conforms(value, rule, root))?;
                true
            }
            other => panic!("no rule for {other}"),
        };
        if !holds {
            return Err(format!("{value} breaks {word}: {rule}"));
        }
    }
    Ok(())
}

#[test]
fn files_conform_to_the_schema() {
    let Some(release) = release() else { return skip("speedscope", "MAPSCOPE_SPEEDSCOPE names no npm package") };
    let schema = std::fs::read(release.join("file-format-schema.json")).expect("the schema");
    let schema: Value = serde_json::from_slice(&schema).expect("JSON");
    let folder = tempfile::tempdir().expect("a folder");
    let (_, mut file) = written(folder.path());
    assert_eq!(conforms(&file, &schema, &schema), Ok(()));
    file["profiles"][1]["unit"] = json!("octets");
    assert!(conforms(&file, &schema, &schema).is_err(), "the check can fail");
}

/// What a profile that speedscope exports says of each stack: opened and closed frames along its weights, end to end.
fn stacks(profile: &Value) -> Vec<(Vec<u64>, u64)> {
    let mut stacks = Vec::<(Vec<u64>, u64)>::new();
    let (mut open, mut at) = (Vec::new(), 0);
    for event in profile["events"].as_array().expect("events") {
        let now = event["at"].as_u64().expect("a value");
        if now > at {
            stacks.push((open.clone(), now - at));
            at = now;
        }
        let frame = event["frame"].as_u64().expect("a frame");
        match event["type"].as_str() {
            Some("O") => open.push(frame),
            _ => assert_eq!(open.pop(), Some(frame)),
        }
    }
    assert!(open.is_empty());
    stacks
}

/// Loads a file as the package's own command does, and exports what the page then holds; `None`, said in a word, where
/// speedscope or a browser is not there. `shown` is a text that is on the page once the file is open.
pub(super) fn opened(name: &str, content: &[u8], shown: &str) -> Option<Value> {
    let Some(release) = release() else {
        skip("speedscope", "MAPSCOPE_SPEEDSCOPE names no npm package");
        return None;
    };
    let Some(chromium) = browser::find() else {
        skip("chromium", "no chromium on PATH, and MAPSCOPE_CHROMIUM is not set");
        return None;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("load.js");
    let content = BASE64_STANDARD.encode(content);
    std::fs::write(&script, format!("speedscope.loadFileFromBase64('{name}', '{content}')")).expect("written");
    let mut page = Page::new(&chromium);
    let url = format!("file://{}/index.html#localProfilePath={}", release.display(), script.display());
    page.call("Page.navigate", json!({ "url": url }));
    page::wait_for(&mut page, &format!("document.body.innerText.includes({})", json!(shown)));
    page.evaluate(
        "URL.createObjectURL = (blob) => { blob.text().then((text) => { window.exported = text }); return 'blob:' };
         [...document.querySelectorAll('*')].findLast((x) => x.textContent.endsWith('Export')).click()",
    );
    page::wait_for(&mut page, "window.exported");
    let exported = page.evaluate("exported");
    Some(serde_json::from_str(exported.as_str().expect("text")).expect("JSON"))
}

#[test]
fn the_page_holds_the_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, file) = written(folder.path());
    let content = std::fs::read(path).expect("written");
    let Some(exported) = opened("stacks.speedscope.json", &content, "go-classic: bytes allocated (1/3)") else {
        return;
    };

    // It numbers the frames anew.
    let name = |file: &Value, frame: u64| {
        let frame = &file["shared"]["frames"][frame as usize];
        format!("{} {} {}", frame["name"], frame["file"], frame["line"])
    };
    assert_eq!(exported["profiles"].as_array().expect("profiles").len(), 3);
    for (shown, ours) in
        exported["profiles"].as_array().expect("profiles").iter().zip(file["profiles"].as_array().unwrap())
    {
        assert_eq!(shown["name"], ours["name"]);
        assert_eq!(shown["unit"], ours["unit"]);
        assert_eq!((&shown["startValue"], &shown["endValue"]), (&ours["startValue"], &ours["endValue"]));
        let named = |file: &Value, stack: &[u64]| stack.iter().map(|&frame| name(file, frame)).collect::<Vec<_>>();
        let shown: Vec<_> = stacks(shown).iter().map(|(stack, weight)| (named(&exported, stack), *weight)).collect();
        let samples = ours["samples"].as_array().unwrap().iter().map(|stack| {
            let stack: Vec<u64> = stack.as_array().unwrap().iter().map(|frame| frame.as_u64().unwrap()).collect();
            named(&file, &stack)
        });
        let weights = ours["weights"].as_array().unwrap().iter().map(|weight| weight.as_u64().unwrap());
        assert_eq!(shown, samples.zip(weights).collect::<Vec<_>>());
    }
}
