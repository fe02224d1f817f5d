//! Known truths (docs/METHODOLOGY.md, "Truths"), measured by whole runs of the program.

mod common;

use common::{PATIENT, Run, metric};

/// A table that doubles moves between 1 and 2 entries an insert; over a log-uniform size the mean is 1/ln 2.
#[test]
fn a_doubling_table_moves_1_4427_entries_an_insert_on_average() {
    // hashbrown grows when 7/8 of a power of two is full: sizes spread log-uniformly between two such points.
    let (low, points) = (7 * 4096 / 8 + 1, 64);
    let sizes: Vec<String> = (0..points)
        .map(|i| (f64::from(low) * 2f64.powf((f64::from(i) + 0.5) / f64::from(points))).round().to_string())
        .collect();
    let rows = Run::new([PATIENT, "--map", "hashbrown", "--keys", "uniform", "--mix", "fill", "--passes", "count"])
        .args(["--ops", &sizes.join(",")])
        .rows();
    assert_eq!(rows.len(), points as usize);
    let mean = rows.iter().map(|row| metric(row, "moves_per_insert")).sum::<f64>() / f64::from(points);
    assert!((mean / std::f64::consts::LOG2_E - 1.0).abs() < 0.01, "mean moves per insert {mean}");
}

/// Four million inserts: 352 MB unhinted, 161 MB hinted, as Go's runtime allocates.
#[test]
#[cfg_attr(debug_assertions, ignore = "four million inserts: run with --release")]
fn four_million_inserts_allocate_what_gos_runtime_allocates() {
    let rows = Run::new([PATIENT, "--map", "go-classic", "--keys", "sequential", "--mix", "fill", "--passes", "count"])
        .args(["--ops", "4194304", "--hint", "0,4194304"])
        .rows();
    let near = |row, name, expected: f64| {
        let found = metric(row, name);
        assert!((found / expected - 1.0).abs() < 0.01, "{name}: {found}, expected {expected}");
    };
    near(&rows[0], "alloc_bytes", 352e6);
    near(&rows[0], "alloc_count", 154e3);
    near(&rows[1], "alloc_bytes", 161e6);
    // 24 where the map's header of 48 bytes can stay on Go's stack; here it is on the heap.
    assert_eq!(metric(&rows[1], "alloc_count"), 25.0);
}

/// A Swiss map of Go's moves the entries of one table at the most, however large it is.
#[test]
fn one_insert_into_gos_swiss_map_moves_896_entries_at_most() {
    let rows = Run::new([PATIENT, "--map", "go-swiss", "--keys", "uniform", "--passes", "count", "--entry", "u64/u64"])
        .args(["--mix", "fill,waves,mix(insert=80,remove=20,get=0)", "--ops", "200000"])
        .rows();
    assert_eq!(rows.len(), 3);
    for row in &rows {
        assert_eq!(metric(row, "max_moves_in_one_write"), 896.0, "{}", row["mix"]);
    }
}

/// A trace whose hashes collide moves the entries of Java's bins; rehashing a Redis dict moves none.
#[test]
fn maps_made_of_nodes_move_entries_only_where_a_bin_becomes_a_tree() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("crowded.csv");
    let rows = (0..6000u64).map(|n| {
        let (op, key) = if n / 1000 % 2 == 0 { ("insert", n % 1000) } else { ("remove", n * 7 % 1000) };
        format!("{op},{key},{:016x}\n", key % 37)
    });
    std::fs::write(&trace, format!("op,key,hash\n{}", rows.collect::<String>())).unwrap();
    let cells = Run::new([PATIENT, "--map", "java-hashmap,redis-dict", "--passes", "count"])
        .args(["--trace", trace.to_str().unwrap()])
        .cells();
    let counts = |cell: &serde_json::Value, name: &str| cell["count"]["quantities"][name].as_u64().unwrap();
    assert_eq!(cells.len(), 2);
    for cell in &cells {
        assert_eq!(cell["status"], "ok", "{}", cell["error"]);
        let by_census = &cell["count"]["quantities"]["census_moved_entries"];
        assert!(by_census.is_null(), "{}: what the map tells nobody looks for: {by_census}", cell["id"]);
    }
    assert!(counts(&cells[0], "inside_moved_entries") > 500, "{}", cells[0]["count"]);
    assert_eq!(counts(&cells[1], "inside_moved_entries"), 0);
    assert!(counts(&cells[1], "rehash_events") > 0);
}

