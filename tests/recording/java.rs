//! `mapscope record` and `mapscope maps` on a Java program of which is known what its maps come to, by hand and by what the JVM
//! itself says of its objects. Needs java commands, named in `MAPSCOPE_JAVA`, or the one on the PATH, and a javac beside one.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::maps;
use crate::cli_process::{Outcome, Place, script};
use crate::common::skip::skip;

const SOURCE: &str = include_str!("java/Program.java");
const AGENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/recording/java");

/// A java command and the number of its version.
struct Java {
    path: PathBuf,
    feature: u32,
}

impl Java {
    fn beside(&self, command: &str) -> Option<PathBuf> {
        Some(self.path.with_file_name(command)).filter(|path| path.is_file())
    }
}

/// The java commands that there are, of 17 and newer.
fn javas() -> Vec<Java> {
    let named = std::env::var_os("MAPSCOPE_JAVA").unwrap_or_default();
    let mut paths: Vec<PathBuf> = std::env::split_paths(&named).filter(|path| !path.as_os_str().is_empty()).collect();
    if paths.is_empty() {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let on_path = std::env::split_paths(&path).map(|folder| folder.join("java")).find(|path| path.is_file());
        paths.extend(on_path.and_then(|path| fs::canonicalize(path).ok()));
    }
    let javas = paths.into_iter().filter_map(|path| Some(Java { feature: feature(&path)?, path }));
    javas.filter(|java| java.feature >= 17).collect()
}

/// 17 of `openjdk version "17.0.15"`.
fn feature(java: &Path) -> Option<u32> {
    let said = Command::new(java).arg("-version").env_remove("JAVA_TOOL_OPTIONS").output().ok()?.stderr;
    let said = String::from_utf8(said).ok()?;
    let version = said.split('"').nth(1)?;
    version.split(['.', '-']).next()?.parse().ok()
}

/// A folder with the program compiled, and the java commands to run it with.
fn compiled() -> Option<(Place, Vec<Java>)> {
    let javas = javas();
    let Some(javac) = javas.iter().find_map(|java| java.beside("javac")) else {
        skip("java", "name java commands in MAPSCOPE_JAVA, one with javac beside it");
        return None;
    };
    let place = Place::new();
    fs::write(place.path().join("Program.java"), SOURCE).expect("written");
    let mut command = Command::new(javac);
    command.args(["--release", "17", "Program.java"]).current_dir(place.path()).env_remove("JAVA_TOOL_OPTIONS");
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some((place, javas))
}

/// `mapscope record FLAGS -- java OPTIONS Program WORDS`, into a folder of that name, without what JVMs say of their options.
fn record(place: &Place, java: &Java, out: &str, flags: &[&str], args: &[&str]) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    command.args(["record", "--out", out]).args(flags).arg("--").arg(&java.path).args(args);
    place.run_command(command.env_remove("JAVA_TOOL_OPTIONS"))
}

/// The number of the line that ends with this comment.
fn line(comment: &str) -> usize {
    let ends = |line: &str| line.ends_with(&format!("// {comment}"));
    SOURCE.lines().position(ends).unwrap_or_else(|| panic!("no {comment}")) + 1
}

/// The row of a line of the program.
fn row<'a>(maps: &'a Value, comment: &str) -> &'a Value {
    let at = format!("Program.java:{}", line(comment));
    let places = maps["places"].as_array().expect("places");
    places.iter().find(|row| row["place"] == *at).unwrap_or_else(|| panic!("no {at}: {maps}"))
}

fn expect(row: &Value, figures: &[(&str, u64)]) {
    for (figure, expected) in figures {
        assert_eq!(row[figure], *expected, "{figure}: {row}");
    }
}

