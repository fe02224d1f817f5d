//! `java-hashmap`'s bytes beside those that the JVM on the PATH says it allocated (`getThreadAllocatedBytes`), operation by
//! operation.

use std::process::Command;

use mapscope::maps::{Java, JavaHash};
use mapscope::probe::event::Listen;
use mapscope::probe::heap::ModelledHeap;
use mapscope::workload::{Bytes, Meaning, Str};

use super::*;

/// One run of `HashMapBytes.java`.
#[derive(Clone, Copy)]
struct Work {
    operations: u64,
    keys: u64,
    /// Of the hash codes, what is left of them; below 0 all.
    mask: i64,
    hint: usize,
    fill: bool,
}

impl Work {
    fn number(&self, id: u64) -> u64 {
        if self.mask < 0 { id.wrapping_sub(200) } else { id << 32 | (id ^ id & self.mask as u64) }
    }

    /// Its hash code is its number's.
    fn uuid(&self, id: u64) -> [u8; 16] {
        (u128::from(self.number(id)) << 64).to_be_bytes()
    }

    fn text(&self, id: u64) -> Str<24> {
        if self.mask < 0 {
            return Str::from_id(id);
        }
        let first = char::from(b'a' + (id & self.mask as u64) as u8);
        let pairs = (0..12).map(|bit| if id >> bit & 1 == 0 { "Aa" } else { "BB" });
        std::iter::once(first.to_string()).chain(pairs.map(str::to_owned)).collect::<String>().into()
    }

    /// What the JVM allocated in the map and for the entry: first for the making of the map, then for each operation.
    fn told_by_java(&self, key: &str, value: &str) -> Vec<(u64, u64)> {
        let Work { operations, keys, mask, hint, fill } = self;
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/HashMapBytes.java");
        let numbers = [operations.to_string(), keys.to_string(), mask.to_string(), hint.to_string()];
        let output = Command::new("java")
            // The compiler that leaves no allocation out. No files in /tmp named by the process.
            .args(["-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", program, key, value])
            .args(numbers)
            .arg(if *fill { "fill" } else { "mixed" })
            .output()
            .expect("java starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let lines = String::from_utf8(output.stdout).expect("UTF-8");
        let pair = |line: &str| line.split_once(' ').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
        lines.lines().map(|line| pair(line).expect("two numbers")).collect()
    }

    /// Compares operation by operation; returns how many were, and the bytes of all.
    fn compare<K: Key, V: Value>(&self, key: &str, value: &str, make: impl Fn(u64) -> K) -> (u64, u64) {
        let java = self.told_by_java(key, value);
        assert_eq!(java.len() as u64, self.operations + 1);
        let heap = ModelledHeap::new();
        let (probe, options): (&dyn Listen, _) = (&heap, options::<Java>(None, self.hint));
        let (mut map, made) = heap.measure(|| Java::build::<K, V, _, _>(&options, JavaHash, probe));
        assert_eq!((made.tally.alloc_bytes, 0), java[0]);
        let mut live_bytes = made.live_delta_bytes;
        let (mut random, mut all, mut wrong) = (1u64, 0, Vec::new());
        let mut draw = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % below
        };
        for write in 1..=self.operations {
            let id = if self.fill { (write - 1) % self.keys } else { draw(self.keys) };
            let dice = if self.fill { 99 } else { draw(100) };
            let removes = if (write / (self.keys * 2)).is_multiple_of(2) { 20 } else { 60 };
            let rare = !self.fill && draw(200) == 1;
            let key = make(id);
            let (kind, measured) = if rare && dice < 10 {
                ("clear", heap.measure(|| map.clear()).1)
            } else if rare {
                ("iteration", heap.measure(|| map.range(&mut |_, _| {})).1)
            } else if dice < removes {
                ("remove", heap.measure(|| map.remove(&key)).1)
            } else if dice < removes + 15 {
                ("get", heap.measure(|| map.get(&key).is_some()).1)
            } else {
                let value = V::from_seed((write % 300).wrapping_sub(150), (8 + write % 50) as u32);
                ("put", heap.measure(|| map.insert(key, value)).1)
            };
            live_bytes += measured.live_delta_bytes;
            let told = (measured.tally.alloc_bytes, heap.entry_allocs().bytes);
            if told != java[write as usize] {
                wrong.push((write, kind, told, java[write as usize]));
            }
            all += told.0 + told.1;
        }
        let shown = &wrong[..wrong.len().min(5)];
        assert!(wrong.is_empty(), "{} differ; operation, kind, the model's bytes, the JVM's: {shown:?}", wrong.len());
        assert_eq!(live_bytes, reachable(&map, !self.fill), "what can be reached");
        (self.operations, all)
    }
}

