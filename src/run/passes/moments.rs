//! Takes down when operations began and how long they took, in one timed repetition: for timelines, beside what the pass
//! is for.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::timeline::remakes_a_table;
use crate::probe::event::Cause;
use crate::probe::latency::{Classes, kind_and_cause};
use crate::record::{Moment, Moments, OpKind, Spell, Timeline};
use crate::subject::Seen;

/// With more operations than these nothing is kept: it would take too much memory.
pub(super) const OPS_MAX: u64 = 1 << 24;

/// What the operations did that allocated or moved anything, as a watched run saw them.
#[derive(Default)]
pub(super) struct Works {
    ops: u64,
    works: Vec<Work>,
}

#[derive(Clone, Copy)]
struct Work {
    op: u64,
    alloc_bytes: u64,
    moved_entries: u64,
}

impl Works {
    /// After a measured operation.
    pub fn add(&mut self, seen: &Seen) {
        let (op, alloc_bytes) = (self.ops, seen.work.allocs.bytes);
        let moved_entries = seen.work.moved.map_or(0, |moved| moved.entries);
        self.ops += 1;
        if alloc_bytes > 0 || moved_entries > 0 {
            self.works.push(Work { op, alloc_bytes, moved_entries });
        }
    }

    /// What is kept of a repetition whose operations had these classes and took so long.
    pub fn moments(&self, classes: &Classes, latencies_ns: &[u32]) -> Moments {
        let ops_per_point = (latencies_ns.len() as u64).div_ceil(Timeline::POINTS_MAX).max(1);
        let (mut kept, left_out) = choose(classes, latencies_ns);
        let mut spells = self.spells();
        let ends = spells.iter().flat_map(|spell| [spell.first_op, spell.last_op]);
        let marked: BTreeSet<u64> = kept.keys().copied().chain(ends).collect();
        let mut marked = marked.into_iter().peekable();
        let mut times = BTreeMap::new();
        let mut elapsed_ns = Vec::new();
        let mut now_ns = 0;
        for (op, &ns) in (0..).zip(latencies_ns) {
            let start_ns = now_ns;
            now_ns += u64::from(ns);
            if marked.next_if_eq(&op).is_some() {
                times.insert(op, (start_ns, now_ns));
            }
            if (op + 1) % ops_per_point == 0 || op + 1 == latencies_ns.len() as u64 {
                elapsed_ns.push(now_ns);
            }
        }
        for spell in &mut spells {
            (spell.start_ns, spell.end_ns) = (times[&spell.first_op].0, times[&spell.last_op].1);
        }
        for moment in kept.values_mut() {
            let (start_ns, end_ns) = times[&moment.op];
            (moment.start_ns, moment.ns) = (start_ns, end_ns - start_ns);
            if let Ok(index) = self.works.binary_search_by_key(&moment.op, |work| work.op) {
                let Work { alloc_bytes, moved_entries, .. } = self.works[index];
                (moment.alloc_bytes, moment.moved_entries) = (alloc_bytes, moved_entries);
            }
        }
        Moments { ops_per_point, elapsed_ns, operations: kept.into_values().collect(), left_out, spells }
    }

    /// Without their times.
    fn spells(&self) -> Vec<Spell> {
        let mut spells: Vec<Spell> = Vec::new();
        for &Work { op, moved_entries, .. } in self.works.iter().filter(|work| work.moved_entries > 0) {
            match spells.last_mut() {
                Some(spell) if op - spell.last_op <= Spell::GAP_OPS => {
                    spell.last_op = op;
                    spell.moving_ops += 1;
                    spell.moved_entries += moved_entries;
                }
                _ => {
                    let (first_op, last_op, start_ns, end_ns) = (op, op, 0, 0);
                    spells.push(Spell { first_op, last_op, start_ns, end_ns, moving_ops: 1, moved_entries });
                }
            }
        }
        spells.retain(|spell| spell.moving_ops > 1);
        spells.sort_by_key(|spell| (Reverse(spell.moved_entries), spell.first_op));
        spells.truncate(Moments::SPELLS_MAX);
        spells.sort_by_key(|spell| spell.first_op);
        spells
    }
}

/// The operations to keep, and how many more of each cause there were. What they did and when is not yet known.
fn choose(classes: &Classes, latencies_ns: &[u32]) -> (BTreeMap<u64, Moment>, BTreeMap<Cause, u64>) {
    let sample_every = (latencies_ns.len() as u64).div_ceil(Moments::STEADY_MAX).max(1);
    let mut of_causes: BTreeMap<Option<Cause>, Longest> = BTreeMap::new();
    let (mut kept, mut left_out) = (BTreeMap::new(), BTreeMap::new());
    let of = |class: u8| {
        let (kind, cause) = kind_and_cause(class.into());
        (OpKind::ALL[kind], cause)
    };
    let mut keep = |op, class: u8| {
        let (kind, cause) = of(class);
        kept.insert(op, Moment { op, start_ns: 0, ns: 0, kind, cause, alloc_bytes: 0, moved_entries: 0 });
    };
    for ((op, class), &ns) in (0..).zip(classes.iter()).zip(latencies_ns) {
        let (kind, cause) = of(class);
        // What is about all entries is kept whatever its cause.
        let cause = kind.has_key().then_some(cause);
        let dropped = of_causes.entry(cause).or_default().offer(op, class, ns, most(cause));
        if let Some(cause) = dropped.map(|class| of(class).1).filter(|&cause| cause != Cause::Steady) {
            *left_out.entry(cause).or_default() += 1;
        }
        if cause == Some(Cause::Steady) && op % sample_every == 0 {
            keep(op, class);
        }
    }
    for longest in of_causes.into_values() {
        longest.heap.into_iter().for_each(|Reverse((_, Reverse(op), class))| keep(op, class));
    }
    (kept, left_out)
}

