//! JSON, SVG and text of maps small and large.

use mapscope::inspect::text::{self, Style};
use mapscope::inspect::{Moment, Session, Source};
use mapscope::replay::{Entries, Recording, Setup};
use mapscope::run::Subjects;
use unicode_width::UnicodeWidthStr as _;

use super::{data, golden, inspect, inspect_json, list, number, slots, word};
use crate::cli_process::Place;

#[test]
fn a_document_has_the_fields_that_are_documented() {
    let path = data("inspect-swiss-13.csv");
    let document = inspect_json(&["--map", "go-swiss", "--trace", &path, "--at", "13", "--watch", "key=5"]);
    let names = |value: &serde_json::Value| value.as_object().expect("fields").keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&document), ["entry", "map", "meanings", "moments", "schema", "steps", "workload"]);
    assert_eq!(document["schema"], 1);
    let moment = &list(&document["moments"])[0];
    assert_eq!(names(moment), ["header", "last", "operation", "so_far", "tables"]);
    let table = &list(&moment["tables"])[0];
    assert_eq!(names(table), ["fields", "frontier", "name", "number", "old", "rows", "summary"]);
    assert_eq!(
        names(&table["fields"]),
        ["capacity", "directory_entries", "growth_left", "index", "local_depth", "tombstones", "used"]
    );
    let full = slots(moment).find(|(.., slot)| slot["mark"] == "full").expect("an entry");
    assert_eq!(names(full.4), ["byte", "key", "mark", "probed_groups", "value"]);
    let step = list(&document["steps"]).last().expect("a step");
    assert_eq!(names(step), ["action", "from", "key", "keys", "kind", "operation", "text", "to", "watch"]);
    assert_eq!((word(&step["kind"]), number(&step["operation"])), ("removed", 13));
    // Every figure has a meaning, and no meaning is of something else.
    let meant = |group: &str| {
        let list = list(&document["meanings"][group]).iter();
        let mut names: Vec<_> = list.map(|it| word(&it["name"]).to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(meant("header"), names(&moment["header"]));
    assert_eq!(meant("so_far"), names(&moment["so_far"]));
    assert_eq!(meant("tables"), names(&table["fields"]));
}

#[test]
fn keys_that_are_text_are_shown_as_text() {
    let args = ["--map", "go-classic", "--entry", "string(24)/u64", "--keys", "sequential", "--at", "3"];
    let document = inspect_json(&args);
    let texts: Vec<_> = slots(&list(&document["moments"])[0])
        .filter_map(|(.., slot)| slot.get("key_text").map(|text| (number(&slot["key"]), word(text).to_owned())))
        .collect();
    assert_eq!(texts, [0, 1, 2].map(|id| (id, format!("user{id:020}"))));
    assert!(inspect(&args).contains(" \"user…000002\""));
    assert!(inspect(&[&args[..], &["--values"]].concat()).contains(" \"user…000002\"=3"));
}

/// Values are made of the number of the operation that put them, as in `run`; of a trace's, of the key.
#[test]
fn values_tell_who_put_them() {
    let args = ["--map", "go-swiss", "--keys", "sequential", "--mix", "mix(insert=100,remove=0,get=0,records=3)"];
    let document = inspect_json(&[&args[..], &["--at", "9"]].concat());
    let values: Vec<_> = slots(&list(&document["moments"])[0]).filter_map(|(.., slot)| slot.get("value")).collect();
    assert_eq!(values.len(), 3);
    assert!(values.iter().any(|value| number(value) == 9), "{values:?}");
    let path = data("inspect-swiss-13.csv");
    let document = inspect_json(&["--map", "go-swiss", "--trace", &path, "--at", "12"]);
    assert!(slots(&list(&document["moments"])[0]).all(|(.., slot)| slot.get("key") == slot.get("value")));
}

/// Names of open tags, in order; panics when one is closed that is not open.
fn well_formed(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    for tag in svg.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').expect("a tag ends");
        assert!(!text.contains('&') || text.contains(';'), "{text}");
        let name = tag.trim_start_matches('/').split([' ', '/']).next().expect("a name");
        match (tag.starts_with('/'), tag.ends_with('/')) {
            (true, _) => assert_eq!(open.pop(), Some(name)),
            (false, true) => {}
            (false, false) => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn pictures_of_one_bucket_and_of_thousands_show_every_entry() {
    for (map, n, rows) in [
        ("go-classic", 5, 1),
        ("go-classic", 110, 16),
        ("go-swiss", 900, 128),
        ("go-classic", 9000, 2048),
        ("go-swiss", 14000, 2048),
    ] {
        let args = ["--map", map, "--keys", "sequential", "--at", &n.to_string()];
        let svg = inspect(&[&args[..], &["--format", "svg"]].concat());
        well_formed(&svg);
        let document = inspect_json(&args);
        let moment = &list(&document["moments"])[0];
        let listed: usize = list(&moment["tables"]).iter().map(|table| list(&table["rows"]).len()).sum();
        assert!(listed >= rows, "{map} {n}: {listed}");
        // Each row's title names its keys.
        let titles = svg.split("<title>").filter(|title| title.contains(" entries: "));
        let keys =
            titles.map(|title| title.split("</title>").next().expect("an end").split(", ").count()).sum::<usize>();
        let stages = svg.matches(", to be evacuated: ").count();
        assert_eq!(keys - stages_with_entries(&svg), n, "{map} {n} {stages}");
        let width: f64 = svg
            .split("width=\"")
            .nth(1)
            .and_then(|it| it.split('"').next())
            .expect("a width")
            .parse()
            .expect("a number");
        assert!((700.0..2700.0).contains(&width), "{map} {n}: {width}");
        assert!(svg.len() < 4_000_000, "{map} {n}: {} bytes", svg.len());
    }
}

/// Rows with entries whose title has a comma before these: that of their stage.
fn stages_with_entries(svg: &str) -> usize {
    let titles = svg.split("<title>").filter_map(|title| title.split("</title>").next());
    titles.filter(|title| title.contains(" entries: ") && title.contains(", to be evacuated: ")).count()
}

#[test]
fn what_is_watched_is_outlined() {
    let path = data("inspect-classic-same-size.csv");
    let args = ["--map", "go-classic", "--trace", &path, "--at", "99", "--format", "svg"];
    let outlines =
        |watched: &[&str]| inspect(&[&args[..], watched].concat()).matches("fill=\"none\" stroke=\"#0a5a9c\"").count();
    assert_eq!(outlines(&[]), 0);
    assert_eq!(outlines(&["--watch", "bucket=5"]), 2, "old and new");
    assert_eq!(outlines(&["--watch", "key=17"]), 1);
    assert!(inspect(&args).contains(">nevacuate = 2</text>"));
}

#[test]
fn the_states_of_entries_are_told_apart_in_a_picture() {
    let mix = "mix(insert=40,remove=35,get=25)";
    // A tenth of the operations are keys, none of which is there at first.
    let args = ["--map", "go-syncmap(go=1.23)", "--keys", "sequential", "--mix", mix, "--ops", "120", "--at", "57"];
    let svg = inspect(&[&args[..], &["--format", "svg"]].concat());
    let document = inspect_json(&args);
    for (note, sign) in [("deleted", '†'), ("expunged", '‡')] {
        let slots = slots(&list(&document["moments"])[0]).filter(|(.., slot)| slot["note"] == note).count();
        assert!(slots > 0, "no entry is {note}");
        // And once in the legend.
        assert_eq!(svg.matches(&format!("{sign}</text>")).count(), slots + 1, "{note}");
    }
}

/// The picture in docs/INSPECT.md.
#[test]
fn the_picture_of_the_docs_is_the_one_drawn() {
    let path = data("inspect-classic-same-size.csv");
    let args = ["--map", "go-classic", "--trace", &path, "--at", "99", "--watch", "bucket=5", "--format", "svg"];
    golden("../../../docs/inspect-same-size.svg", &inspect(&args));
}

#[test]
fn a_file_is_written_whole_and_stdout_is_the_same() {
    let place = Place::new();
    for format in ["text", "json", "svg"] {
        let args = ["inspect", "--map", "go-swiss", "--at", "20", "--format", format];
        let printed = place.run(&args);
        let written = place.run(&[&args[..], &["--out", format, "-q"]].concat());
        assert_eq!((written.code, written.stdout.as_str(), written.left.len()), (Some(0), "", 1), "{}", written.stderr);
        assert_eq!(std::fs::read_to_string(place.path().join(format)).expect("a file"), printed.stdout);
        assert!(!printed.stdout.contains('\x1b'));
    }
}

fn moment(map: &str, release: Option<&'static str>, trace: &str, operations: usize) -> Moment {
    let recording = Recording::open(data(trace).as_ref(), &Default::default()).expect("a recording");
    let setup = Setup {
        entries: Entries::Shape("u64/u64"),
        hashed: true,
        hint: 0,
        load_factor: None,
        release,
        seed: Setup::SEED,
        memory_bytes: u64::MAX,
    };
    let model = Subjects::builtin().player(map, &setup).expect("a model");
    let mut session = Session::start(model, Source::recording(recording)).expect("a map");
    (0..operations).for_each(|_| _ = session.step().expect("an operation"));
    session.moment().expect("a moment")
}

#[test]
fn text_fits_the_terminal_and_colours_change_nothing_else() {
    for (map, release, trace, operations) in [
        ("go-classic", None, "inspect-classic-same-size.csv", 99),
        ("go-classic", None, "classic-u64-u64-h0-brim-3000.csv.gz", 2100),
        ("go-swiss", None, "swiss-u64-u64-h0-brim-3000.csv.gz", 2100),
        ("go-syncmap", Some("1.23"), "inspect-syncmap-13.csv", 13),
        ("go-syncmap", None, "synctrie-u64-u64-go1.27collide-1500-s34.csv.gz", 140),
    ] {
        let moment = moment(map, release, trace, operations);
        for (width, all) in [(60, false), (80, false), (80, true), (120, false), (200, true)] {
            let plain = text::render(&moment, map, Style { width, colour: false, all, values: false });
            for line in plain.lines() {
                assert!(line.width() <= width, "{map} {width}: {line}");
                assert_eq!(line, line.trim_end());
            }
            let coloured = text::render(&moment, map, Style { width, colour: true, all, values: false });
            let mut stripped = String::new();
            for part in coloured.split("\x1b[") {
                stripped.push_str(if stripped.is_empty() { part } else { part.split_once('m').expect("a colour").1 });
            }
            let lines = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
            // The text begins with a colour.
            let stripped =
                stripped.split_once('m').filter(|_| coloured.starts_with('\x1b')).map_or(&*stripped, |(_, rest)| rest);
            assert_eq!(lines(stripped).len(), lines(&plain).len());
            assert!(coloured.len() > plain.len());
        }
        let rows = |all| {
            let text = text::render(&moment, map, Style { width: 120, colour: false, all, values: false });
            text.lines().filter(|line| line.starts_with("  bucket ") || line.starts_with("  group ")).count()
        };
        let of: usize = moment.anatomy.tables.iter().map(|table| table.row_count).sum();
        assert_eq!(rows(true), of, "{map}");
        assert!(rows(false) <= 64, "{map}");
    }
}

#[test]
fn a_map_of_one_s_own_choice_of_words_can_be_read_from_stdin() {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    let mut child = Command::new(env!("CARGO_BIN_EXE_mapscope"))
        .args(["inspect", "--map", "go-classic", "--trace", "-", "--at", "end"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    child.stdin.take().expect("a pipe").write_all(b"op,key\ninsert,7\ninsert,8\nremove,7\n").expect("written");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(
        text.contains("after operation 3: remove 7") && text.contains("buckets: 1 bucket, 1 entry in 8 slots"),
        "{text}"
    );
}

/// Each command of the page, run, prints what stands below it.
#[test]
fn the_output_in_the_docs_is_real() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/INSPECT.md")).expect("the page");
    let (mut renewed, mut shown) = (String::new(), 0);
    for (n, part) in page.split("```").enumerate() {
        if n > 0 {
            renewed.push_str("```");
        }
        let command = part.strip_prefix("text\n$ mapscope inspect ").and_then(|rest| rest.lines().next());
        let Some(command) = command else {
            renewed.push_str(part);
            continue;
        };
        let mut process = std::process::Command::new(env!("CARGO_BIN_EXE_mapscope"));
        let output = process.arg("inspect").args(command.split(' ')).current_dir(root).output().expect("it starts");
        let printed = String::from_utf8(output.stdout).expect("UTF-8");
        renewed.push_str(&format!("text\n$ mapscope inspect {command}\n{printed}"));
        shown += 1;
    }
    assert_eq!(shown, 8);
    golden("../../../docs/INSPECT.md", &renewed);
}