/// The bytes of the map and of all that it refers to.
fn reachable<K: Key, V: Value>(map: &impl Map<K, V>, iterated: bool) -> i64 {
    let array = |length: u64| (16 + length).next_multiple_of(8);
    let boxed = |size: usize, number: u64| {
        let unused = 64 - 8 * size as u32;
        match (number << unused) as i64 >> unused {
            -128..128 => 0,
            _ if size == 8 => 24,
            _ => 16,
        }
    };
    let mut bytes = 48 + map.structure().in_use_bytes.expect("counted") + if iterated { 16 } else { 0 };
    map.for_each(&mut |key, value| {
        bytes += match size_of::<K>() {
            _ if K::POINTERS => 24 + array(key.heap_bytes()),
            16 => 32,
            size => boxed(size, key.id()),
        };
        bytes += match size_of::<V>() {
            0 => 0,
            size @ ..=8 => boxed(size, value.seed().expect("a number")),
            _ if V::MEANING == Meaning::Text => 24 + array(value.heap_bytes()),
            _ if V::POINTERS => array(value.heap_bytes()),
            size => array(size as u64),
        };
    });
    bytes as i64
}

#[test]
fn the_model_allocates_what_the_jvm_on_the_path_does() {
    let version = Command::new("java").arg("-version").output();
    if !version.is_ok_and(|version| String::from_utf8_lossy(&version.stderr).contains("version \"17.")) {
        return crate::common::skip::skip("java", "no java 17 on the PATH: nothing to compare with");
    }
    let mixed = Work { operations: 100_000, keys: 20_000, mask: -1, hint: 0, fill: false };
    let crowded = Work { keys: 600, mask: 0x1f, hint: 64, ..mixed };
    let one_bin = Work { operations: 20_000, keys: 60, mask: 0, hint: 64, ..mixed };
    let filled = Work { keys: 100_000, fill: true, ..mixed };
    let twice = Work { keys: 50_000, hint: 1000, fill: true, ..mixed };
    let works = [("filled", filled), ("twice", twice), ("mixed", mixed), ("crowded", crowded), ("one bin", one_bin)];
    let mut compared = 0;
    for (name, work) in &works {
        let runs = [
            ("long/long", work.compare::<u64, u64>("long", "long", |id| work.number(id))),
            ("string/long", work.compare::<Str<24>, u64>("string", "long", |id| work.text(id))),
        ];
        for (entry, (operations, bytes)) in runs {
            println!("{name} {entry}: {operations} operations, {bytes} bytes, none differs");
            compared += operations;
        }
    }
    mixed.compare::<u64, [u8; 64]>("long", "64", |id| mixed.number(id));
    mixed.compare::<u64, [u8; 256]>("long", "256", |id| mixed.number(id));
    crowded.compare::<u64, Bytes>("long", "bytes", |id| crowded.number(id));
    crowded.compare::<Str<24>, Bytes>("string", "bytes", |id| crowded.text(id));
    crowded.compare::<[u8; 16], bool>("uuid", "bool", |id| crowded.uuid(id));
    one_bin.compare::<[u8; 16], u32>("uuid", "int", |id| one_bin.uuid(id));
    mixed.compare::<[u8; 16], ()>("uuid", "nothing", |id| mixed.uuid(id));
    mixed.compare::<u32, u32>("int", "int", |id| mixed.number(id) as u32);
    mixed.compare::<u64, Str<43>>("long", "text", |id| mixed.number(id));
    assert_eq!(compared, 840_000);
}
