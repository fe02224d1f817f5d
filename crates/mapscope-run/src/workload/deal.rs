//! A workload dealt to several threads, and what they may leave behind.
//!
//! The operations are those that one thread would do. They are cut into windows. Within a window each thread does its
//! share, in the stream's order, beside the others; nobody begins a window before all have ended the one before it. The
//! set-up is one thread's.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::expect::IdHasher;
use super::rng::mix;
use super::{Batch, Kind, Op, Workload, WorkloadError};
use crate::plan::ThreadKeys;

/// How the operations are dealt.
#[derive(Debug, Clone, Copy)]
pub struct Deal {
    /// Threads, at least 1.
    pub threads: u32,
    /// Whether threads meet on one key.
    pub keys: ThreadKeys,
    /// Operations of a window, of all threads together; at least 1.
    pub window_ops: u64,
}

impl Deal {
    /// The thread that does the operation at `place` in the stream, from 0. The set-up is the first one's.
    pub fn thread(&self, op: &Op, place: u64, in_setup: bool) -> u32 {
        let threads = u64::from(self.threads);
        let thread = match self.keys {
            _ if in_setup => 0,
            ThreadKeys::Shared => place % threads,
            ThreadKeys::Disjoint => ((u128::from(mix(op.key)) * u128::from(threads)) >> 64) as u64,
        };
        thread as u32
    }
}

/// What a key may have come to: the value of the write that came last, or nothing where that was a remove.
type Left = Option<u64>;

/// What a dealt workload may leave behind.
///
/// Of a key, in the last window that writes to it, each thread's last write is one that can have come last of all; nothing
/// else can. It takes memory for every key ever written, and 16 bytes for each operation.
pub struct Outcomes {
    by_key: HashMap<u64, Vec<Left>, BuildHasherDefault<IdHasher>>,
    /// By place in the stream: the key of a put.
    put: Vec<Option<u64>>,
    /// Whether a value's seed names the place of its put.
    seeds_are_whole: bool,
}

impl Outcomes {
    /// Works them out.
    ///
    /// # Errors
    ///
    /// Those of [`Workload::batches`] and [`Batches::next`](super::Batches::next).
    pub fn of(workload: &Workload, deal: Deal) -> Result<Outcomes, WorkloadError> {
        let mut outcomes =
            Outcomes { by_key: HashMap::default(), put: Vec::new(), seeds_are_whole: workload.seeds_are_whole() };
        let mut windows = workload.batches(deal.window_ops)?;
        let mut window: HashMap<u64, Vec<(u32, Left)>, BuildHasherDefault<IdHasher>> = HashMap::default();
        while let Some(Batch { ops, in_setup }) = windows.next()? {
            for op in ops {
                let place = outcomes.put.len() as u64;
                outcomes.put.push((op.kind == Kind::Put).then_some(op.key));
                let left = match op.kind {
                    Kind::Put => Some(op.value),
                    Kind::Remove => None,
                    Kind::Get | Kind::Clear | Kind::Iterate | Kind::Scan => continue,
                };
                let whose = deal.thread(op, place, in_setup);
                let writes = window.entry(op.key).or_default();
                match writes.iter_mut().find(|(thread, _)| *thread == whose) {
                    Some((_, last)) => *last = left,
                    None => writes.push((whose, left)),
                }
            }
            for (key, writes) in window.drain() {
                outcomes.by_key.insert(key, writes.into_iter().map(|(_, left)| left).collect());
            }
        }
        Ok(outcomes)
    }

    /// Whether a value made from `seed` was ever put under the key; where values are too short for their seeds, whether the
    /// key was ever written.
    #[inline]
    pub fn was_put(&self, key: u64, seed: Option<u64>) -> bool {
        if !self.seeds_are_whole {
            return self.by_key.contains_key(&key);
        }
        let place = seed.and_then(|seed| usize::try_from(seed).ok()?.checked_sub(1));
        place.and_then(|place| *self.put.get(place)?) == Some(key)
    }

