//! Bad input of every kind: exit code 2, one clear message that names the culprit, nothing on stdout, nothing left.

use std::fs;
use std::process::Command;

use crate::cli_process::{Outcome, Place};

#[track_caller]
fn check(outcome: &Outcome, words: &[&str]) {
    let Outcome { code, stdout, stderr, left } = outcome;
    assert_eq!(*code, Some(2), "{stderr}");
    assert_eq!(stdout, "");
    assert!(stderr.starts_with("error: ") && stderr.matches("error: ").count() == 1, "one message: {stderr}");
    assert!(stderr.matches("os error").count() <= 1, "the cause is said once: {stderr}");
    assert!(!stderr.contains("panicked") && !stderr.contains("backtrace"), "{stderr}");
    for word in words {
        assert!(stderr.contains(word), "no {word:?} in {stderr}");
    }
    assert!(left.is_empty(), "left {left:?}");
}

#[track_caller]
fn refused(args: &[&str], words: &[&str]) {
    let outcome = Place::new().run(args);
    check(&outcome, words);
}

/// A run over a file called `name`, which is only bad in what it holds.
#[track_caller]
fn refused_file(name: &str, content: impl AsRef<[u8]>, args: &[&str], words: &[&str]) {
    let place = Place::new();
    fs::write(place.path().join(name), content).unwrap();
    let outcome = place.run(args);
    check(&outcome, words);
    assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
}

#[track_caller]
fn refused_profile(content: &str, words: &[&str]) {
    refused_file("p.toml", content, &["run", "p.toml"], words);
}

#[track_caller]
fn refused_trace(content: impl AsRef<[u8]>, words: &[&str]) {
    refused_file("t.csv", content, &["run", "--map", "std", "--passes", "count", "--trace", "t.csv"], words);
}

const CELLS: &str = "[[cells]]\nmap = \"std\"\nkeys = \"uniform\"\nmix = \"fill\"\nops = 10\n";

#[test]
fn unknown_map() {
    refused(&["run", "--map", "sdt"], &["--map: unknown map \"sdt\", did you mean \"std\"?", "go-classic"]);
}

#[test]
fn unknown_keys() {
    refused(
        &["run", "--keys", "uniform,zipfain(0.9)"],
        &["--keys: unknown key distribution \"zipfain\"", "\"zipfian\"?"],
    );
}

#[test]
fn unknown_mix_and_entry() {
    refused(&["run", "--mix", "chrun"], &["--mix: unknown mix \"chrun\"", "\"churn\"?"]);
    refused(
        &["run", "--entry", "u64/u65"],
        &["--entry: \"u65\": no type of values; values can be ()", "did you mean \"u64/u64\"?"],
    );
}

#[test]
fn unknown_field_of_a_mix() {
    refused(&["run", "--mix", "mix(inserts=1)"], &["--mix: mix: unknown argument \"inserts\"", "\"insert\"?"]);
}

#[test]
fn unknown_field_of_a_profile() {
    refused_profile(&format!("{CELLS}seeds = [1]\n"), &["p.toml:6: unknown key \"seeds\", did you mean \"seed\"?"]);
    refused_profile(&format!("summery = \"\"\n{CELLS}"), &["p.toml:1: unknown key \"summery\"", "\"summary\"?"]);
}

#[test]
fn unknown_profile() {
    refused(&["run", "quik"], &["unknown profile \"quik\", did you mean \"quick\"?"]);
    refused(&["run", "no/such.toml"], &["no/such.toml: can't read the profile: No such file"]);
}

#[test]
fn a_profile_that_is_no_toml() {
    refused_profile("[[cells]\n", &["p.toml:1: not TOML: "]);
    refused_file("p.toml", b"\x00\xff\xfe", &["run", "p.toml"], &["p.toml:1: not a profile: TOML is UTF-8 text"]);
    refused_profile("", &["p.toml:1: a profile needs at least one [[cells]] table"]);
}

#[test]
fn theta_out_of_range() {
    for theta in ["0", "9", "-1", "nan", "inf"] {
        let keys = format!("zipfian({theta})");
        let message = format!("--keys: zipfian: theta must be > 0 and <= 8, got {theta}");
        refused(&["run", "--keys", &keys], &[&message]);
    }
}