#[test]
fn operations_are_counted_one_by_one() {
    let Some((place, javas)) = compiled() else { return };
    for java in javas {
        let out = format!("counted-{}", java.feature);
        let recorded = record(&place, &java, &out, &[], &["Program"]);
        let mut plain = Command::new(&java.path);
        let plain = place.run_command(plain.arg("Program").env_remove("JAVA_TOOL_OPTIONS"));
        assert_eq!((recorded.code, &recorded.stdout), (Some(0), &plain.stdout), "{}", recorded.stderr);
        let maps = maps(&place, &out);
        let of = |comment| row(&maps, comment);
        assert_eq!(maps["dropped"]["maps"], 0, "{maps}");
        assert!(maps["processes"][0]["java"].as_str().is_some_and(|with| with.starts_with("java ")), "{maps}");

        let counted = of("counted");
        assert_eq!((&counted["type"], &counted["function"]), (&"HashMap".into(), &"Program.counted".into()));
        let figures = [
            ("maps", 2),
            ("hinted_maps", 0),
            ("entries", 2 * 90),
            ("entries_p50", 100),
            ("entries_max", 100),
            ("writes", 2 * (100 + 30)),
            ("inserts", 2 * 100),
            ("overwrites", 2 * 30),
            ("removes", 2 * 10),
            ("lookups", 2 * (80 + 2)),
            ("iterations", 2 * 2),
            ("clears", 0),
            // Tables of 16, 32, 64 and 128, each replaced with the entry after three quarters of it.
            ("growths", 2 * 4),
            ("moved_entries", 2 * (13 + 25 + 49 + 97)),
            ("treeifications", 0),
        ];
        expect(counted, &figures);
        // The ninth and the tenth key of a list make the table grow, the eleventh makes it a tree.
        expect(of("trees"), &[("inserts", 12), ("growths", 2), ("moved_entries", 9 + 10), ("treeifications", 1)]);
        assert!(of("trees")["hint_saves_bytes"].is_null(), "that no hint would have saved: {}", of("trees"));
        expect(of("untreeified"), &[("removes", 12), ("growths", 0), ("treeifications", 1), ("entries", 0)]);
        // From 16 to 128 at once.
        let figures =
            [("inserts", 12), ("growths", 3), ("moved_entries", 3 * 9), ("treeifications", 1), ("lookups", 1)];
        expect(of("shared trees"), &figures);
        assert!(of("shared trees")["held_bytes_max"].is_null(), "{}", of("shared trees"));
        assert_eq!(of("recent")["type"], "Program$Recent (LinkedHashMap)");
        expect(of("recent"), &[("inserts", 10), ("removes", 7), ("entries", 3), ("entries_max", 4)]);
        assert_eq!(of("set")["type"], "HashSet");
        expect(of("set"), &[("inserts", 10), ("overwrites", 10), ("removes", 5), ("iterations", 1)]);
        let figures = [("writes", 8_000), ("inserts", 100), ("lookups", 8_001), ("hinted_maps", 1), ("growths", 0)];
        expect(of("shared"), &figures);
        // Tables of 16 to 256, each replaced when three quarters of it are full.
        let figures = [("growths", 4), ("moved_entries", 12 + 24 + 48 + 96), ("removes", 1), ("clears", 1)];
        expect(of("shared grown"), &figures);
        expect(of("hinted"), &[("hinted_maps", 1), ("clears", 1), ("entries", 0), ("inserts", 1)]);
        for comment in ["copied", "cloned", "read"] {
            expect(of(comment), &[("maps", 1), ("inserts", 3), ("entries", 3)]);
        }
        expect(of("collected"), &[("maps", 1), ("inserts", 2)]);
    }
}

/// The bytes of an object of each class, as the JVM says.
fn layout(said: &str) -> BTreeMap<&str, u64> {
    let objects = said.lines().skip(1).filter_map(|line| {
        let mut words = line.split(' ');
        let name = words.next()?;
        let [count, bytes] = [words.next()?, words.next()?].map(|word| word.parse::<u64>().expect("a number"));
        (!name.starts_with('[')).then_some((name, bytes / count))
    });
    objects.collect()
}

#[test]
fn bytes_are_those_of_the_jvm_s_own_layout() {
    let Some((place, javas)) = compiled() else { return };
    for java in javas {
        let mut layouts = vec![("compressed", vec![]), ("wide", vec!["-XX:-UseCompressedOops"])];
        layouts.push(("aligned", vec!["-XX:ObjectAlignmentInBytes=16"]));
        if java.feature >= 25 {
            layouts.push(("compact", vec!["-XX:+UseCompactObjectHeaders"]));
        }
        let mut seen = Vec::new();
        for (name, options) in layouts {
            let out = format!("{name}-{}", java.feature);
            let outcome = record(&place, &java, &out, &[], &[&options[..], &["Program", "layout"]].concat());
            assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
            let objects = layout(&outcome.stdout);
            let of = |class: &str| objects[&*format!("java.util.{class}")];
            let maps = maps(&place, &out);
            let array = |length: u64| match name {
                "wide" => 16 + 8 * length,
                "aligned" => (16 + 4 * length).next_multiple_of(16),
                "compact" => (12 + 4 * length).next_multiple_of(8),
                _ => 16 + 4 * length,
            };
            let tables: u64 = [16, 32, 64, 128].map(array).iter().sum();
            let counted = row(&maps, "counted");
            let map = of("HashMap");
            let figures = [
                ("entry_bytes", 2 * 100 * of("HashMap$Node")),
                // The fifth table is the last.
                ("table_bytes", 2 * (map + tables + array(256))),
                ("abandoned_bytes", 2 * tables),
                // The most are held when the last takes the place of the fourth.
                ("held_bytes_max", map + 97 * of("HashMap$Node") + array(128) + array(256)),
                ("hint_saves_bytes", 2 * tables),
            ];
            expect(counted, &figures);
            let [node, tree] = [of("HashMap$Node"), of("HashMap$TreeNode")];
            expect(row(&maps, "trees"), &[("entry_bytes", 11 * node + 12 * tree)]);
            let tables = array(16) + array(32) + array(64);
            expect(row(&maps, "trees"), &[("table_bytes", map + tables), ("abandoned_bytes", array(16) + array(32))]);
            // Nine nodes, and a tree of ten with its root beside it, which two more join.
            let [node, tree, root] =
                ["Node", "TreeNode", "TreeBin"].map(|class| of(&format!("concurrent.ConcurrentHashMap${class}")));
            expect(row(&maps, "shared trees"), &[("entry_bytes", 10 * node + 12 * tree + root)]);
            expect(row(&maps, "hinted"), &[("alloc_bytes", map + array(64) + of("HashMap$Node"))]);
            seen.push((map, of("HashMap$Node")));
        }
        seen.dedup();
        assert!(seen.len() >= 2, "the layouts differ: {seen:?}");
    }
}