/// How many operations of a cause, or about all entries, are kept at the most.
fn most(cause: Option<Cause>) -> usize {
    match cause {
        None | Some(Cause::Prune | Cause::Promote) => Moments::TABLES_MAX,
        Some(Cause::Steady) => Moments::STEADY_MAX as usize,
        Some(cause) if remakes_a_table(cause) => Moments::TABLES_MAX,
        Some(_) => Moments::OTHERS_MAX,
    }
}

/// The longest of many operations, the earlier one of equals.
#[derive(Default)]
struct Longest {
    /// The least of them first.
    heap: BinaryHeap<Reverse<(u32, Reverse<u64>, u8)>>,
}

impl Longest {
    /// Takes one in; the class of the one that there is no more room for.
    fn offer(&mut self, op: u64, class: u8, ns: u32, most: usize) -> Option<u8> {
        self.heap.push(Reverse((ns, Reverse(op), class)));
        if self.heap.len() <= most {
            return None;
        }
        self.heap.pop().map(|Reverse((.., class))| class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::latency::class_of;

    fn classes(causes: impl IntoIterator<Item = Cause>) -> Classes {
        let mut classes = Classes::default();
        causes.into_iter().for_each(|cause| classes.push(class_of(0, cause)));
        classes
    }

    #[test]
    fn what_remade_a_table_is_kept_and_of_the_rest_the_longest() {
        let ops = 10_000;
        let cause = |op: u64| match op {
            op if op % 1000 == 7 => Cause::Grow,
            op if op % 10 == 3 => Cause::Overflow,
            _ => Cause::Steady,
        };
        // Each takes longer than the one before.
        let ns: Vec<u32> = (1..=ops as u32).collect();
        let moments = Works::default().moments(&classes((0..ops).map(cause)), &ns);
        let kept =
            |cause| moments.operations.iter().filter(move |moment| moment.cause == cause).map(|moment| moment.op);
        assert_eq!(kept(Cause::Grow).collect::<Vec<_>>(), (0..10).map(|n| 1000 * n + 7).collect::<Vec<_>>());
        assert_eq!(kept(Cause::Overflow).collect::<Vec<_>>(), (936..1000).map(|n| 10 * n + 3).collect::<Vec<_>>());
        assert_eq!(moments.left_out, [(Cause::Overflow, 936)].into());
        let steady: Vec<u64> = kept(Cause::Steady).collect();
        let sampled: Vec<u64> = (0..ops).step_by(157).filter(|&op| cause(op) == Cause::Steady).collect();
        assert!(sampled.iter().all(|op| steady.contains(op)) && sampled.len() > 50, "every 157th of 10,000");
        assert!((9_940..ops).filter(|&op| cause(op) == Cause::Steady).all(|op| steady.contains(&op)));
        let first = moments.operations.iter().find(|moment| moment.op == 7).unwrap();
        assert_eq!((first.start_ns, first.ns), ((1..8).sum::<u64>(), 8));
        assert_eq!(moments.elapsed_ns.len(), 250, "40 operations a point");
        assert_eq!(moments.elapsed_ns.last(), Some(&(1..=ops).sum()));
    }

    #[test]
    fn a_spell_ends_where_moves_are_far_between() {
        let mut works = Works { ops: 0, works: Vec::new() };
        for op in [5, 6, 70, 200, 300, 364] {
            works.works.push(Work { op, alloc_bytes: 0, moved_entries: op });
        }
        let moments = works.moments(&classes([Cause::Steady; 400]), &[10; 400]);
        let spells: Vec<_> = (moments.spells.iter())
            .map(|spell| (spell.first_op, spell.last_op, spell.moving_ops, spell.moved_entries))
            .collect();
        assert_eq!(spells, [(5, 70, 3, 81), (300, 364, 2, 664)], "one alone is none");
        assert_eq!((moments.spells[0].start_ns, moments.spells[0].end_ns), (50, 710));
    }

    #[test]
    fn what_is_about_all_entries_is_kept_though_it_is_steady() {
        let ops = 2000;
        let kind = |op: u64| match op % 4 {
            1 => OpKind::Clear,
            2 => OpKind::Iterate,
            _ => OpKind::Insert,
        };
        let mut classes = Classes::default();
        (0..ops).for_each(|op| classes.push(class_of(kind(op) as usize, Cause::Steady)));
        let moments = Works::default().moments(&classes, &vec![5; ops as usize]);
        let kept = |kind| moments.operations.iter().filter(move |moment| moment.kind == kind).count();
        assert_eq!((kept(OpKind::Clear), kept(OpKind::Iterate)), (500, 500));
        assert!(kept(OpKind::Insert) <= 2 * Moments::STEADY_MAX as usize);
        let clear = moments.operations.iter().find(|moment| moment.kind == OpKind::Clear).unwrap();
        assert_eq!((clear.op, clear.start_ns, clear.ns), (1, 5, 5));
        assert!(moments.left_out.is_empty());
    }
}
