//! The inside of a map for programs.

use std::collections::BTreeMap;
use std::io;

use serde_json::{Value, json};

use super::super::Row;
use super::super::json::{SCHEMA, fields};
use super::{Buckets, Classic, Groups, Inside, InsideFormat, Layout, Swiss};

pub(super) const FORMAT: InsideFormat = InsideFormat { name: "json", render };

/// The most tables that are listed; figures are those of all.
const TABLES_MAX: usize = 4096;

fn render(inside: &Inside, _: usize, _: usize) -> io::Result<String> {
    Ok(serde_json::to_string_pretty(&document(inside))? + "\n")
}

pub(super) fn document(inside: &Inside) -> Value {
    let mut document = json!({
        "schema": SCHEMA,
        "of": inside.of,
        "program": inside.program,
        "go": inside.go,
        "agrees": inside.agrees,
        "map": fields(&Row::of(&inside.map)),
    });
    match &inside.layout {
        Layout::Swiss(swiss) => document["swiss"] = of_swiss(swiss),
        Layout::Classic(classic) => document["classic"] = of_classic(classic),
    }
    document
}

fn of_swiss(swiss: &Swiss) -> Value {
    let tables = swiss.tables.iter().take(TABLES_MAX).map(|table| {
        let mut fields = json!({
            "index": table.index,
            "local_depth": table.local_depth,
            "entries": table.used,
            "capacity": table.capacity,
            "growth_left": table.growth_left,
        });
        if let Some(groups) = &table.groups {
            fields["groups"] = of_groups(groups);
        }
        fields
    });
    let mut fields = json!({
        "directory": swiss.directory,
        "depth": swiss.depth,
        "tables": swiss.tables.len(),
        "unread_tables": swiss.unread,
        "groups": of_groups(&swiss.groups),
        "each_table": tables.collect::<Vec<_>>(),
    });
    if let Some(mean) = swiss.miss_mean {
        fields["miss_groups_mean"] = mean.into();
    }
    fields
}

fn of_groups(groups: &Groups) -> Value {
    json!({
        "groups": groups.count(),
        "by_full": groups.by_full,
        "full": groups.full(),
        "deleted": groups.deleted,
        "empty": groups.empty,
        "without_empty": groups.without_empty,
        "longest_run": groups.longest_run,
        "misses": counted(&groups.misses, "visited", "groups"),
    })
}

fn of_classic(classic: &Classic) -> Value {
    let mut fields = json!({ "array": classic.array, "buckets": of_buckets(&classic.buckets) });
    if let Some(growth) = &classic.growth {
        let copies = growth.copies.iter().map(|(bucket, entries)| json!({ "bucket": bucket, "entries": entries }));
        fields["growth"] = json!({
            "is_same_size": growth.is_same_size,
            "old": growth.old,
            "evacuated": growth.evacuated,
            "reached": growth.reached,
            "entries_to_copy": growth.waiting.entries(),
            "waiting": of_buckets(&growth.waiting),
            "copies": copies.collect::<Vec<_>>(),
        });
    }
    fields
}

fn of_buckets(buckets: &Buckets) -> Value {
    json!({
        "buckets": buckets.count,
        "overflow_buckets": buckets.overflows(),
        "entries": buckets.entries(),
        "by_overflow": counted(&buckets.by_overflow, "overflow_buckets", "buckets"),
        "by_entries": counted(&buckets.by_entries, "entries", "buckets"),
        "hits": counted(&buckets.hits, "visited", "entries"),
        "tombstones": buckets.tombstones,
        "rest": buckets.rest,
        "cut_chains": buckets.cut,
        "unread": buckets.unread,
        "beyond": buckets.beyond,
    })
}

/// Rows of a figure and how many have it, the smallest first.
fn counted(of: &BTreeMap<u64, u64>, figure: &str, count: &str) -> Value {
    of.iter().map(|(at, many)| json!({ figure: at, count: many })).collect()
}