#[test]
fn a_process_can_be_looked_at_while_it_runs() {
    let Some((place, javas)) = compiled() else { return };
    for java in javas {
        let out = format!("live-{}", java.feature);
        let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
        command.args(["record", "--out", &out, "--"]).arg(&java.path).args(["Program", "wait"]);
        command.current_dir(place.path()).env_remove("JAVA_TOOL_OPTIONS").stderr(Stdio::null());
        let mut running = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut said = BufReader::new(running.stdout.as_mut().expect("piped")).lines();
        let pid = said.next().expect("a line").expect("a line");
        let live = maps(&place, &pid);
        drop(said);
        running.stdin.take().expect("piped").write_all(b"\n").expect("it reads");
        assert!(running.wait().expect("it ends").success());
        assert_eq!(row(&live, "counted"), row(&maps(&place, &out), "counted"), "it did nothing more");
    }
}

#[test]
fn a_jvm_that_runs_records_what_it_makes_from_then_on() {
    let Some((place, javas)) = compiled() else { return };
    for java in javas {
        let attach = |options: &[&str], out: &str| {
            let mut command = Command::new(&java.path);
            command.args(options).args(["Program", "attach"]).current_dir(place.path());
            command.env_remove("JAVA_TOOL_OPTIONS").stderr(Stdio::null());
            let mut running = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
            let mut said = BufReader::new(running.stdout.take().expect("piped")).lines();
            let pid = said.next().expect("a line").expect("a line");
            let outcome = place.run(&["record", "--pid", &pid, "--out", out]);
            let mut input = running.stdin.take().expect("piped");
            input.write_all(b"\n").expect("it reads");
            assert!(said.next().expect("a line").is_ok(), "the program does its work");
            let live = (outcome.code == Some(0)).then(|| maps(&place, &pid));
            drop(input);
            assert!(running.wait().expect("it ends").success());
            (outcome, live)
        };
        let out = format!("attached-{}", java.feature);
        let (outcome, live) = attach(&[], &out);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        expect(row(&live.expect("it is recorded"), "counted"), &[("maps", 2), ("inserts", 200), ("lookups", 164)]);
        assert!(maps(&place, &out)["recording"]["command"].to_string().contains("Program"));
        for (option, why) in [
            ("-XX:+DisableAttachMechanism", "its JVM forbids attaching"),
            ("-Xrs", "its JVM takes no SIGQUIT"),
            ("-XX:-EnableDynamicAgentLoading", "its JVM refuses the agent"),
        ] {
            let (outcome, _) = attach(&[option], "refused");
            assert!(outcome.code == Some(2) && outcome.stderr.contains(why), "{option}: {}", outcome.stderr);
            assert!(!place.path().join("refused").exists(), "nothing is left");
        }
    }
    let refused = place.run(&["record", "--pid", &std::process::id().to_string()]);
    assert!(refused.code == Some(2) && refused.stderr.contains("is no JVM"), "{}", refused.stderr);
}

#[test]
fn what_was_recorded_survives_the_process() {
    let Some((place, javas)) = compiled() else { return };
    for java in javas {
        // The last of them needs more room than a file has at first.
        for inserts in [0, 1, 5_000] {
            let out = format!("killed-{}-{inserts}", java.feature);
            let outcome = record(&place, &java, &out, &[], &["Program", "killed", &inserts.to_string()]);
            assert_eq!(outcome.code, Some(128 + libc::SIGKILL), "{}", outcome.stderr);
            let maps = maps(&place, &out);
            expect(row(&maps, "killed"), &[("inserts", inserts), ("entries", inserts)]);
            if inserts > 0 {
                expect(row(&maps, "inner"), &[("maps", inserts), ("alloc_bytes", 48 * inserts)]);
            }
        }
    }
}