#[test]
fn load_factor_zero_negative_nan() {
    for x in ["0", "-1", "NaN", "inf", "8.01"] {
        let message = format!("--load-factor: must be from 1 to 8 for go-classic, got {x}");
        refused(&["run", "--load-factor", x], &[&message]);
    }
    refused(&["run", "--map", "std", "--load-factor", "4"], &["--load-factor: can't be set: not a parameter of std"]);
}

#[test]
fn ops_zero_negative_and_too_large() {
    for ops in ["0", "-5", "18446744073709551616", "9223372036854775808", "1e6", "1.5", "many"] {
        let message =
            format!("--ops: must be a whole number from 1 to 9223372036854775807, in digits and _ only, got {ops}");
        refused(&["run", "--ops", ops], &[&message]);
    }
    refused_profile(&CELLS.replace("10", "0"), &["p.toml:5: ops: must be a whole number from 1 to"]);
}

#[test]
fn seed_and_settings_out_of_range() {
    refused(&["run", "--seed", "-1"], &["--seed: must be a whole number from 0 to 18446744073709551615", "got -1"]);
    refused_profile(
        &format!("repetitions = 0\n{CELLS}"),
        &["p.toml:1: repetitions: must be auto, or a whole number", "from 1 to 1000", "got 0"],
    );
    for word in ["abc", "0", "AUTO"] {
        refused(
            &["run", "--repetitions", word],
            &["--repetitions: must be auto, or a whole number from 1 to 1000", word],
        );
    }
    refused(&["run", "--jobs", "0"], &["--jobs", "0 is not in 1..=1024"]);
}

#[test]
fn a_hint_larger_than_memory() {
    refused(
        &["run", "--hint", "1_000_000_000_000_000"],
        &["--hint: 1000000000000000 entries of u64/u64 need", "MiB of memory"],
    );
    refused_profile(&format!("memory_limit_mb = 1\n{CELLS}hint = 1_000_000\n"), &["p.toml:7: hint: 1000000 entries"]);
}

#[test]
fn unknown_pass_verb_flag_and_format() {
    refused(&["run", "--passes", "counts"], &["--passes: unknown pass \"counts\", did you mean \"count\"?"]);
    refused(&["repot"], &["unrecognized subcommand 'repot'", "'report'"]);
    refused(&["run", "--opps", "5"], &["unexpected argument '--opps'", "--ops"]);
    refused(&["gate", "a"], &["<CURRENT>"]);
    refused(&["gate", "a", "b", "--self-test", "c"], &["cannot be used with"]);
    refused(&["list", "map"], &["invalid value 'map'", "maps"]);
    refused(&["report", ".", "--format", "cvs"], &["unknown format \"cvs\""]);
}

#[test]
fn a_trace_beside_keys() {
    refused(&["run", "--trace", "t.csv", "--keys", "uniform"], &["--trace: a trace brings its own keys and mix"]);
}

#[test]
fn an_unreadable_trace() {
    refused(&["run", "--trace", "no-such.csv"], &["no-such.csv: ", "No such file"]);
    refused(&["run", "--trace", "."], &["."]);
}

#[test]
fn a_truncated_trace() {
    let mut whole = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let rows: String = (0..1000).map(|i| format!("insert,{}\n", i * 7919)).collect();
    std::io::Write::write_all(&mut whole, format!("op,key\n{rows}").as_bytes()).unwrap();
    let whole = whole.finish().unwrap();
    let args = ["run", "--map", "std", "--passes", "count", "--trace", "t.csv.gz"];
    refused_file("t.csv.gz", &whole[..whole.len() / 2], &args, &["t.csv.gz"]);
    refused_trace("op,key\ninsert,1\nins", &["t.csv:3: "]);
}

