use mapscope::diff::FieldChange;
use mapscope::record::{Cell, CellId, Results, Status};

use super::compared;
use crate::gate::fixture::{cell, record};

fn with_id(map: &str, edit: impl FnOnce(&mut CellId)) -> Cell {
    let mut cell = cell(map);
    edit(&mut cell.id);
    cell
}

fn field(before: &Results, after: &Results) -> Vec<Option<FieldChange>> {
    compared(before, after).pairs.into_iter().map(|pair| pair.field).collect()
}

#[test]
fn cells_of_equal_identity_belong_together_in_any_order() {
    let (a, b) = (record([cell("std"), cell("btree")]), record([cell("btree"), cell("std")]));
    let diff = compared(&a, &b);
    let maps: Vec<_> = diff.pairs.iter().map(|pair| (&*pair.before.id.map, &*pair.after.id.map)).collect();
    assert_eq!(maps, [("std", "std"), ("btree", "btree")]);
    assert!(diff.pairs.iter().all(|pair| pair.field.is_none()) && diff.only_before.is_empty());
}

#[test]
fn what_is_left_over_is_paired_by_the_one_field_that_differs() {
    type Edit = fn(&mut CellId);
    let cases: [(Edit, &str, &str, &str); 9] = [
        (|id| id.map = "go-swiss".to_owned(), "map", "go-classic", "go-swiss"),
        (|id| id.keys = "zipfian(0.99)".to_owned(), "keys", "uniform", "zipfian(0.99)"),
        (|id| id.mix = "fill".to_owned(), "mix", "churn", "fill"),
        (|id| id.load_factor = Some(5.0), "load factor", "6.5", "5"),
        (|id| id.hint = 1000, "hint", "0", "1000"),
        (|id| id.entry = "u32/u8".to_owned(), "entry", "u64/u64", "u32/u8"),
        (|id| id.ops = 2200, "ops", "1100", "2200"),
        (|id| id.seed = 2, "seed", "1", "2"),
        // With threads come keys that they share: no second difference.
        (|id| (id.threads, id.thread_keys) = (Some(2), Some("shared".to_owned())), "threads", "none", "2"),
    ];
    let a = record([cell("go-classic"), cell("std")]);
    for (edit, name, before, after) in cases {
        let b = record([with_id("go-classic", edit), cell("std")]);
        let change = FieldChange { name, before: before.to_owned(), after: after.to_owned() };
        assert_eq!(field(&a, &b), [Some(change), None], "{name}");
    }
    let disjoint: Edit = |id| (id.threads, id.thread_keys) = (Some(2), Some("disjoint".to_owned()));
    assert_eq!(compared(&a, &record([with_id("go-classic", disjoint)])).pairs.len(), 0, "two fields");
}

#[test]
fn two_fields_are_one_too_many() {
    let a = record([cell("go-classic")]);
    let b = record([with_id("go-classic", |id| (id.hint, id.seed) = (8, 2))]);
    let diff = compared(&a, &b);
    assert_eq!((diff.pairs.len(), diff.only_before.len(), diff.only_after.len(), diff.ambiguous), (0, 1, 1, 0));
    assert!(diff.differs_exactly());
}

#[test]
fn nothing_is_guessed() {
    let load_factor = |x| with_id("go-classic", |id| id.load_factor = Some(x));
    // One against two: either could be meant.
    let diff = [record([load_factor(6.5)]), record([load_factor(4.0), load_factor(5.0)])];
    let diff = compared(&diff[0], &diff[1]);
    assert_eq!((diff.pairs.len(), diff.only_before.len(), diff.only_after.len(), diff.ambiguous), (0, 1, 2, 3));
    // Two against one, as much.
    let diff = [record([load_factor(4.0), load_factor(5.0)]), record([load_factor(6.5)])];
    assert_eq!(compared(&diff[0], &diff[1]).ambiguous, 3);
    // A cell that has its like is no candidate.
    let diff = [record([load_factor(4.0), load_factor(6.5)]), record([load_factor(4.0), load_factor(5.0)])];
    let diff = compared(&diff[0], &diff[1]);
    assert_eq!((diff.pairs.len(), diff.ambiguous), (2, 0));
    // By two different fields: still either could be meant.
    let both = [load_factor(5.0), with_id("go-classic", |id| id.hint = 8)];
    assert_eq!(compared(&record([cell("go-classic")]), &record(both)).ambiguous, 3);
}

#[test]
fn a_field_that_differs_throughout_pairs_every_cell() {
    let seeded = |seed| record(["std", "btree", "go-classic"].map(|map| with_id(map, |id| id.seed = seed)));
    let (a, b) = (seeded(1), seeded(2));
    let diff = compared(&a, &b);
    assert_eq!(diff.pairs.len(), 3);
    assert!(diff.pairs.iter().all(|pair| pair.before.id.map == pair.after.id.map));
}

#[test]
fn failed_cells_are_paired_too() {
    let a = record([cell("go-classic")]);
    let mut b = record([with_id("go-classic", |id| id.load_factor = Some(8.0))]);
    b.cells[0].status = Status::Panicked;
    let diff = compared(&a, &b);
    assert_eq!(diff.endings().count(), 1);
    assert!(diff.changes.is_empty() && diff.differs_exactly());
}
