//! Where an operation's time goes, as a small table.

use super::figures::Figures;
use super::group::Group;
use super::number::fixed;
use super::side::{ABSENT, Side};
use crate::record::metrics::parts::{ADDING_NS, FINDING_NS, GROWING_NS, HASH_NS, largest};
use crate::record::metrics::structure::{BUCKET_ENTROPY_BITS, BUCKETS};
use crate::record::metrics::undisturbed::UNDISTURBED_NS_PER_OP;

/// A terminal has room for so many rows.
const TERMINAL_ROWS_MAX: usize = 8;

pub(super) const SIDE: Side = Side {
    title: "Where an operation's time goes",
    headings: &["map", "time", "hashing", "growing", "adding", "finding", "mostly", "entropy"],
    legend: &[
        (None, "In ns, shared out among all operations."),
        (Some(2), "Hashing: one hash of each key, measured alone."),
        (Some(3), "Growing: what operations that grow the table or move entries take beyond the others."),
        (Some(4), "Adding: the same of those that add a bucket or a node, or allocate otherwise."),
        (Some(5), "Finding: the rest, which is finding and comparing keys, writing and dropping values."),
        (
            Some(7),
            "Entropy: how evenly the hash spreads entries over buckets, in bits, and the most that so many buckets allow.",
        ),
    ],
    dropped: &[7, 1, 4, 3],
    differs: None,
    rows,
    on_terminal: |rows| rows <= TERMINAL_ROWS_MAX,
};

/// The maps of a group of which some part can be told.
fn rows(group: &Group<'_>) -> Vec<Vec<String>> {
    let known = |row: &&Figures<'_>| {
        !row.failed() && [HASH_NS, GROWING_NS, ADDING_NS].iter().any(|metric| row.metric(*metric).is_some())
    };
    group.rows.iter().filter(known).map(texts).collect()
}

fn texts(row: &Figures<'_>) -> Vec<String> {
    let ns = |metric| row.metric(metric).map_or(ABSENT.to_owned(), |ns| fixed(ns, 1));
    let mostly = largest(row.cell).map(|(name, share)| format!("{name} {:.0} %", share * 100.0));
    let entropy = row.metric(BUCKET_ENTROPY_BITS).zip(row.metric(BUCKETS));
    let entropy = entropy.map(|(bits, buckets)| format!("{} of {}", fixed(bits, 2), fixed(buckets.log2(), 2)));
    let times = [UNDISTURBED_NS_PER_OP, HASH_NS, GROWING_NS, ADDING_NS, FINDING_NS].map(ns);
    let texts = [mostly, entropy].map(|text| text.unwrap_or(ABSENT.to_owned()));
    [row.label.clone()].into_iter().chain(times).chain(texts).collect()
}
