//! What an operation did to the rows with one index.

use std::collections::BTreeMap;

use super::key::place_in_row;
use super::watch::{Around, Change};
use crate::maps::anatomy::{Anatomy, Kind, Row, Slot, Stage, Table};
use crate::replay::Action;

/// How many rows are told of in the end: of many tables, whoever wants one names it.
const ROWS_MAX: usize = 8;

type Watched<'a> = (&'a Table, &'a Row);

/// The rows that were asked for.
fn watched(anatomy: &Anatomy, table: Option<u64>) -> Vec<Watched<'_>> {
    let tables = anatomy.tables.iter().filter(|it| table.is_none() || it.number == table);
    tables.flat_map(|table| table.rows.iter().map(move |row| (table, row))).collect()
}

/// What the rows hold now, in words.
pub(super) fn now(anatomy: &Anatomy, table: Option<u64>, index: usize) -> String {
    let word = anatomy.row_word;
    let each = watched(anatomy, table).into_iter().map(|(table, row)| {
        let keys: Vec<_> = row.entries().map(|(_, _, entry)| entry.key).collect();
        let stage = if row.stage == Stage::InUse { String::new() } else { format!(", {}", row.stage.name()) };
        let chain = match row.buckets.len() - 1 {
            0 => String::new(),
            1 => ", 1 overflow bucket".to_owned(),
            n => format!(", {n} overflow buckets"),
        };
        format!("{} has {}{chain}{stage}", table.row_name(word, row.index), named(&keys))
    });
    let mut each: Vec<_> = each.collect();
    if each.len() > ROWS_MAX {
        let more = each.len() - ROWS_MAX;
        each.truncate(ROWS_MAX);
        each.push(format!("and {more} {word}s {index} of other tables"));
    }
    if each.is_empty() { format!("there is no {word} {index}") } else { each.join("; ") }
}

/// `key 4`, `keys 4, 7`, `no key`.
fn named(keys: &[u64]) -> String {
    let list = || keys.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    match keys {
        [] => "no key".to_owned(),
        [key] => format!("key {key}"),
        _ => format!("keys {}", list()),
    }
}

/// What an operation did to the rows.
pub(super) fn changes(around: &Around, table: Option<u64>) -> Vec<Change> {
    let word = around.after.row_word;
    let (before, after) = (watched(around.before, table), watched(around.after, table));
    let still = |(table, row): Watched, (after, now): Watched| table.is_still(after) && row.index == now.index;
    let mut changes = Vec::new();
    for &was in &before {
        match after.iter().find(|&&now| still(was, now)) {
            Some(&now) => row_changes(around, &before, was, now, &mut changes),
            // The same row under another number, or one that is asked for no more.
            None if around.still(was.0).is_some() => {}
            None => {
                let name = was.0.row_name(word, was.1.index);
                let keys: Vec<_> = was.1.entries().map(|(_, _, entry)| entry.key).collect();
                let whither = if keys.is_empty() { String::new() } else { format!(": {}", whither(around, &keys)) };
                let freed = match keys.is_empty() {
                    true => "freed",
                    false if was.0.old => "evacuated and freed",
                    false => "emptied and freed",
                };
                let text = format!("{name} {freed} with its table{}{whither}", around.why());
                changes.push(Change { kind: "freed", keys, from: Some(name), to: None, text });
            }
        }
    }
    for &(table, row) in after.iter().filter(|&&now| !before.iter().any(|&was| still(was, now))) {
        // An old one that bears on the row from now on has always been there.
        if around.was(table).is_some() {
            continue;
        }
        let name = table.row_name(word, row.index);
        let stage = if row.stage == Stage::InUse { String::new() } else { format!(", {}", row.stage.name()) };
        let entries: Vec<_> = row.entries().map(|(bucket, slot, entry)| (entry.key, bucket, slot)).collect();
        let keys = entries.iter().map(|&(key, ..)| key).collect();
        let text = format!("{name} made{}: {}{stage}", around.why(), slots_named(&entries));
        changes.push(Change { kind: "made", keys, from: None, to: Some(name), text });
    }
    changes
}