#[test]
fn a_sample_is_one_of_n_and_lookups_can_be_left_out() {
    let Some((place, javas)) = compiled() else { return };
    for java in javas {
        let out = format!("sample-{}", java.feature);
        let flags = ["--sample", "1/10", "--no-lookups"];
        let outcome = record(&place, &java, &out, &flags, &["Program", "killed", "5000"]);
        assert_eq!(outcome.code, Some(128 + libc::SIGKILL), "{}", outcome.stderr);
        let maps = maps(&place, &out);
        let count = row(&maps, "inner")["maps"].as_u64().expect("a figure");
        assert!((400..600).contains(&count), "{count}");
        assert!(maps["total"]["lookups"].is_null() && maps["processes"][0]["sample"] == 10, "{maps}");
    }
}

#[test]
fn a_program_that_makes_classes_for_ever_has_each_map_counted_and_little_remembered() {
    const CLASSES: u64 = 18_000;
    let Some((place, javas)) = compiled() else { return };
    for java in javas {
        let out = format!("generated-{}", java.feature);
        let half = (CLASSES / 2).to_string();
        let args = ["--add-opens", "java.base/java.util=ALL-UNNAMED", "Program", "generated", &half];
        let outcome = record(&place, &java, &out, &[], &args);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let maps = maps(&place, &out);
        let made = row(&maps, "generated")["maps"].as_u64().expect("a figure");
        assert!((30_000..2 * CLASSES).contains(&made), "{made}");
        // Each map of a class for which there was no room, and the few that the JDK itself makes at places of its own.
        let left_out = 2 * CLASSES - made;
        let dropped = maps["dropped"]["places"].as_u64().expect("a number");
        assert!((left_out..left_out + 200).contains(&dropped), "{dropped}, {left_out}");
        let remembered: u64 = outcome.stdout.trim().parse().expect("a number");
        assert!(remembered < 13_000, "of {CLASSES} classes that are gone, {remembered} places are remembered");
    }
}

#[test]
fn what_can_t_be_recorded_is_said_in_words_and_the_program_does_its_work() {
    let Some((place, javas)) = compiled() else { return };
    let Some(java) = javas.first() else { return };
    let agent = format!("-javaagent:{AGENT}/agent.jar");
    for (setting, why) in [("2:1", "is not LEVEL:RATE:FOLDER"), ("2:1:/nowhere", "/nowhere")] {
        let mut program = Command::new(&java.path);
        program.args([&agent, "Program"]).env("MAPSCOPE_RECORD", setting).env_remove("JAVA_TOOL_OPTIONS");
        let outcome = place.run_command(&mut program);
        assert!(outcome.code == Some(0) && outcome.stderr.contains(why), "{}", outcome.stderr);
        assert!(outcome.stderr.starts_with("mapscope: nothing is recorded: "), "{}", outcome.stderr);
    }
    script(&place.path().join("java"), "#!/bin/sh\n");
    let refused = place.run(&["record", "--out", "none", "--", "./java"]);
    assert!(refused.code == Some(2) && refused.stderr.contains("Java 17 and newer are"), "{}", refused.stderr);
    let outcome = record(&place, java, "hints", &[], &["Program"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let refused = place.run(&["maps", "hints", "--hints"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stdout);
    assert!(refused.stderr.contains("is of Java, whose sources are not read for hints"), "{}", refused.stderr);
    let outcome = record(&place, java, "traced", &["--trace", "Program.java:1"], &["Program"]);
    assert!(outcome.stderr.contains("operations of Java's maps are only counted"), "{}", outcome.stderr);
}

#[test]
fn the_agent_is_what_its_sources_make() {
    let javas = javas();
    let of = |feature| javas.iter().find(|java| java.feature == feature && java.beside("javac").is_some());
    let (Some(old), Some(new)) = (of(17), of(25)) else {
        skip("jdks", "name the java commands of a JDK 17 and of a JDK 25 in MAPSCOPE_JAVA, to build the agent anew");
        return;
    };
    let place = Place::new();
    let jar = place.path().join("agent.jar");
    let jdk =
        |java: &Java| fs::canonicalize(&java.path).expect("it is there").ancestors().nth(2).expect("a JDK").to_owned();
    let mut build = Command::new("sh");
    build.arg(format!("{AGENT}/build.sh")).args([jdk(old), jdk(new), jar.clone()]).env_remove("JAVA_TOOL_OPTIONS");
    let output = build.output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let same = fs::read(jar).expect("built") == fs::read(format!("{AGENT}/agent.jar")).expect("there");
    assert!(same, "src/recording/java/agent.jar is not what its sources make: run build.sh there, and commit it");
}
