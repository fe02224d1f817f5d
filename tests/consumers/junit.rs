//! JUnit XML, by the shape that Jenkins publishes for it (its `junit-10.xsd`), read with Python's own XML parser.

use mapscope::gate::{Judged, Policy, compare, find};
use mapscope::record::{Status, metrics};

use super::python::run;
use super::{results, write};

/// Checks the shape, and prints what it counts.
const SCRIPT: &str = r#"
import sys
from xml.etree import ElementTree

ATTRIBUTES = {
    "testsuites": {"name", "time", "tests", "failures", "disabled", "errors", "skipped"},
    "testsuite": {"name", "tests", "failures", "errors", "time", "disabled", "skipped", "timestamp", "hostname", "id", "package"},
    "testcase": {"name", "assertions", "time", "timestamp", "classname", "status", "class", "file", "line"},
    "failure": {"type", "message"}, "error": {"type", "message"}, "skipped": {"type", "message"},
    "properties": set(), "property": {"name", "value"}, "system-out": set(), "system-err": set(),
}
CHILDREN = {
    "testsuites": ["testsuite"],
    "testsuite": ["properties", "testcase", "system-out", "system-err"],
    "testcase": ["skipped", "error", "failure", "system-out", "system-err"],
    "properties": ["property"],
}
REQUIRED = {"testsuite": {"name"}, "testcase": {"name", "classname"}, "property": {"name", "value"}, "failure": {"type", "message"}}

def check(element):
    assert element.tag in ATTRIBUTES, element.tag
    extra = set(element.attrib) - ATTRIBUTES[element.tag]
    missing = REQUIRED.get(element.tag, set()) - set(element.attrib)
    assert not extra and not missing, (element.tag, extra, missing)
    places = [CHILDREN.get(element.tag, []).index(child.tag) for child in element]
    assert places == sorted(places), (element.tag, places)
    for child in element:
        check(child)

for path in sys.argv[1:]:
    root = ElementTree.parse(path).getroot()
    assert root.tag == "testsuites"
    check(root)
    for suite in root:
        cases = suite.findall("testcase")
        counted = [len(cases)] + [sum(case.find(tag) is not None for case in cases) for tag in ("failure", "error", "skipped")]
        said = [int(suite.get(name)) for name in ("tests", "failures", "errors", "skipped")]
        assert counted == said, (counted, said)
        assert len({(case.get("classname"), case.get("name")) for case in cases}) == len(cases)
        print(suite.get("name"), *counted)
"#;

#[test]
fn a_run_has_the_shape_of_junit() {
    let folder = tempfile::tempdir().unwrap();
    let mut results = results();
    results.cells[0].status = Status::Panicked;
    results.cells[0].error = Some("]]> <b> & \"'\u{1b}[31m\u{0}\nsecond line".to_owned());
    let cells = results.cells.len();
    let not_run = results.cells.iter().filter(|cell| cell.status == Status::NotRun).count();
    let paths = write("junit", &results, folder.path());
    assert_eq!(paths, ["junit.xml"]);
    let Some(printed) = run(&["xml.etree"], folder.path(), SCRIPT, &["junit.xml"]) else { return };
    assert_eq!(printed, format!("mapscope {} {cells} 1 0 {not_run}\n", results.profile));
}

#[test]
fn a_verdict_has_the_shape_of_junit() {
    let folder = tempfile::tempdir().unwrap();
    let baseline = results();
    let mut current = results();
    current.cells[0].expected.inserts += 1;
    let verdict = compare(&baseline, &current, &Policy::default(), metrics::all());
    let judged = Judged::new(&baseline, &current, &verdict);
    let xml = (find("junit").expect("the format").render)(&judged).expect("rendered");
    std::fs::write(folder.path().join("gate.xml"), xml).unwrap();
    let Some(printed) = run(&["xml.etree"], folder.path(), SCRIPT, &["gate.xml"]) else { return };
    let unjudged = baseline.cells.iter().filter(|cell| cell.status != Status::Ok).count();
    assert_eq!(printed, format!("mapscope gate {} 1 0 {unjudged}\n", baseline.cells.len()));
}
