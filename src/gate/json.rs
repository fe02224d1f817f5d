//! A verdict as JSON, for programs.

use std::io;

use serde_json::{Value, json};

use super::format::{Format, Judged};
use super::slo::Bound;
use super::subject::Subject;
use super::verdict::{Change, Level, Outcome, What};

pub(super) const FORMAT: Format = Format {
    name: "json",
    summary: "JSON for programs: the outcome, and every change with its numbers",
    render,
    render_places: render,
    step_summary: false,
};

fn render<Id: Subject>(judged: &Judged<'_, Id>) -> io::Result<String> {
    let verdict = judged.verdict;
    let outcome = match verdict.outcome() {
        Outcome::Pass => "pass",
        Outcome::Regression => "regression",
        Outcome::Unjudged => "unjudged",
    };
    let tally = verdict.tally;
    let document = json!({
        "outcome": outcome,
        "exit_code": verdict.outcome().exit_code(),
        "summary": verdict.summary().replace("**", ""),
        "compared": {
            format!("{}s", Id::NOUN): tally.cells, "exact": tally.exact, "statistical": tally.statistical, "limits": tally.limits,
            "ignored": tally.ignored,
        },
        "times": { "apart": verdict.chance.apart, "apart_by_chance": verdict.chance.expected },
        "unjudged": verdict.unjudged,
        "changes": verdict.changes.iter().map(change).collect::<Vec<_>>(),
        "notes": verdict.notes,
        "baseline_accepted": verdict.accepted,
    });
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

fn change<Id: Subject>(change: &Change<Id>) -> Value {
    let level = match change.level {
        Level::Fail => "fail",
        Level::Unjudged => "unjudged",
        Level::Warn => "warn",
        Level::Allowed => "allowed",
        Level::Better => "better",
        Level::Inform => "inform",
        Level::Note => "note",
    };
    // JSON has no infinity: there is no share then.
    let worsening = Some(change.worsening).filter(|share| share.is_finite());
    let mut object = json!({
        Id::NOUN: change.cell, "level": level, "kind": change.kind.word(), "worsening": worsening,
    });
    match &change.what {
        What::Metric { metric, before, after } => {
            object["metric"] = metric.name.into();
            object["baseline"] = json!(before);
            object["current"] = json!(after);
        }
        What::Limit { metric, bound, value } => {
            let side = match bound {
                Bound::Ceiling(_) => "ceiling",
                Bound::Floor(_) => "floor",
            };
            object["metric"] = metric.name.into();
            object[side] = json!(bound.value());
            object["current"] = json!(value);
        }
        What::Status { before, after, error } => {
            object["baseline"] = before.map(|status| status.name()).into();
            object["current"] = after.map(|status| status.name()).into();
            object["error"] = error.clone().into();
        }
    }
    object
}
