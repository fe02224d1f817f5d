//! The HTML report as a file: what it carries, that it asks nobody for anything, and that names do no harm.

use std::collections::BTreeMap;
use std::io::Read as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::read::ZlibDecoder;
use mapscope::probe::event::Cause;
use mapscope::record::{
    AllocStack, Frame, HeatMap, Moment, Moments, OpKind, Profile, Results, Spell, Status, TableEvent, Timeline, metrics,
};
use mapscope::report::FORMATS;
use serde_json::{Value, json};

use crate::report_text::fixture;

fn html(results: &Results) -> String {
    let format = FORMATS.iter().find(|row| row.name == "html").expect("the format");
    let mut files = Vec::new();
    let mut emit = |path: &str, bytes: &[u8]| {
        files.push((path.to_owned(), bytes.to_vec()));
        Ok(())
    };
    (format.render)(results, &mut emit).expect("rendered");
    let [(path, bytes)] = files.try_into().expect("one file");
    assert_eq!(path, "index.html");
    String::from_utf8(bytes).expect("UTF-8")
}

/// The chunks of data in a page, unpacked as the page unpacks them.
fn chunks(page: &str) -> BTreeMap<String, Value> {
    let scripts = page.split("<script type=\"application/octet-stream\" id=\"").skip(1);
    let chunk = |script: &str| {
        let (name, rest) = script.split_once("\">").expect("a name");
        let deflated = BASE64_STANDARD.decode(rest.split('<').next().expect("content")).expect("base64");
        let mut plain = String::new();
        ZlibDecoder::new(deflated.as_slice()).read_to_string(&mut plain).expect("deflated");
        (name.to_owned(), serde_json::from_str(&plain).expect("JSON"))
    };
    scripts.map(chunk).collect()
}

fn texts<'a>(values: &'a Value, field: &str) -> Vec<&'a str> {
    values.as_array().expect("a list").iter().map(|value| value[field].as_str().expect("a text")).collect()
}

#[test]
fn every_metric_of_every_cell_is_in_the_page() {
    let results = fixture::record();
    let page = html(&results);
    let overview = &chunks(&page)["overview"];
    let names = texts(&overview["metrics"], "name");
    let registered: Vec<_> = metrics::all().iter().map(|metric| metric.name).collect();
    assert!(names.starts_with(&registered), "{names:?}");
    for (index, metric) in metrics::all().iter().enumerate() {
        assert_eq!(overview["metrics"][index]["summary"], metric.summary);
        assert!(page.contains(&format!("id=\"metric-{}\"", metric.name)), "{} is explained", metric.name);
        for (position, cell) in overview["cells"].as_array().expect("cells").iter().enumerate() {
            let identity =
                |other: &&mapscope::record::Cell| serde_json::to_value(&other.id).expect("JSON") == cell["id"];
            let recorded = results.cells.iter().find(identity).expect("a cell of the record");
            let expected = metric.value(recorded).filter(|_| recorded.status == Status::Ok);
            let shown = &overview["values"][index][position];
            assert_eq!(shown.as_f64(), expected.map(metrics::Number::as_f64), "{} of {}", metric.name, recorded.id);
        }
    }
    assert_eq!(overview["cells"].as_array().map(Vec::len), Some(results.cells.len()));
    assert_eq!(overview["values"].as_array().map(Vec::len), Some(names.len()));
}

#[test]
fn what_failed_says_why_and_has_no_figures() {
    let page = html(&fixture::record());
    let chunks = chunks(&page);
    let overview = &chunks["overview"];
    let failed =
        texts(&overview["cells"], "status").iter().position(|&status| status == "panicked").expect("a failed cell");
    assert!(overview["values"].as_array().expect("values").iter().all(|values| values[failed].is_null()));
    assert!(page.contains("1 of 10 cells failed"));
    assert!(page.contains("the map panicked at `swap_remove`: index 4 | length 3"));
    assert!(html(&fixture::whole()).contains("all 9 cells ok"));
}