/// `key 4 in slot 0, key 7 in slot 1`; `empty`.
fn slots_named(entries: &[(u64, usize, usize)]) -> String {
    let each = entries.iter().map(|&(key, bucket, slot)| format!("key {key} in {}", place_in_row(bucket, slot)));
    if entries.is_empty() { "empty".to_owned() } else { each.collect::<Vec<_>>().join(", ") }
}

/// Where keys are after the operation: `keys 4, 7 to bucket 3; key 9 to bucket 11`.
fn whither(around: &Around, keys: &[u64]) -> String {
    let mut places: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for &key in keys {
        let found = (around.find)(key);
        let place = if found.is_empty() { "nowhere".to_owned() } else { found.join(" and ") };
        places.entry(place).or_default().push(key);
    }
    let each = places.iter().map(|(place, keys)| match place.as_str() {
        "nowhere" if around.row.action == Action::Remove => format!("{} removed", named(keys)),
        "nowhere" => format!("{} dropped", named(keys)),
        _ => format!("{} to {place}", named(keys)),
    });
    each.collect::<Vec<_>>().join("; ")
}

/// The slots that a row has before and after, with their places.
fn paired<'a>(was: &'a Row, now: &'a Row) -> impl Iterator<Item = (usize, usize, Option<&'a Slot>, &'a Slot)> {
    let chains = now.buckets.iter().enumerate().map(|(bucket, slots)| (bucket, was.buckets.get(bucket), slots));
    chains.flat_map(|(bucket, was, slots)| {
        slots.iter().enumerate().map(move |(n, slot)| (bucket, n, was.and_then(|was| was.get(n)), slot))
    })
}

/// What became of one row.
fn row_changes(around: &Around, before: &[Watched], was: Watched, now: Watched, changes: &mut Vec<Change>) {
    let word = around.after.row_word;
    let names = [was, now].map(|(table, row)| table.row_name(word, row.index));
    let [old_name, name] = &names;
    let (was, now) = (was.1, now.1);
    let change = |kind, keys: Vec<u64>, text| {
        let [from, to] = names.clone().map(Some);
        Change { kind, keys, from, to, text }
    };
    if old_name != name {
        let stage = if now.stage == Stage::ToEvacuate { ", to be evacuated" } else { "" };
        changes.push(change("renamed", Vec::new(), format!("{old_name} is {name} now{stage}{}", around.why())));
    }
    let (had, has) = (was.buckets.len(), now.buckets.len());
    if has > had {
        let linked = if has - had == 1 { "an overflow bucket" } else { "overflow buckets" };
        changes.push(change("chained", Vec::new(), format!("{name} got {linked}: its chain is {has} long")));
    }
    if now.stage == Stage::Evacuated && was.stage != Stage::Evacuated {
        let keys: Vec<_> = was.entries().map(|(_, _, entry)| entry.key).collect();
        let whither = if keys.is_empty() { "it was empty".to_owned() } else { whither(around, &keys) };
        changes.push(change("evacuated", keys, format!("{name} evacuated: {whither}")));
    } else {
        slot_changes(around, before, name, was, now, &change, changes);
    }
    if has < had {
        let text = format!("{name} let go of its overflow: its chain is {has} long, and was {had}");
        changes.push(change("unchained", Vec::new(), text));
    }
}

