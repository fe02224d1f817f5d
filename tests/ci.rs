//! What runs in CI: the workflow that docs/CI.md hands out, step by step, and the verdict's forms as a process.

use std::fs;
use std::path::Path;
use std::process::Command;

use mapscope::plan::SHIPPED;
use serde_json::Value;

use crate::cli_process::{Outcome, Place};

/// Few cells, so that a build without optimisation is done soon.
const PROFILE: &str = "summary = \"a few cells\"\npasses = [\"count\"]\n\n[[cells]]\nmap = [\"go-classic\", \"std\"]\n\
    keys = [\"uniform\"]\nmix = [\"fill\", \"churn\"]\nops = 500\n";

fn workflow() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/mapscope.yml");
    serde_saphyr::from_str(&fs::read_to_string(path).expect("the workflow")).expect("YAML")
}

fn all_steps(workflow: &Value) -> &[Value] {
    workflow["jobs"]["gate"]["steps"].as_array().expect("steps")
}

/// The steps that run the program, by name.
fn steps() -> Vec<(String, String)> {
    let workflow = workflow();
    let text = |step: &Value, key: &str| step[key].as_str().map(str::to_owned);
    let named = all_steps(&workflow).iter().filter_map(|step| Some((text(step, "name")?, text(step, "run")?)));
    named.filter(|(_, run)| run.contains("$MAPSCOPE")).collect()
}

/// A place with a profile, and a folder's worth of it as baseline.
fn place() -> Place {
    let place = Place::new();
    fs::write(place.path().join("profile.toml"), PROFILE).expect("written");
    assert_eq!(place.run(&["run", "profile.toml", "-q", "--out", "first"]).code, Some(0));
    assert_eq!(place.run(&["baseline", "accept", "first", "-q", "--reason", "the first one"]).code, Some(0));
    place
}

/// Runs a step as GitHub's runner does.
fn step(place: &Place, name: &str) -> Outcome {
    let (_, script) = steps().into_iter().find(|(step, _)| step == name).unwrap_or_else(|| panic!("no step {name}"));
    let mut bash = Command::new("bash");
    bash.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", &script]);
    bash.env("MAPSCOPE", env!("CARGO_BIN_EXE_mapscope")).env("PROFILE", "profile.toml").env("BASELINE", "baseline");
    bash.env("GITHUB_STEP_SUMMARY", place.path().join("summary.md"));
    place.run_command(&mut bash)
}

fn summary(place: &Place) -> String {
    fs::read_to_string(place.path().join("summary.md")).expect("the summary")
}

/// Makes the baseline's first cell lighter than any run will be.
fn lighten(place: &Place) {
    let path = place.path().join("baseline/results.json");
    let text = fs::read_to_string(&path).expect("the baseline");
    let at = text.find("\"live_bytes\": ").expect("a figure") + "\"live_bytes\": ".len();
    let end = at + text[at..].find(',').expect("its end");
    let fewer = text[at..end].parse::<u64>().expect("a number") - 1;
    fs::write(&path, format!("{}{fewer}{}", &text[..at], &text[end..])).expect("written");
}

#[test]
fn the_workflow_is_what_github_takes() {
    let workflow = workflow();
    for trigger in ["pull_request", "push"] {
        assert!(workflow["on"].get(trigger).is_some(), "{trigger}");
    }
    let text = |key: &str| workflow["env"][key].as_str().expect("a text").to_owned();
    assert!(SHIPPED.iter().any(|profile| profile.name == text("PROFILE")), "a profile that ships");
    assert_eq!((text("BASELINE"), text("MAPSCOPE")), ("baseline".to_owned(), "target/release/mapscope".to_owned()));
    assert_eq!(workflow["defaults"]["run"]["shell"].as_str(), Some("bash"), "which sets pipefail");
    for step in all_steps(&workflow) {
        assert!(step.get("run").is_some() != step.get("uses").is_some(), "{step:?}");
    }
    assert_eq!(steps().into_iter().map(|(name, _)| name).collect::<Vec<_>>(), ["Run", "Gate", "What changed"]);
    let documents = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/CI.md")).expect("CI.md");
    assert!(documents.contains("(mapscope.yml)"));
}