#[test]
fn three_things_stand_out_each_of_another_kind() {
    let page = html(&fixture::undisturbed(fixture::whole()));
    let overview = &chunks(&page)["overview"];
    let subjects = texts(&overview["findings"], "subject");
    assert_eq!(subjects.len(), 3, "{subjects:?}");
    assert!(subjects.iter().all(|subject| subjects.iter().filter(|other| *other == subject).count() == 1));
    for text in texts(&overview["findings"], "text") {
        assert!(page.contains(&text.replace('\'', "&#x27;")), "{text}");
    }
    let failing = &chunks(&html(&fixture::undisturbed(fixture::record())))["overview"];
    let subjects = texts(&failing["findings"], "subject");
    assert!(subjects.len() == 3 && !subjects.contains(&"failures"), "what failed is said above them: {subjects:?}");
    assert!(html(&fixture::results(Vec::new())).contains("Nothing: no two cells"));
}

/// First of all the page says what was run, in a sentence, with figures; scripts or not.
#[test]
fn what_was_run_is_said_in_a_sentence() {
    let what = |results: &Results| {
        let page = html(results);
        let (_, rest) = page.split_once("id=\"what\">").expect("the sentence");
        assert!(!rest.contains("id=\"what\"") && rest.contains("id=\"findings\""), "before what stands out");
        rest.split_once("</p>").expect("its end").0.to_owned()
    };
    let mut results = fixture::whole();
    let maps = "go-classic, std, hashbrown, indexmap and btree";
    let on = "workloads of 100,000 operations each, counted, timed and profiled on";
    assert_eq!(what(&results), format!("{maps} on 2 {on} Example CPU | 2 GHz."));
    results.cells[0].id.ops = 2000;
    assert!(what(&results).contains(" workloads of 2,000 to 100,000 operations each, "), "{}", what(&results));
    results.cells.truncate(1);
    results.cells[0].profile = None;
    assert!(what(&results).starts_with("go-classic on uniform fill, 2,000 operations, counted and timed on"));
    assert!(!html(&fixture::results(Vec::new())).contains("id=\"what\""), "nothing was run");
}

#[test]
fn the_page_needs_nothing_beside_it() {
    let page = html(&fixture::record());
    assert!(page.contains(
        "Content-Security-Policy\" content=\"default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline';"
    ));
    for loading in
        ["src=\"", "href=\"http", "url(http", "@import", "<link", "<img", "<iframe", "fetch(", "XMLHttpRequest"]
    {
        let own = page.split("<script>").next().expect("markup").matches(loading).count();
        assert_eq!(own, 0, "{loading}");
    }
    assert_eq!(page, html(&fixture::record()), "the same every time");
}

#[test]
fn names_do_no_harm() {
    const HOSTILE: &str = "</script><b>'\"&";
    let mut results = fixture::record();
    results.profile = HOSTILE.to_owned();
    results.environments[0].cpu = HOSTILE.to_owned();
    for cell in &mut results.cells {
        cell.id.map = format!("{HOSTILE}{}", cell.id.map);
        cell.error = Some(HOSTILE.to_owned());
        cell.map_version = HOSTILE.to_owned();
        for frame in cell.profile.iter_mut().flat_map(|profile| &mut profile.frames) {
            frame.function = HOSTILE.to_owned();
        }
    }
    let page = html(&results);
    assert!(!page.contains(HOSTILE) && !page.contains("<b>'"), "nothing of it is markup");
    let tags = |page: &str| page.matches("<script").count();
    assert_eq!(tags(&page), tags(&html(&fixture::record())), "as many scripts as ever");
    let overview = &chunks(&page)["overview"];
    assert!(texts(&overview["cells"], "label").iter().all(|label| label.starts_with(HOSTILE)), "and it is what it was");
}