    /// Holds a map's entries, each a key's identity and its value's seed (`None` for a damaged value), against what may
    /// be left.
    ///
    /// # Errors
    ///
    /// The first entry that no order of the operations leaves, in words.
    pub fn check(&self, entries: &[(u64, Option<u64>)]) -> Result<(), String> {
        let mut found: HashMap<u64, Option<u64>, BuildHasherDefault<IdHasher>> = HashMap::default();
        for &(key, seed) in entries {
            if found.insert(key, seed).is_some() {
                return Err(format!("key {key} is there twice"));
            }
            let Some(seed) = seed else { return Err(format!("the value of key {key} is damaged")) };
            match self.by_key.get(&key) {
                None => return Err(format!("key {key} is there, and nobody put it")),
                Some(may_be) if may_be.contains(&Some(seed)) => {}
                Some(_) => return Err(format!("key {key} has a value that no order of the operations leaves: {seed}")),
            }
        }
        let lost = self.by_key.iter().find(|(key, may_be)| !may_be.contains(&None) && !found.contains_key(key));
        match lost {
            Some((key, _)) => Err(format!("key {key} is missing, and nobody can have removed it last")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Call, Source, Term, Widths, WorkloadSpec};
    use crate::workload::{keys, mixes};

    fn terms(rows: impl Iterator<Item = Term>) -> Vec<Term> {
        rows.collect()
    }

    fn workload(mix: &str, ops: u64) -> Workload {
        let keys = Call::parse("uniform", "key distribution", &terms(keys::KEYS.iter().map(|row| row.term))).unwrap();
        let mix = Call::parse(mix, "mix", &terms(mixes::MIXES.iter().map(|row| row.term))).unwrap();
        Workload::open(&WorkloadSpec { source: Source::Generated { keys, mix }, ops, seed: 3, widths: Widths::WHOLE })
            .unwrap()
    }

    const MIX: &str = "churn(records=50)";

    fn deal(threads: u32, keys: ThreadKeys) -> Deal {
        Deal { threads, keys, window_ops: 64 }
    }

    /// Every thread's share, window by window.
    fn shares(workload: &Workload, deal: Deal) -> Vec<Vec<Vec<Op>>> {
        let mut shares = vec![Vec::new(); deal.threads as usize];
        let (mut windows, mut place) = (workload.batches(deal.window_ops).unwrap(), 0);
        while let Some(Batch { ops, in_setup }) = windows.next().unwrap() {
            shares.iter_mut().for_each(|share| share.push(Vec::new()));
            for op in ops {
                let share: &mut Vec<Vec<Op>> = &mut shares[deal.thread(op, place, in_setup) as usize];
                share.last_mut().unwrap().push(*op);
                place += 1;
            }
        }
        shares
    }

    #[test]
    fn every_operation_is_dealt_once_and_in_order() {
        let workload = workload(MIX, 1000);
        let mut all = Vec::new();
        workload.stream().unwrap().next_batch(&mut all, 10_000).unwrap();
        assert_eq!(all.len(), 1050);
        for keys in [ThreadKeys::Shared, ThreadKeys::Disjoint] {
            let shares = shares(&workload, deal(3, keys));
            assert!(shares.iter().all(|windows| windows.len() == 1 + 1000_usize.div_ceil(64)));
            assert_eq!(shares[0][0], all[..50], "the set-up is the first thread's");
            let mut dealt: Vec<Op> = Vec::new();
            for window in 0..shares[0].len() {
                let mut merged: Vec<Op> = shares.iter().flat_map(|windows| windows[window].clone()).collect();
                merged.sort_by_key(|op| all.iter().position(|x| x == op));
                dealt.extend(merged);
            }
            assert_eq!(dealt.len(), all.len());
            let puts = |ops: &[Op]| ops.iter().map(|op| op.value).filter(|&value| value > 0).collect::<Vec<_>>();
            assert_eq!(puts(&dealt), puts(&all), "{keys:?}");
        }
    }

    #[test]
    fn disjoint_shares_have_no_key_in_common_and_shared_ones_are_equally_long() {
        let workload = workload(MIX, 1000);
        let keys_of = |windows: &[Vec<Op>]| windows[1..].concat().iter().map(|op| op.key).collect::<Vec<_>>();
        let [a, b] = <[_; 2]>::try_from(shares(&workload, deal(2, ThreadKeys::Disjoint))).unwrap();
        assert!(keys_of(&a).iter().all(|key| !keys_of(&b).contains(key)));
        let [a, b] = <[_; 2]>::try_from(shares(&workload, deal(2, ThreadKeys::Shared))).unwrap();
        assert_eq!((keys_of(&a).len(), keys_of(&b).len()), (500, 500));
        assert!(keys_of(&a).iter().any(|key| keys_of(&b).contains(key)));
    }

    #[test]
    fn disjoint_keys_leave_what_one_thread_leaves() {
        let workload = workload(MIX, 2000);
        let outcomes = Outcomes::of(&workload, deal(4, ThreadKeys::Disjoint)).unwrap();
        assert!(outcomes.by_key.values().all(|may_be| may_be.len() == 1));
        let left = outcomes.by_key.values().filter(|may_be| may_be[0].is_some()).count() as u64;
        assert_eq!(left, workload.expected().unwrap().entries);
    }

    #[test]
    fn an_entry_that_no_order_leaves_is_found() {
        // Two threads in one window: the first puts 1 (value 1) and 2 (3), the second puts 1 (2) and removes 2.
        let outcomes = Outcomes {
            by_key: [(1, vec![Some(1), Some(2)]), (2, vec![Some(3), None])].into_iter().collect(),
            put: vec![Some(1), Some(1), Some(2), None],
            seeds_are_whole: true,
        };
        for good in [&[(1, Some(1))][..], &[(1, Some(2))], &[(2, Some(3)), (1, Some(2))]] {
            assert_eq!(outcomes.check(good), Ok(()));
        }
        for (bad, why) in [
            (&[(2, Some(3))][..], "key 1 is missing, and nobody can have removed it last"),
            (&[(1, Some(3))], "key 1 has a value that no order of the operations leaves: 3"),
            (&[(1, None)], "the value of key 1 is damaged"),
            (&[(1, Some(1)), (1, Some(1))], "key 1 is there twice"),
            (&[(1, Some(1)), (9, Some(1))], "key 9 is there, and nobody put it"),
        ] {
            assert_eq!(outcomes.check(bad), Err(why.to_owned()));
        }
        assert!(outcomes.was_put(1, Some(2)) && outcomes.was_put(2, Some(3)));
        for (key, seed) in [(1, Some(3)), (2, Some(4)), (1, Some(0)), (1, Some(99)), (1, None)] {
            assert!(!outcomes.was_put(key, seed), "{key} {seed:?}");
        }
    }
}
