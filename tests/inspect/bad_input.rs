//! What can't be inspected is refused with what to do, and nothing is left behind.

use super::data;
use crate::cli_process::Place;

#[test]
fn bad_input_is_named_and_leaves_nothing() {
    let classic = data("inspect-classic-13.csv");
    let cases: &[(&[&str], &str)] = &[
        (&["--map", "btree", "--at", "1"], "--map: btree can't be inspected; these can: go-classic, "),
        (&["--map", "go-clasic", "--at", "1"], "did you mean \"go-classic\"?"),
        (&["--map", "go-runtime", "--at", "1"], "--map: go-runtime can't be inspected; these can: go-classic, "),
        (&["--map", "go-classic,go-swiss", "--at", "1"], "the flags name 2: give one value each"),
        (&["--map", "go-classic"], "--at <N>"),
        (&["--map", "go-classic", "--at", "x"], "expected N, A..B, end, growth, growth=N or stall"),
        (&["--map", "go-classic", "--at", "growth=0"], "growth=0: growths count from 1"),
        (
            &["--map", "go-classic", "--ops", "20", "--at", "growth=9"],
            "--at growth=9: the table grew 3 times in 20 operations",
        ),
        (&["--map", "go-classic", "--ops", "3", "--at", "stall"], "--at stall: no entry moved in 3 operations"),
        (&["--map", "go-classic", "--at", "growth", "--trace", "-"], "standard input can be read once: give a file"),
        (&["--map", "go-classic", "--at", "growth,stall", "--watch", "key=1"], "--at: with --watch, give one number"),
        (&["--map", "go-classic", "--at", "9..3"], "9..3 is empty: write the smaller number first"),
        (&["--map", "go-classic", "--at", "0..1000"], "more than 1000 moments"),
        (
            &["--map", "go-classic", "--ops", "20", "--at", "30"],
            "--at: there are 20 operations, and 30 is beyond them: give 0 to 20, or end",
        ),
        (
            &["--map", "go-classic", "--trace", &classic, "--at", "14"],
            "--at: there are 13 operations, and 14 is beyond them",
        ),
        (
            &["--map", "go-classic", "--at", "9", "--watch", "group=1"],
            "--watch group=1: go-classic has buckets, not groups: write bucket=I",
        ),
        (&["--map", "go-swiss", "--at", "9", "--watch", "bucket=1"], "go-swiss has groups, not buckets"),
        (&["--map", "go-classic", "--at", "9", "--watch", "table=1"], "go-classic has no numbered tables"),
        (&["--map", "go-classic", "--at", "9", "--watch", "bucket=0/1"], "go-classic has no numbered tables"),
        (
            &["--map", "go-classic", "--at", "100", "--watch", "bucket=16"],
            "--watch bucket=16: up to operation 100 the map had at most 16 buckets, counted from 0",
        ),
        (&["--map", "go-swiss", "--at", "100", "--watch", "group=0/16"], "table 0 had at most 16 groups"),
        (&["--map", "go-swiss", "--at", "100", "--watch", "group=7/0"], "table 7 had at most 0 groups"),
        (&["--map", "go-swiss", "--at", "100", "--watch", "table=1"], "the map had at most 1 table, counted from 0"),
        (&["--map", "go-classic", "--at", "9", "--watch", "slot=1"], "expected key=K, bucket=I"),
        (&["--map", "go-classic", "--at", "9", "--watch", "key=-1"], "expected key=K, bucket=I"),
        (&["--map", "go-classic", "--at", "1,9", "--watch", "key=1"], "--at: with --watch, give one number"),
        (
            &["--map", "go-classic", "--at", "1", "--load-factor", "9"],
            "--load-factor: must be from 1 to 8 for go-classic, got 9",
        ),
        (
            &["--map", "go-swiss", "--at", "1", "--load-factor", "5"],
            "--load-factor: can't be set: not a parameter of go-swiss",
        ),
        (&["--map", "go-swiss", "--at", "1", "--keys", "zipf"], "did you mean \"zipfian\"?"),
        (&["--map", "go-swiss", "--at", "1", "--trace", &classic], "replay it with --map go-classic"),
        (&["--map", "go-classic", "--at", "1", "--trace", &classic, "--hint", "9"], "--hint: "),
        (&["--map", "go-classic", "--at", "1", "--trace", &classic, "--load-factor", "4"], "--load-factor: "),
        (&["--map", "go-classic", "--at", "1", "--trace", &classic, "--entry", "u64/u64"], "leave --entry out"),
        (&["--map", "go-classic", "--at", "1", "--trace", &classic, "--keys", "uniform"], "cannot be used with"),
        (&["--map", "go-classic", "--at", "1", "--trace", "none.csv"], "none.csv: can't be read"),
        (&["--map", "go-classic", "--at", "1", "--format", "png"], "possible values: text, json, svg"),
    ];
    for (args, message) in cases {
        let place = Place::new();
        let outcome = place.run(&[&["inspect", "--out", "out"], *args].concat());
        assert_eq!(outcome.code, Some(2), "{args:?}: {}{}", outcome.stdout, outcome.stderr);
        assert!(outcome.stderr.contains(message), "{args:?}: {}", outcome.stderr);
        assert!(outcome.left.is_empty() && outcome.stdout.is_empty(), "{args:?}: {:?}", outcome.left);
    }
    let outcome = Place::new().run(&["inspect", "--map", "go-classic", "--at", "1", "--out", "no/where"]);
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.stderr.contains("no/where: can't be written"), "{}", outcome.stderr);
}