/// What became of the slots of a row that has not been evacuated.
fn slot_changes(
    around: &Around,
    before: &[Watched],
    name: &str,
    was: &Row,
    now: &Row,
    change: &dyn Fn(&'static str, Vec<u64>, String) -> Change,
    changes: &mut Vec<Change>,
) {
    let op = around.row;
    let inserted = |key| op.action == Action::Insert && op.key == key;
    let mut come = Vec::new();
    let mut gone = Vec::new();
    let mut marked: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for (bucket, n, old, new) in paired(was, now) {
        let place = place_in_row(bucket, n);
        let entry_was = old.and_then(|old| old.entry.as_ref());
        match (entry_was, &new.entry) {
            (Some(old), Some(new)) if old.key == new.key => {
                if old.note != new.note {
                    let [was, is] = [old, new].map(|entry| entry.note.map_or("", |note| note.name));
                    let text = format!("key {} in {name} {place} was {was} and is {is}", new.key);
                    changes.push(change("marked", vec![new.key], text));
                } else if inserted(new.key) {
                    let text = format!("key {} overwritten in {name} {place}", new.key);
                    changes.push(change("overwritten", vec![new.key], text));
                }
            }
            (_, Some(entry)) => {
                gone.extend(entry_was.map(|old| (old.key, place.clone(), new.mark.name)));
                come.push((entry.key, bucket, n));
            }
            (Some(old), None) => gone.push((old.key, place, new.mark.name)),
            (None, None) => {
                let old = old.map_or(new.mark.name, |old| old.mark.name);
                if old != new.mark.name {
                    marked.entry((old, new.mark.name)).or_default().push(place);
                }
            }
        }
    }
    if op.action == Action::Clear && !gone.is_empty() {
        let keys: Vec<_> = gone.drain(..).map(|(key, ..)| key).collect();
        let text = format!("{} dropped from {name} with all others", named(&keys));
        changes.push(change("cleared", keys, text));
    }
    for (key, place, mark) in &gone {
        let key = *key;
        let found = (around.find)(key);
        let (kind, text) = match &found[..] {
            [] if op.action == Action::Remove => {
                ("removed", format!("key {key} removed from {name} {place}, which is {mark} now"))
            }
            [] => ("dropped", format!("key {key} dropped from {name} {place}{}", around.why())),
            to => ("moved", format!("key {key} moved from {name} {place} to {}", to.join(" and "))),
        };
        changes.push(change(kind, vec![key], text));
    }
    let there = |key| before.iter().find(|(_, row)| row.entries().any(|(_, _, entry)| entry.key == key));
    // Another map's table may have the key, and keep it.
    let left = |key| gone.iter().any(|&(left, ..)| left == key) || !has_still(around, before, key);
    let put = |&(key, ..): &(u64, usize, usize)| inserted(key) && (there(key).is_none() || !left(key));
    let (new, moved): (Vec<_>, Vec<_>) = come.into_iter().partition(put);
    if !moved.is_empty() {
        let keys: Vec<_> = moved.iter().map(|&(key, ..)| key).collect();
        let mut sources: Vec<_> = keys
            .iter()
            .filter_map(|&key| there(key))
            .map(|(table, row)| {
                let table = around.still(table).unwrap_or(table);
                table.row_name(around.after.row_word, row.index)
            })
            .collect();
        sources.sort();
        sources.dedup();
        let from = if sources.is_empty() { String::new() } else { format!(" from {}", sources.join(" and ")) };
        let text = format!("{name} filled{from}: {}", slots_named(&moved));
        changes.push(change("filled", keys, text));
    }
    for (key, bucket, n) in new {
        let text = format!("key {key} put into {name} {}", place_in_row(bucket, n));
        changes.push(change("put", vec![key], text));
    }
    for ((was, is), places) in marked {
        let text = format!("{name} {}: {was} -> {is}", places.join(", "));
        changes.push(change("marks", Vec::new(), text));
    }
    if was.stage == Stage::Waiting && now.stage == Stage::InUse && now.buckets.iter().flatten().all(is_free) {
        changes.push(change("reached", Vec::new(), format!("{name} is in use now, still empty")));
    }
}

/// Whether one of the rows of before has the key now, where it had it.
fn has_still(around: &Around, before: &[Watched], key: u64) -> bool {
    let has = |row: &Row| row.entries().any(|(_, _, entry)| entry.key == key);
    before.iter().filter(|(_, row)| has(row)).any(|(table, row)| {
        let now = around.still(table).into_iter().flat_map(|table| &table.rows);
        now.filter(|now| now.index == row.index).any(has)
    })
}

fn is_free(slot: &Slot) -> bool {
    slot.mark.kind == Kind::Empty
}
