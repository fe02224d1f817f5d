//! The paces of traces.

use super::{catalog, error, plan_text};
use crate::plan::{Flags, Plan, Source, plan};

#[test]
fn a_pace_is_that_of_a_trace() {
    let of = |cells: &str| format!("paces = [\"trace*1000\", \"trace\"]\n[[cells]]\nmap = \"std\"\n{cells}");
    let traced = plan_text(&of("trace = \"t.csv\"\n"), &Flags::default()).unwrap();
    let stamps = |plan: &Plan| match &plan.cells[0].workload.source {
        Source::Trace(trace) => trace.reading.stamps,
        Source::Generated { .. } => unreachable!(),
    };
    assert_eq!((&*traced.paces, stamps(&traced)), (&[1, 1000][..], true));
    let without = plan_text("[[cells]]\nmap = \"std\"\ntrace = \"t.csv\"\n", &Flags::default()).unwrap();
    assert!(!stamps(&without));
    let what = "is the pace of a trace, and no cell has one: give --trace, or arrivals at a rate, as --rate 1e5";
    let generated = of("keys = \"uniform\"\nmix = \"fill\"\nops = 10\n");
    assert_eq!(error(&generated), format!("my.toml:1: paces: {what}"));
    let flags = Flags::from([("paces", "trace"), ("map", "std")]);
    assert_eq!(plan(&[], &flags, &catalog()).unwrap_err().to_string(), format!("--pace: {what}"));
    let error = error(&format!("passes = [\"count\"]\n{}", of("trace = \"t.csv\"\n")));
    assert_eq!(error, "my.toml:2: paces: needs the time pass, which is not among the passes");
}