#[test]
fn a_bad_row_is_named_by_its_line() {
    let whole = std::fs::read_to_string(data("inspect-classic-13.csv")).expect("the fixture");
    for (from, to, message) in [
        ("insert,9,", "insert,x,", "trace.csv:12: bad key"),
        ("insert,9,", "put,9,", "trace.csv:12: unknown op `put`"),
        ("insert,9,", "new,9,", "trace.csv:12: a recording begins with `new`, and has it nowhere else"),
        ("layout=classic", "layout=other", "of which there is no model"),
    ] {
        let place = Place::new();
        std::fs::write(place.path().join("trace.csv"), whole.replacen(from, to, 1)).expect("a file");
        let args = [
            "inspect",
            "--map",
            "go-classic",
            "--trace",
            "trace.csv",
            "--at",
            "13",
            "--format",
            "json",
            "--out",
            "out",
        ];
        let outcome = place.run(&args);
        assert_eq!(outcome.code, Some(2), "{message}: {}", outcome.stdout);
        assert!(outcome.stderr.contains(message), "{message}: {}", outcome.stderr);
        assert!(outcome.left.is_empty(), "{:?}", outcome.left);
    }
}

/// A place that is there for a while, or has yet to come, is no mistake.
#[test]
fn a_place_that_comes_and_goes_can_be_watched() {
    for (map, at, place) in [
        ("go-classic", "100", "bucket=15"),
        ("go-classic", "100", "bucket=0"),
        // It has none yet.
        ("go-classic", "0", "bucket=0"),
        ("go-swiss", "100", "group=0/15"),
        // It becomes table 2 meanwhile.
        ("go-swiss", "1001..2000", "table=1"),
        ("go-swiss", "2000", "group=0/1"),
    ] {
        let outcome = Place::new().run(&["inspect", "--map", map, "--at", at, "--watch", place]);
        assert_eq!(outcome.code, Some(0), "{map} {at} {place}: {}", outcome.stderr);
    }
}

/// A key that its type can't hold, though another is in order.
#[test]
fn keys_that_no_map_of_the_recording_has_are_refused() {
    let text = "# go=go1.23.9 layout=classic type=u16/none hint=0 key_size=2 elem_size=0\nop,key,hash\nnew,,\n\
                insert,7,00000000000000aa\n";
    let place = Place::new();
    std::fs::write(place.path().join("small.csv"), text).expect("a file");
    let args = ["inspect", "--map", "go-classic", "--trace", "small.csv", "--at", "1", "--watch", "key=7"];
    assert_eq!(place.run(&args).code, Some(0));
    let outcome = place.run(&[&args[..], &["--watch", "key=65536"]].concat());
    assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
    assert!(outcome.stderr.contains("--watch key=65536: keys of u16/none go up to 65535"), "{}", outcome.stderr);
}