#[test]
fn a_binary_trace() {
    let noise: Vec<u8> = (0..4096_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    refused_trace(noise, &["t.csv"]);
}

#[test]
fn a_crlf_trace_is_read_as_any_other() {
    refused_trace("op,key\r\ninsert,1\r\nrotate,2\r\n", &["t.csv:3: ", "rotate"]);
}

#[test]
fn a_trace_without_header_or_rows() {
    refused_trace("insert,1\ninsert,2\n", &["t.csv:1: ", "header"]);
    refused_trace("", &["t.csv"]);
}

#[test]
fn a_trace_in_which_a_live_key_changes_its_hash() {
    let of = |row: &str| format!("op,key,hash\ninsert,1,00000000000000aa\ninsert,2,00000000000000bb\n{row}\n");
    for row in ["get,1,00000000000000ab", "insert,1,00000000000000ab", "remove,1,00000000000000ab"] {
        refused_trace(of(row), &["t.csv:4: the hash of key 1 is 00000000000000ab here and was 00000000000000aa"]);
    }
    // Once the key has left the map, its hash may be another.
    for row in
        ["remove,1,00000000000000aa\ninsert,1,00000000000000ab", "clear,,00000000000000aa\nget,1,00000000000000ab"]
    {
        let place = Place::new();
        std::fs::write(place.path().join("t.csv"), of(row)).expect("a trace");
        let outcome =
            place.run(&["run", "--trace", "t.csv", "--map", "std", "--passes", "count", "--quiet", "--out", "o"]);
        assert_eq!(outcome.code, Some(0), "{row}: {}", outcome.stderr);
    }
}

#[test]
fn a_trace_with_a_wrong_hash_width() {
    refused_trace("op,key,hash\ninsert,1,0123456789abcdef\ninsert,2,0123\n", &["t.csv:3: ", "16", "0123"]);
}

#[test]
fn unusable_keys_and_weights() {
    refused(&["run", "--keys", "file:none.txt", "--ops", "10"], &["none.txt"]);
    refused(&["run", "--mix", "mix(insert=0)", "--ops", "10"], &["mix"]);
}

#[test]
fn an_output_folder_that_cannot_be_written() {
    let args = ["run", "--map", "std", "--ops", "10", "--passes", "count", "--out", "file/folder"];
    refused_file("file", "in the way", &args, &["file/folder"]);
}

#[cfg(unix)]
#[test]
fn an_output_folder_that_is_full() {
    // No file may be longer than 0 bytes: the closest to a full disk that needs no privilege.
    let mapscope = env!("CARGO_BIN_EXE_mapscope");
    let script = format!("trap '' XFSZ; ulimit -f 0; exec {mapscope} run --map std --ops 10 --passes count --out full");
    let outcome = Place::new().run_command(Command::new("sh").args(["-c", &script]));
    check(&outcome, &["full"]);
}

#[test]
fn a_policy_that_is_invalid() {
    let place = Place::new();
    let outcome = place.run(&["run", "--map", "std", "--ops", "10", "--passes", "count", "--out", "a", "-q"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    for (policy, words) in [
        ("[[rule]\n", "p.toml:1"),
        ("[[rule]]\nmetric = \"alloc_bytes\"\nrelativ = 0.1\n", "relativ"),
        ("[[rule]]\nmetric = \"alloc_bytes\"\nrelative = -0.1\n", "p.toml:3"),
        ("[[rule]]\nmetric = \"no_such_metric\"\n", "no_such_metric"),
    ] {
        fs::write(place.path().join("p.toml"), policy).unwrap();
        check(&place.run(&["gate", "a", "a", "--policy", "p.toml"]), &["p.toml", words]);
    }
    check(
        &place.run(&["gate", "a", "a", "--policy", "none.toml"]),
        &["none.toml: can't read the policy: No such file"],
    );
}

#[test]
fn a_baseline_that_is_missing_truncated_or_foreign() {
    let place = Place::new();
    let outcome = place.run(&["run", "--map", "std", "--ops", "10", "--passes", "count", "--out", "a", "-q"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let whole = fs::read_to_string(place.path().join("a/results.json")).unwrap();
    for damaged in [&whole[..whole.len() / 2], "", "{}", "[1,2]", "op,key\ninsert,1\n"] {
        fs::write(place.path().join("b.json"), damaged).unwrap();
        check(&place.run(&["gate", "b.json", "a"]), &["b.json"]);
    }
    check(&place.run(&["gate", "none.json", "a"]), &["none.json"]);
    check(&place.run(&["report", "none"]), &["none"]);
}