#[test]
fn latencies_are_curves_by_kind_and_cause() {
    let mut results = fixture::whole();
    results.cells.truncate(1);
    results.cells[0].time.as_mut().expect("timed").histograms = vec![
        fixture::histogram(OpKind::Insert, Cause::Steady, &[(20, 989), (50, 10)]),
        fixture::histogram(OpKind::Insert, Cause::Grow, &[(900, 1)]),
        fixture::histogram(OpKind::Remove, Cause::Steady, &[(30, 1000)]),
    ];
    let chunks = chunks(&html(&results));
    let quantiles = chunks["overview"]["quantiles"].as_array().expect("quantiles");
    assert_eq!((quantiles.len(), quantiles[0].as_f64()), (61, Some(0.0)));
    let at = |nines: usize| 12 * nines;
    assert!((quantiles[at(3)].as_f64().expect("a number") - 0.999).abs() < 1e-12);
    let curves = chunks["latency-0"][0].as_array().expect("curves");
    let find = |kind: Value, cause: Value| {
        curves.iter().find(|curve| curve["kind"] == kind && curve["cause"] == cause).expect("the curve")
    };
    let inserts = find(json!("insert"), Value::Null);
    assert_eq!((&inserts["count"], &inserts["max_ns"]), (&json!(1000), &json!(900)));
    assert_eq!((&inserts["ns"][0], &inserts["ns"][at(1)], &inserts["ns"][at(2)]), (&json!(20), &json!(20), &json!(50)));
    assert_eq!(inserts["ns"].as_array().map(Vec::len), Some(at(3) + 1), "a thousand operations tell p99.9 and no more");
    assert_eq!(find(json!("insert"), json!("grow"))["ns"], json!([900]));
    assert_eq!(find(Value::Null, Value::Null)["count"], json!(2000), "writes of every kind");
    assert_eq!(find(Value::Null, json!("steady"))["count"], json!(1999));
    assert_eq!(curves.len(), 3 + 3 + 2);
}

#[test]
fn each_cell_says_what_its_latencies_are_of_and_the_longest_write_is_beside_lookups() {
    let mut results = fixture::whole();
    let cell = &mut results.cells[6];
    (cell.expected.gets, cell.expected.overwrites) = (90_000, 10_000);
    results.cells = vec![results.cells[0].clone(), results.cells[6].clone()];
    let overview = &chunks(&html(&results))["overview"];
    assert_eq!(texts(&overview["cells"], "latencies_of"), ["inserts", "lookups"]);
    let place =
        texts(&overview["metrics"], "name").iter().position(|&name| name == "writes_max_ns").expect("the metric");
    let longest = overview["values"][place].as_array().expect("a value a cell");
    assert!(longest[0].is_null() && longest[1].as_u64().is_some_and(|ns| ns >= 39_000), "{longest:?}");
}

