//! `java-hashmap` beside the `HashMap` of the `java` on the PATH, which is looked into by reflection: sizes, thresholds,
//! trees and the order of all keys after each of many random writes.

use std::process::{Command, Stdio};

use mapscope::maps::Java;

use super::*;

/// Hashes to what the Java program gives its keys as `hashCode`.
#[derive(Clone, Default)]
struct Codes<const MASK: u32>(u64);

impl<const MASK: u32> Hashing for Codes<MASK> {
    fn with_seed(_: u64) -> Self {
        Codes(0)
    }
}

impl<const MASK: u32> BuildHasher for Codes<MASK> {
    type Hasher = Codes<MASK>;
    fn build_hasher(&self) -> Self {
        Codes(0)
    }
}

impl<const MASK: u32> Hasher for Codes<MASK> {
    fn write(&mut self, bytes: &[u8]) {
        let id = u64::from_ne_bytes(bytes.try_into().expect("a key of 8 bytes"));
        self.0 = u64::from((id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32 & MASK);
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

/// Java's and the model's: entries, bins, threshold, trees, and a number made of the order of keys, after each write.
fn compare<const MASK: u32>(writes: u64, keys: u64, load_factor: f64, hint: usize) {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/HashMapState.java");
    let mask = MASK as i32;
    let output = Command::new("java")
        // No files in /tmp named by the process, about which it complains when another container has the same.
        .args(["-XX:-UsePerfData", "--add-opens", "java.base/java.util=ALL-UNNAMED", program])
        .args([writes.to_string(), keys.to_string(), load_factor.to_string(), hint.to_string(), mask.to_string()])
        .output()
        .expect("java starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(lines.lines().count() as u64, writes);

    let told = RefCell::default();
    let mut map = build::<Java, Codes<MASK>>(&options::<Java>(Some(load_factor), hint), &told);
    let mut random = 1u64;
    let mut draw = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    for (write, line) in (0..).zip(lines.lines()) {
        let (key, dice) = (draw(keys), draw(100));
        let removes = if (write / (keys * 2)).is_multiple_of(2) { 20 } else { 70 };
        if dice < removes {
            map.remove(&key)
        } else {
            map.insert(key, write)
        };
        let [len, bins, threshold, trees] = state(&map);
        // Java keeps what a table is to have as its threshold until there is one; it does not show it.
        let threshold = if bins == 0 { 0 } else { threshold };
        let order = order(&map).into_iter().fold(0u64, |order, key| order.wrapping_mul(1_000_003).wrapping_add(key));
        assert_eq!(format!("{len} {bins} {threshold} {trees} {order}"), line, "mask {MASK:x}, write {write}");
    }
}

#[test]
fn the_model_does_what_the_jdk_on_the_path_does() {
    let version = Command::new("java").arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !version.is_ok_and(|status| status.success()) {
        return crate::common::skip::skip("java", "no java on the PATH: nothing to compare with");
    }
    compare::<{ u32::MAX }>(5_000, 1_000, 0.75, 0);
    compare::<{ u32::MAX }>(3_000, 500, 4.0, 3);
    compare::<0>(3_000, 60, 0.75, 0);
    compare::<0x7>(5_000, 200, 0.75, 1);
    compare::<0xff00_0007>(5_000, 400, 1.0, 64);
    compare::<0xc0>(5_000, 300, 0.3, 0);
    compare::<0x1f>(5_000, 600, 0.25, 8);
    // Small trees, made and given up hundreds of times.
    compare::<0x1f>(20_000, 400, 4.0, 64);
}
