//! Twenty programs that are made up by a seeded generator. What their maps come to is worked out by the model, which is given
//! the hash of each operation's key under the seed that the map had, and it is said by the runtime.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use rand_core::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::{maps, record, rows, toolchains};
use crate::cli_process::Place;

const PROGRAMS: u64 = 20;
const MAPS: [&str; 3] = ["one", "two", "three"];
const PRELUDE: &str = include_str!("generated/prelude.go");

/// A shape that the model knows: types of keys and values, and the key of a number.
const SHAPES: [(&str, &str, &str, &str); 8] = [
    ("u64/u64", "uint64", "uint64", "Key(i)"),
    ("u32/u8", "uint32", "uint8", "Key(i)"),
    ("u16/none", "uint16", "struct{}", "Key(i)"),
    ("str/u64", "string", "uint64", "fmt.Sprint(\"key \", i)"),
    ("mid/ptr", "[5]uint64", "*uint64", "Key{uint64(i), 7}"),
    ("ptr/u64", "*uint64", "uint64", "&pointed[i]"),
    ("big/u64", "[25]uint64", "uint64", "Key{uint64(i)}"),
    ("u64/big", "uint64", "[25]uint64", "Key(i)"),
];

struct Random(Xoshiro256PlusPlus);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0.next_u64() % n
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }
}

/// The source of a program.
fn program(number: u64) -> String {
    let random = &mut Random(Xoshiro256PlusPlus::seed_from_u64(number));
    // Each shape is there before any is twice.
    let (shape, key, value, key_of) = SHAPES[number as usize % SHAPES.len()];
    let mut text = format!(
        "package main\n\nimport \"fmt\"\n\nconst shape = \"{shape}\"\n\ntype (\n\tKey = {key}\n\tValue = {value}\n)\n\n\
         var pointed [keysMax]uint64\n\nvar _ = fmt.Sprint(&pointed)\n\nfunc keyOf(i int) Key {{ return {key_of} }}\n\n\
         func main() {{\n\tone()\n\ttwo()\n\tthree()\n}}\n"
    );
    for name in MAPS {
        let hint = random.one_of(&[0, 0, 0, 5, 8, 9, 100, 896, 897, 3000]);
        let _ = write!(
            text,
            "\n//go:noinline\nfunc {name}() {{\n\tbefore := allocated()\n\tm := make(map[Key]Value, {hint})\n\t\
             begin(m, {hint})\n"
        );
        // Some of one group, some of one table, some of several.
        let most = random.one_of(&[6, 20, 200, 900, 2500, 8000]);
        for _ in 0..2 + random.below(8) {
            text += &statement(random, most);
        }
        let _ = writeln!(text, "\tend(\"{name}\", allocated()-before)\n}}");
    }
    text
}

/// A loop over keys below a number, or what is done to the whole map.
fn statement(random: &mut Random, most: u64) -> String {
    let [from, by, part] = [random.below(most), 1 + random.below(4), 2 + random.below(5)];
    let range = format!("for i := {from}; i < {most}; i += {by}");
    match random.below(12) {
        0..4 => format!("\t{range} {{\n\t\tput(m, i)\n\t}}\n"),
        4..6 => format!("\tfor i := 0; i < {most}; i++ {{\n\t\tput(m, i)\n\t}}\n"),
        6..8 => format!("\t{range} {{\n\t\tdrop(m, i)\n\t}}\n"),
        8 => format!(
            "\t{range} {{\n\t\tif i%{part} == 0 {{\n\t\t\tdrop(m, i)\n\t\t}} else {{\n\t\t\tput(m, i)\n\t\t}}\n\t}}\n"
        ),
        9 => format!("\t{range} {{\n\t\tput(m, i)\n\t\tdrop(m, i/{part})\n\t\tlook(m, i)\n\t}}\n"),
        10 => format!("\t{range} {{\n\t\tlook(m, i)\n\t}}\n\tfor range m {{\n\t\tsink = true\n\t}}\n"),
        _ => "\twipe(m)\n".to_owned(),
    }
}

/// What the model's rows come to: bytes, growths, and entries in the end and at their most.
fn by_model(place: &Place, trace: &str, minor: &str) -> [u64; 4] {
    let map = format!("go-swiss(go={minor})");
    let outcome = place.run(&["replay", trace, "--map", &map, "--per-op", "-", "--quiet"]);
    assert_eq!(outcome.code, Some(0), "{trace}: {}", outcome.stderr);
    let mut lines = outcome.stdout.lines().skip_while(|line| line.starts_with('#'));
    let heads: Vec<_> = lines.next().expect("heads").split(',').collect();
    let column = |name: &str| heads.iter().position(|&head| head == name).expect(name);
    let [bytes_at, len_at, tables_at, capacity_at] = ["alloc_bytes", "len", "tables", "capacity"].map(column);
    let (mut bytes, mut growths, mut len, mut most, mut before) = (0, 0, 0, 0, None);
    for line in lines {
        let fields: Vec<_> = line.split(',').collect();
        let figure = |at: usize| fields[at].parse::<u64>().expect("a figure");
        let (tables, capacity) = (figure(tables_at), figure(capacity_at));
        bytes += figure(bytes_at);
        len = figure(len_at);
        most = most.max(len);
        // The first group replaces nothing. A table becomes a larger one or two, and so may each of these at once.
        if let Some((tables_before, capacity_before)) = before
            && capacity_before > 0
            && capacity > capacity_before
        {
            growths += u64::max(1, tables - tables_before);
        }
        before = Some((tables, capacity));
    }
    [bytes, growths, len, most]
}

#[test]
fn twenty_generated_programs_come_to_what_the_model_and_the_runtime_say() {
    for go in toolchains(true) {
        let place = Place::new();
        fs::write(place.path().join("go.mod"), "module generated\n\ngo 1.24\n").expect("written");
        for number in 0..PROGRAMS {
            let folder = place.path().join(format!("p{number}"));
            fs::create_dir(&folder).expect("made");
            fs::write(folder.join("main.go"), program(number)).expect("written");
            fs::write(folder.join("prelude.go"), PRELUDE).expect("written");
        }
        record(&place, &go, &["--out", "b", "--", "go", "build", "-o", "bin/", "./..."]);
        let minor: Vec<&str> = go.version.split('.').take(2).collect();
        let (mut grown, mut checked) = (0, 0);
        for number in 0..PROGRAMS {
            let out = format!("r{number}");
            let outcome = record(&place, &go, &["--out", &out, "--", &format!("bin/p{number}")]);
            let said = outcome.stdout.lines().map(|line| line.split_once(' ').expect("a name and bytes"));
            let said: BTreeMap<_, _> = said.map(|(name, bytes)| (name, bytes.parse::<u64>().expect("bytes"))).collect();
            let recorded = maps(&place, &out);
            for name in MAPS {
                let [row] = rows(&recorded, &format!("main.{name}"))[..] else { panic!("{recorded}") };
                let figure = |name: &str| row[name].as_u64().expect("a figure");
                let expected = by_model(&place, &format!("{name}.csv"), &minor.join("."));
                let is = ["alloc_bytes", "growths", "entries", "entries_max"].map(figure);
                assert_eq!(is, expected, "go{}: program {number}, map {name}:\n{}", go.version, program(number));
                assert_eq!(is[0], said[name], "go{}: program {number}, map {name}", go.version);
                grown += is[1];
                checked += 1;
            }
        }
        assert!(checked == 60 && grown > 100, "go{}: {grown} growths of {checked} maps", go.version);
    }
}
