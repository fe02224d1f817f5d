//! Where the table grew and where most entries moved: found by the operations alone.

use serde_json::Value;

use super::{data, list, number};
use crate::cli_process::Place;

/// The moments, and what standard error says of them.
fn at(moments: &str, more: &[&str]) -> (Vec<Value>, String) {
    let args = ["inspect", "--at", moments, "--format", "json"];
    let outcome = Place::new().run(&[&args, more].concat());
    assert_eq!(outcome.code, Some(0), "{more:?}: {}", outcome.stderr);
    let whole: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    (list(&whole["moments"]).to_vec(), outcome.stderr)
}

fn so_far(moment: &Value, name: &str) -> u64 {
    number(&moment["so_far"][name])
}

#[test]
fn growths_are_found_in_their_order_and_so_is_the_stall() {
    let args = ["--map", "go-swiss", "--keys", "sequential", "--ops", "2000"];
    let (all, _) = at("1..899", &args);
    let grown = |moment: &Value| so_far(moment, "grow_events") + so_far(moment, "split_events");
    for number_of in [1, 3, 5] {
        let (moments, told) = at(&format!("growth={number_of}"), &args);
        let operation = number(&moments[0]["operation"]) as usize;
        assert_eq!(told, format!("growth {number_of}: operation {operation}, insert {}\n", operation - 1));
        // It is as many growths after it, and one fewer before.
        assert_eq!(grown(&moments[0]), number_of);
        assert!(operation == 1 || grown(&all[operation - 2]) == number_of - 1, "{operation}");
    }
    let (moments, told) = at("stall", &args);
    assert_eq!(told, "stall: operation 897, insert 896\n", "a table of 1,024 slots is split, 896 of them full");
    assert_eq!(so_far(&moments[0], "moved_entries") - so_far(&all[895], "moved_entries"), 896);
}

#[test]
fn a_trace_is_read_twice_for_them() {
    let trace = data("inspect-classic-13.csv");
    let (moments, _) = at("growth=2,stall,2", &["--map", "go-classic", "--trace", &trace]);
    let operations: Vec<u64> = moments.iter().map(|moment| number(&moment["operation"])).collect();
    assert!(operations.is_sorted() && operations[0] == 2 && (2..=3).contains(&operations.len()), "{operations:?}");
}
