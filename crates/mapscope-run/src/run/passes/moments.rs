//! Takes down when operations began and how long they took, in one timed repetition: for timelines, beside what the pass
//! is for.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::learnt::Known;
use super::timeline::remakes_a_table;
use crate::probe::event::Cause;
use crate::probe::latency::kind_and_cause;
use crate::record::{Moment, Moments, OpKind, Spell, Timeline};
use crate::subject::Failure;

/// What is kept of a repetition whose operations took so long. What is known of each of them is gone through twice.
pub(super) fn moments(
    mut first: impl FnMut() -> Result<Known, Failure>,
    mut second: impl FnMut() -> Result<Known, Failure>,
    latencies_ns: &[u32],
) -> Result<Moments, Failure> {
    let ops_per_point = (latencies_ns.len() as u64).div_ceil(Timeline::POINTS_MAX).max(1);
    let (mut chosen, mut spells) = (Chosen::new(latencies_ns.len() as u64), Vec::new());
    for (op, &ns) in (0..).zip(latencies_ns) {
        let known = first()?;
        chosen.offer(op, known.class, ns);
        add_move(&mut spells, op, known.moved_entries);
    }
    let (mut kept, left_out) = chosen.finish();
    let mut spells = longest(spells);
    let ends = spells.iter().flat_map(|spell| [spell.first_op, spell.last_op]);
    let ends: BTreeSet<u64> = ends.collect();
    let mut ends = ends.into_iter().peekable();
    let mut times = BTreeMap::new();
    let mut elapsed_ns = Vec::new();
    let mut now_ns = 0;
    let mut moments = kept.values_mut().peekable();
    for (op, &ns) in (0..).zip(latencies_ns) {
        let known = second()?;
        let start_ns = now_ns;
        now_ns += u64::from(ns);
        if ends.next_if_eq(&op).is_some() {
            times.insert(op, (start_ns, now_ns));
        }
        if let Some(moment) = moments.next_if(|moment| moment.op == op) {
            (moment.start_ns, moment.ns) = (start_ns, u64::from(ns));
            (moment.alloc_bytes, moment.moved_entries) = (known.alloc_bytes, known.moved_entries);
        }
        if (op + 1).is_multiple_of(ops_per_point) || op + 1 == latencies_ns.len() as u64 {
            elapsed_ns.push(now_ns);
        }
    }
    for spell in &mut spells {
        (spell.start_ns, spell.end_ns) = (times[&spell.first_op].0, times[&spell.last_op].1);
    }
    Ok(Moments { ops_per_point, elapsed_ns, operations: kept.into_values().collect(), left_out, spells })
}

/// Adds an operation that moved so many entries to the spells so far, without their times.
fn add_move(spells: &mut Vec<Spell>, op: u64, moved_entries: u64) {
    if moved_entries == 0 {
        return;
    }
    match spells.last_mut() {
        Some(spell) if op - spell.last_op <= Spell::GAP_OPS => {
            spell.last_op = op;
            spell.moving_ops += 1;
            spell.moved_entries += moved_entries;
        }
        _ => {
            // One operation alone is none.
            spells.pop_if(|spell| spell.moving_ops == 1);
            spells.push(Spell { first_op: op, last_op: op, start_ns: 0, end_ns: 0, moving_ops: 1, moved_entries });
        }
    }
}

/// Those that moved most.
fn longest(mut spells: Vec<Spell>) -> Vec<Spell> {
    spells.retain(|spell| spell.moving_ops > 1);
    spells.sort_by_key(|spell| (Reverse(spell.moved_entries), spell.first_op));
    spells.truncate(Moments::SPELLS_MAX);
    spells.sort_by_key(|spell| spell.first_op);
    spells
}

/// The operations to keep, and how many more of each cause there were. What they did and when is not yet known.
struct Chosen {
    /// Of the steady ones, every so many.
    sample_every: u64,
    of_causes: BTreeMap<Option<Cause>, Longest>,
    kept: BTreeMap<u64, Moment>,
    left_out: BTreeMap<Cause, u64>,
}

impl Chosen {
    /// Of so many operations.
    fn new(ops: u64) -> Chosen {
        let sample_every = ops.div_ceil(Moments::STEADY_MAX).max(1);
        Chosen { sample_every, of_causes: BTreeMap::new(), kept: BTreeMap::new(), left_out: BTreeMap::new() }
    }

    fn offer(&mut self, op: u64, class: u8, ns: u32) {
        let (kind, cause) = kind_and_cause(class.into());
        // What is about all entries is kept whatever its cause.
        let cause = OpKind::ALL[kind].has_key().then_some(cause);
        let dropped = self.of_causes.entry(cause).or_default().offer(op, class, ns, most(cause));
        let dropped = dropped.map(|class| kind_and_cause(class.into()).1);
        if let Some(cause) = dropped.filter(|&cause| cause != Cause::Steady) {
            *self.left_out.entry(cause).or_default() += 1;
        }
        if cause == Some(Cause::Steady) && op.is_multiple_of(self.sample_every) {
            self.keep(op, class);
        }
    }

    fn keep(&mut self, op: u64, class: u8) {
        let (kind, cause) = kind_and_cause(class.into());
        let kind = OpKind::ALL[kind];
        self.kept.insert(op, Moment { op, start_ns: 0, ns: 0, kind, cause, alloc_bytes: 0, moved_entries: 0 });
    }

    fn finish(mut self) -> (BTreeMap<u64, Moment>, BTreeMap<Cause, u64>) {
        for longest in std::mem::take(&mut self.of_causes).into_values() {
            longest.heap.into_iter().for_each(|Reverse((_, Reverse(op), class))| self.keep(op, class));
        }
        (self.kept, self.left_out)
    }
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

    fn moments_of(known: &[Known], latencies_ns: &[u32]) -> Moments {
        let (mut first, mut second) = (known.iter(), known.iter());
        moments(|| Ok(*first.next().unwrap()), || Ok(*second.next().unwrap()), latencies_ns).unwrap()
    }

    fn known(kind: OpKind, cause: Cause, moved_entries: u64) -> Known {
        Known { class: class_of(kind as usize, cause), alloc_bytes: 0, moved_entries }
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
        let ops_known: Vec<Known> = (0..ops).map(|op| known(OpKind::Insert, cause(op), 0)).collect();
        let moments = moments_of(&ops_known, &ns);
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
        let moved = |op| if [5, 6, 70, 200, 300, 364].contains(&op) { op } else { 0 };
        let ops_known: Vec<Known> = (0..400).map(|op| known(OpKind::Insert, Cause::Steady, moved(op))).collect();
        let moments = moments_of(&ops_known, &[10; 400]);
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
        let ops_known: Vec<Known> = (0..ops).map(|op| known(kind(op), Cause::Steady, 0)).collect();
        let moments = moments_of(&ops_known, &vec![5; ops as usize]);
        let kept = |kind| moments.operations.iter().filter(move |moment| moment.kind == kind).count();
        assert_eq!((kept(OpKind::Clear), kept(OpKind::Iterate)), (500, 500));
        assert!(kept(OpKind::Insert) <= 2 * Moments::STEADY_MAX as usize);
        let clear = moments.operations.iter().find(|moment| moment.kind == OpKind::Clear).unwrap();
        assert_eq!((clear.op, clear.start_ns, clear.ns), (1, 5, 5));
        assert!(moments.left_out.is_empty());
    }
}