#[test]
fn a_stall_of_a_write_is_of_the_metric_that_has_the_longest_write() {
    let mut results = fixture::undisturbed(fixture::whole());
    results.cells.truncate(5);
    let subjects = |results: &Results| {
        let overview = &chunks(&html(results))["overview"];
        let findings = overview["findings"].as_array().expect("findings").iter();
        let stalls =
            findings.filter(|finding| finding["text"].as_str().is_some_and(|text| text.contains(" slowest write")));
        stalls.map(|finding| finding["subject"].as_str().expect("a metric").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(subjects(&results), ["latency_max_ns"]);
    results.cells.iter_mut().for_each(|cell| cell.expected.gets = 2 * cell.id.ops);
    assert_eq!(subjects(&results), ["writes_max_ns"]);
}

#[test]
fn stacks_are_trees_that_add_up() {
    let mut results = fixture::whole();
    results.cells.truncate(1);
    let frame = |function: &str| Frame { function: function.to_owned(), file: None, line: None };
    let stack = |stack: &[u32], alloc_bytes| AllocStack {
        stack: stack.to_vec(),
        alloc_count: 1,
        alloc_bytes,
        live_count: Some(0),
        live_bytes: Some(0),
    };
    results.cells[0].profile = Some(Profile {
        frames: ["hashbrown::map::HashMap::insert", "grow", "tiny", "small"].map(frame).to_vec(),
        alloc: vec![stack(&[0, 1], 99_000), stack(&[0], 900), stack(&[0, 2], 60), stack(&[0, 3], 40)],
        ..Profile::default()
    });
    let chunks = chunks(&html(&results));
    let names = &chunks["functions"];
    assert_eq!(names[1], json!(["hashbrown::HashMap::insert", "map"]));
    assert_eq!(names[2], json!(["grow", "callee"]));
    // `[function, weight, below]`; 60 and 40 of 100,000 are less than a pixel each.
    assert_eq!(chunks["stacks-0"], json!({ "alloc": [[1, 100_000, [[2, 99_000], [0, 100]]]] }));
    assert_eq!(chunks["overview"]["cells"][0]["stacks"], json!(["alloc"]));
}

#[test]
fn what_went_on_meanwhile_is_in_the_page_as_recorded() {
    let mut results = fixture::whole();
    let event = TableEvent { op: 7, cause: Cause::Grow, alloc_bytes: 64, moved_entries: 7 };
    let timeline = Timeline {
        ops_per_point: 10,
        entries: vec![10, 20],
        held_bytes: vec![160, 320],
        peak_bytes: vec![200, 480],
        capacity: None,
        events: vec![event],
        events_left_out: 3,
    };
    let heat = HeatMap { ops_per_column: 10, columns: vec![vec![(8, 10)], vec![(8, 9), (40, 1)]] };
    assert!(!chunks(&html(&results)).contains_key("course-0"), "nothing was kept");
    results.cells[1].count.as_mut().expect("counted").timeline = Some(timeline.clone());
    results.cells[1].time.as_mut().expect("timed").heat = Some(heat.clone());
    let courses = &chunks(&html(&results))["course-0"];
    assert_eq!(courses[0], json!({}));
    assert_eq!(courses[1], json!({ "timeline": timeline, "heat": heat }));

    let moment = |op, cause, ns| Moment {
        op,
        start_ns: 100 * op,
        ns,
        kind: OpKind::Insert,
        cause,
        alloc_bytes: 0,
        moved_entries: 0,
    };
    // The shortest of 65 growths is one too many for a chart.
    let operations = (0..65).map(|op| moment(op, Cause::Grow, 99 - op)).chain([moment(70, Cause::Steady, 5)]).collect();
    let spell = Spell { first_op: 7, last_op: 9, start_ns: 0, end_ns: 9, moving_ops: 2, moved_entries: 8 };
    let moments = Moments { ops_per_point: 10, operations, spells: vec![spell], ..Moments::default() };
    results.cells[1].time.as_mut().expect("timed").moments = Some(moments);
    let marks = &chunks(&html(&results))["course-0"][1]["marks"];
    assert_eq!(marks["spells"], json!([[7, 9, 8]]));
    let told = marks["operations"].as_array().expect("a list");
    assert_eq!(
        (told.len(), &told[0], &told[63], &told[64]),
        (65, &json!([0, "grow", 99]), &json!([63, "grow", 36]), &json!([70, "steady", 5]))
    );
}

/// A cell that failed after its passes were done has figures in the record; none of them is held against others'.
#[test]
fn a_failed_cell_has_no_figures_anywhere() {
    let mut results = fixture::record();
    let (index, cell) = (results.cells.iter_mut().enumerate())
        .find(|(_, cell)| cell.count.is_some() && cell.time.is_some() && cell.profile.is_some())
        .expect("a cell with every pass");
    cell.count.as_mut().expect("counted").distributions.occupancy = Some(vec![1, 2]);
    cell.count.as_mut().expect("counted").timeline = Some(Timeline { ops_per_point: 1, ..Timeline::default() });
    cell.time.as_mut().expect("timed").heat = Some(HeatMap { ops_per_column: 1, columns: vec![vec![(3, 1)]] });
    let id = serde_json::to_value(&cell.id).expect("JSON");
    let find = |data: &BTreeMap<String, Value>| {
        let cells = data["overview"]["cells"].as_array().expect("cells").clone();
        let place = cells.iter().position(|cell| cell["id"] == id).expect("the cell");
        let group = cells[place]["group"].as_u64().expect("a group");
        let first = cells.iter().position(|cell| cell["group"] == group).expect("a cell");
        (place, cells[place].clone(), group, place - first)
    };
    let data = chunks(&html(&results));
    let (_, shown, group, position) = find(&data);
    assert_eq!(shown["distributions"], json!({ "occupancy": [[0, 1], [1, 2]] }));
    assert_ne!(data[&format!("latency-{group}")][position], json!([]));
    assert_ne!(data[&format!("course-{group}")][position], json!({}));

    results.cells[index].status = Status::WrongContent;
    let data = chunks(&html(&results));
    let (place, shown, group, position) = find(&data);
    assert_eq!((&shown["distributions"], &shown["stacks"]), (&Value::Null, &json!([])));
    assert!(!data.contains_key(&format!("stacks-{place}")));
    for name in ["latency", "course"] {
        let of_group = data.get(&format!("{name}-{group}"));
        assert!(of_group.is_none_or(|all| all[position] == json!([]) || all[position] == json!({})), "{name}");
    }
}