#[test]
fn the_workflow_is_green_when_nothing_changed() {
    let place = place();
    let run = step(&place, "Run");
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("::notice title=mapscope%3A what stands out::"), "{}", run.stdout);
    assert!(summary(&place).starts_with("## mapscope: profile\n\nAll 4 cells ok.\n"), "{}", summary(&place));
    let gate = step(&place, "Gate");
    assert_eq!(gate.code, Some(0), "{}{}", gate.stdout, gate.stderr);
    assert!(gate.stdout.starts_with("::notice title=mapscope gate passed::PASS "), "{}", gate.stdout);
    assert!(summary(&place).contains("\n**PASS** ") && summary(&place).contains(": the first one\n"));
    let changed = step(&place, "What changed");
    assert_eq!(changed.code, Some(0), "{}{}", changed.stdout, changed.stderr);
    assert!(changed.stdout.contains("Nothing differs: 4 cells are the same."), "{}", changed.stdout);
    for file in ["index.html", "junit.xml", "gate.xml", "diff/diff.html"] {
        assert!(place.path().join("current").join(file).is_file(), "{file}");
    }
}

#[test]
fn the_workflow_is_red_when_a_write_got_dearer() {
    let place = place();
    lighten(&place);
    assert_eq!(step(&place, "Run").code, Some(0));
    let gate = step(&place, "Gate");
    assert_eq!(gate.code, Some(1), "{}{}", gate.stdout, gate.stderr);
    let error = "::error title=mapscope%3A go-classic uniform fill load_factor=6.5 u64/u64 ops=500 seed=1::";
    assert!(gate.stdout.starts_with(error), "{}", gate.stdout);
    assert!(gate.stdout.contains("live_bytes") && summary(&place).contains("\n**FAIL** "), "{}", gate.stdout);
    let changed = step(&place, "What changed");
    assert_eq!(changed.code, Some(0), "a difference is no failure here: {}", changed.stderr);
    let xml = fs::read_to_string(place.path().join("current/gate.xml")).expect("gate.xml");
    assert!(xml.contains("<failure ") && xml.contains("failures=\"1\""), "{xml}");
}

#[test]
fn the_verdict_has_the_exit_code_of_its_outcome_in_every_form() {
    let place = place();
    for format in ["md", "github", "json", "junit"] {
        let same = place.run(&["gate", "baseline", "first", "--format", format]);
        assert_eq!((same.code, same.stderr.as_str()), (Some(0), ""), "{format}");
        assert!(!same.stdout.is_empty() && same.left.is_empty(), "{format}");
        let quiet = place.run(&["gate", "baseline", "first", "-q", "--format", format]);
        assert_eq!((quiet.code, quiet.stdout.as_str()), (Some(0), ""), "{format}");
    }
    let unknown = place.run(&["gate", "baseline", "first", "--format", "junti"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("did you mean \"junit\""), "{}", unknown.stderr);
    lighten(&place);
    for format in ["md", "github", "json", "junit"] {
        assert_eq!(place.run(&["gate", "baseline", "first", "--format", format]).code, Some(1), "{format}");
    }
}

#[test]
fn the_step_summary_is_for_github_alone() {
    let place = place();
    let gate = |format: &str, variable: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
        command.args(["gate", "baseline", "first", "--format", format]).env("GITHUB_STEP_SUMMARY", variable);
        place.run_command(&mut command)
    };
    assert!(gate("md", "summary.md").left.is_empty());
    assert!(gate("junit", "summary.md").left.is_empty());
    assert!(gate("github", "").left.is_empty(), "set to nothing");
    assert_eq!(gate("github", "summary.md").left, [Path::new("summary.md")]);
    let nowhere = gate("github", "no/such/folder.md");
    assert_eq!(nowhere.code, Some(2), "what was asked for can't be done");
    assert!(nowhere.stderr.contains("GITHUB_STEP_SUMMARY: no/such/folder.md"), "{}", nowhere.stderr);
    assert_eq!(nowhere.stdout, gate("github", "").stdout, "the verdict is told all the same");
    let pipe = place.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    assert_eq!(gate("github", "pipe").code, Some(2), "nobody reads it");
    lighten(&place);
    let worse = gate("github", "no/such/folder.md");
    assert_eq!(worse.code, Some(1), "a regression that was seen is one");
    assert!(worse.stderr.starts_with("error: GITHUB_STEP_SUMMARY: no/such/folder.md"), "{}", worse.stderr);
}
