//! Workloads of a few operations are timed on many maps side by side: how many operations that makes, and of which cause.

use std::collections::BTreeMap;
use std::fs;

use mapscope::record::{self, Cause};

use crate::cli_process::Place;

#[test]
fn a_small_workload_is_timed_on_as_many_maps_as_make_up_a_batch() {
    let place = Place::new();
    let profile = "time_limit_s = 600\npasses = [\"count\", \"time\"]\nrepetitions = 2\n[[cells]]\nmap = \"hashbrown\"\n\
        mix = \"fill\"\nkeys = \"uniform\"\nentry = \"u64/u64\"\nops = [1, 3, 64, 65]\n";
    fs::write(place.path().join("small.toml"), profile).expect("the profile is written");
    let outcome = place.run(&["run", "small.toml", "--quiet", "--out", "out"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let results = record::read(&place.path().join("out").join("results.json")).expect("a record");
    let mut seen = BTreeMap::new();
    for cell in results.cells {
        let time = cell.time.unwrap_or_else(|| panic!("{}: {:?}", cell.id, cell.error));
        assert_eq!((time.bare_elapsed_ns.len(), time.clocked_elapsed_ns.len()), (2, 2));
        let recorded = |cause| time.histograms.iter().filter(|h| h.cause == cause).map(|h| h.count).sum::<u64>();
        // What one map does is counted as ever.
        let count = cell.count.expect("a count pass");
        let allocs = count.quantities.get("alloc_count").expect("counted");
        seen.insert(cell.id.ops, (allocs, time.ops, recorded(Cause::Grow), recorded(Cause::Steady)));
    }
    let expected = [
        // 1,024 maps in 64 rounds, twice, each insert a table's first.
        (1, (1, 1_024 * 64, 2 * 1_024 * 64, 0)),
        // 341 maps in 65 rounds, twice; of the first four operations of a round two are steady, and not recorded.
        (3, (1, 3 * 341 * 65, 2 * 341 * 65, 2 * (2 * 341 - 2) * 65)),
        // 16 maps in 64 rounds, twice; tables of 4, 8, 16 ... 128 slots. Of the first four operations one more is a growth.
        (64, (6, 64 * 16 * 64, 2 * 6 * 16 * 64, 2 * (58 * 16 - 2) * 64)),
        // One map; two of its first four operations are growths.
        (65, (6, 65, 2 * 6, 2 * (59 - 2))),
    ];
    assert_eq!(seen, BTreeMap::from(expected));
}