/// What a `HashMap<String, byte[]>` of 1,000 entries comes to by the sizes of its objects on a 64-bit HotSpot.
#[test]
fn java_hashmap_holds_what_a_jvm_holds() {
    let cells = Run::new([PATIENT, "--map", "java-hashmap", "--keys", "sequential", "--mix", "fill", "--ops", "1000"])
        .args(["--entry", "string(24)/256", "--passes", "count"])
        .cells();
    let count = |name: &str| cells[0]["count"]["quantities"][name].as_u64().unwrap();
    let (table, node, entry) = (|bins: u64| 16 + 4 * bins, 32, 24 + 40 + 272);
    let tables: u64 = (4..=11).map(|log2: u32| table(1 << log2)).sum();
    assert_eq!((count("alloc_bytes"), count("alloc_count")), (48 + tables + 1000 * node, 1 + 8 + 1000));
    assert_eq!((count("entry_alloc_bytes"), count("entry_alloc_count")), (1000 * entry, 3 * 1000));
    assert_eq!(count("free_bytes"), tables - table(2048));
    let live = 48 + table(2048) + 1000 * (node + entry);
    assert_eq!((count("live_bytes"), count("peak_bytes")), (live, live), "the last table comes with entry 769");
    assert_eq!(count("drained_bytes"), 48 + table(2048));
}

/// Go's own table of load factors, for 8-byte keys and values just before a table grows: overflow buckets in percent, bytes
/// of overhead, keys looked at by a hit and by a miss. From the comment that Go's runtime map carried up to Go 1.23.
const GO_LOAD_FACTOR_TABLE: [(f64, [f64; 4]); 9] = [
    (4.0, [2.13, 20.77, 3.00, 4.00]),
    (4.5, [4.05, 17.30, 3.25, 4.50]),
    (5.0, [6.85, 14.77, 3.50, 5.00]),
    (5.5, [10.55, 12.94, 3.75, 5.50]),
    (6.0, [15.27, 11.67, 4.00, 6.00]),
    (6.5, [20.90, 10.79, 4.25, 6.50]),
    (7.0, [27.14, 10.15, 4.50, 7.00]),
    (7.5, [34.03, 9.73, 4.75, 7.50]),
    (8.0, [41.10, 9.40, 5.00, 8.00]),
];

#[test]
#[cfg_attr(debug_assertions, ignore = "a hundred million inserts: run with --release")]
fn the_load_factor_table_of_gos_runtime_is_reproduced_within_one_percent() {
    let rows = Run::new(["go-load-factor-table"]).rows();
    assert_eq!(rows.len(), GO_LOAD_FACTOR_TABLE.len());
    let names = ["overflow_bucket_percent", "in_use_overhead_bytes_per_entry", "hit_probes", "miss_probes"];
    for (row, (load_factor, figures)) in rows.iter().zip(GO_LOAD_FACTOR_TABLE) {
        assert_eq!(metric(row, "load_factor"), load_factor);
        for (name, expected) in names.into_iter().zip(figures) {
            let found = metric(row, name);
            assert!((found / expected - 1.0).abs() < 0.01, "{load_factor}: {name}: {found}, expected {expected}");
        }
    }
}

/// The flame graphs' totals are the count pass's, set-up left out of both.
#[test]
fn profiles_add_up_to_what_the_count_pass_counted() {
    let cells = Run::new([PATIENT, "--map", "go-classic,hashbrown,btree,java-hashmap", "--passes", "count,profile"])
        .args(["--keys", "uniform", "--mix", "fill,churn", "--ops", "3000"])
        .cells();
    assert_eq!(cells.len(), 8);
    for cell in &cells {
        let (count, profile) = (&cell["count"]["quantities"], &cell["profile"]);
        let total = |stacks: &str, of: &str| -> u64 {
            profile[stacks].as_array().unwrap().iter().map(|stack| stack[of].as_u64().unwrap()).sum()
        };
        assert_eq!(total("alloc", "alloc_count"), count["alloc_count"].as_u64().unwrap(), "{}", cell["id"]);
        assert_eq!(total("alloc", "alloc_bytes"), count["alloc_bytes"].as_u64().unwrap(), "{}", cell["id"]);
        let moved = count["inside_moved_entries"].as_u64().or(count["census_moved_entries"].as_u64()).unwrap();
        assert_eq!(total("copy", "moved_entries"), moved, "{}", cell["id"]);
    }
}
