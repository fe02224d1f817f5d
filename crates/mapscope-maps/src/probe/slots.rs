//! Which slots of a map's tables removes have freed, how many of them later inserts take, and how soon.
//!
//! A remove *frees* the slot that its entry lay in. An insert of a new key *takes* the slot that its entry comes to lie
//! in; when a remove had freed that slot, it is *reused*. What happens between the two:
//!
//! - An entry that moves into a freed slot fills it, and leaves its own free in its stead: whoever takes that one has
//!   reused the first. An insert that displaces entries to come by a slot (`cuckoo`) thus counts as one that found it; a
//!   remove that fills its gap with the last entry (`indexmap`) has freed the last slot.
//! - A table laid out anew (allocated anew, or rehashed in place) *loses* its freed slots, and so does a clear.
//!
//! The age of a reuse is in writes: 1 when the insert is the very next write after the remove. Overwrites and removes that
//! miss are writes too.
//!
//! # Cost
//!
//! One or two probes of a hash table a write. An address stays in it when its slot is taken or lost, so that memory is 32
//! bytes for each address that a remove ever freed, and a slot freed again allocates nothing.

use std::num::NonZeroU64;

use hashbrown::HashMap;

use super::alloc;

type Fixed = foldhash::fast::FixedState;

/// Freed slots by address. What it allocates is not counted.
#[derive(Debug, Default)]
pub struct FreedSlots {
    /// By address, of each slot that was ever freed; `None` once it is taken.
    freed: HashMap<usize, Option<Freed>, Fixed>,
    /// How often each table has been laid out anew; not at all unless it is here.
    layouts: HashMap<usize, u64, Fixed>,
    /// A table and its layout: the one asked for last, which most often is the one asked for next.
    last: Option<(usize, u64)>,
    writes: u64,
    counts: SlotCounts,
    told: bool,
}

#[derive(Debug, Clone, Copy)]
struct Freed {
    /// The number of the remove, from 1.
    write: NonZeroU64,
    table: usize,
    /// Of the table, when the slot was freed: lost if it has another by now.
    layout: u64,
}

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SlotCounts {
    /// Slots freed by removes.
    pub freed: u64,
    /// Of those, taken by inserts.
    pub reuses: u64,
    /// The ages of these reuses, summed up.
    pub age_writes: u64,
}

impl FreedSlots {
    /// A write begins.
    pub fn begin_write(&mut self) {
        self.writes += 1;
    }

    /// The write, a remove, took an entry out of a slot.
    #[inline]
    pub fn free(&mut self, slot: usize, table: usize) {
        self.told = true;
        self.counts.freed += 1;
        let (write, layout) = (NonZeroU64::MIN.saturating_add(self.writes), self.layout(table));
        self.put(slot, Freed { write, table, layout });
    }

    /// The write, an insert of a new key, put the entry into a slot.
    #[inline]
    pub fn take(&mut self, slot: usize) {
        self.told = true;
        if let Some(freed) = self.fill(slot) {
            self.counts.reuses += 1;
            self.counts.age_writes += self.writes + 1 - freed.write.get();
        }
    }

    /// The write moved an entry to a slot that no entry lay in, leaving another free.
    pub fn shift(&mut self, from: usize, to: usize) {
        if let Some(freed) = self.fill(to) {
            self.put(from, freed);
        }
    }

    /// The write laid a table out anew.
    pub fn lose(&mut self, table: usize) {
        alloc::uncounted(|| *self.layouts.entry(table).or_default() += 1);
        self.last = None;
    }

    /// All entries were dropped at once.
    pub fn clear(&mut self) {
        self.freed.clear();
    }

    /// Forgets what was freed and counted, as when the set-up ends.
    pub fn rewind(&mut self) {
        self.clear();
        self.counts = SlotCounts::default();
    }

    /// What was counted; `None` when no entry is known to have lain in a slot.
    pub fn counts(&self) -> Option<SlotCounts> {
        self.told.then_some(self.counts)
    }

    fn layout(&mut self, table: usize) -> u64 {
        match self.last {
            Some((last, layout)) if last == table => layout,
            _ => {
                let layout = self.layouts.get(&table).copied().unwrap_or_default();
                self.last = Some((table, layout));
                layout
            }
        }
    }

    fn put(&mut self, slot: usize, freed: Freed) {
        if self.freed.len() == self.freed.capacity() {
            self.grow();
        }
        self.freed.insert(slot, Some(freed));
    }

    #[cold]
    fn grow(&mut self) {
        alloc::uncounted(|| self.freed.reserve(1));
    }

    /// A slot is free no longer; what freed it, unless that is lost.
    fn fill(&mut self, slot: usize) -> Option<Freed> {
        let freed = self.freed.get_mut(&slot)?.take()?;
        (freed.layout == self.layout(freed.table)).then_some(freed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Does each write in turn and returns the counts: freed, reused, ages.
    fn counted(writes: &[&dyn Fn(&mut FreedSlots)]) -> Option<(u64, u64, u64)> {
        let mut slots = FreedSlots::default();
        for write in writes {
            slots.begin_write();
            write(&mut slots);
        }
        slots.counts().map(|SlotCounts { freed, reuses, age_writes }| (freed, reuses, age_writes))
    }

    fn free(slot: usize, table: usize) -> impl Fn(&mut FreedSlots) {
        move |slots| slots.free(slot, table)
    }

    fn take(slot: usize) -> impl Fn(&mut FreedSlots) {
        move |slots| slots.take(slot)
    }

    #[test]
    fn a_slot_is_reused_once_by_the_insert_that_takes_it() {
        assert_eq!(counted(&[&|_| {}]), None, "no slot was ever told of");
        assert_eq!(counted(&[&take(8), &take(16)]), Some((0, 0, 0)), "nothing was free");
        assert_eq!(counted(&[&free(8, 0), &take(8)]), Some((1, 1, 1)), "the very next write");
        assert_eq!(counted(&[&free(8, 0), &|_| {}, &take(16), &take(8), &take(8)]), Some((1, 1, 3)));
        assert_eq!(counted(&[&free(8, 0), &free(16, 0), &take(16), &take(8)]), Some((2, 2, 1 + 3)));
        assert_eq!(counted(&[&free(8, 0), &take(8), &free(8, 0), &|_| {}, &take(8)]), Some((2, 2, 1 + 2)));
    }

    #[test]
    fn a_table_laid_out_anew_loses_its_own_slots_and_no_others() {
        let lose = |table| move |slots: &mut FreedSlots| slots.lose(table);
        assert_eq!(counted(&[&free(8, 1), &lose(1), &take(8)]), Some((1, 0, 0)));
        assert_eq!(counted(&[&free(8, 1), &lose(2), &take(8)]), Some((1, 1, 2)));
        assert_eq!(counted(&[&lose(1), &free(8, 1), &take(8)]), Some((1, 1, 1)), "freed in the new layout");
        // The memory of a table that is gone may be another's.
        assert_eq!(counted(&[&free(8, 1), &lose(1), &free(8, 2), &take(8)]), Some((2, 1, 1)));
    }

    #[test]
    fn an_entry_that_moves_into_a_freed_slot_leaves_its_own_in_its_stead() {
        // A new entry displaces one, which displaces another, which finds the freed slot.
        let displace = |slots: &mut FreedSlots| {
            slots.shift(16, 8);
            slots.shift(24, 16);
            slots.take(24);
        };
        assert_eq!(counted(&[&free(8, 0), &|_| {}, &displace]), Some((1, 1, 2)));
        // The last entry fills the gap of the one removed; the next insert goes to the end.
        let swap_remove = |slots: &mut FreedSlots| {
            slots.free(8, 0);
            slots.shift(24, 8);
        };
        assert_eq!(counted(&[&swap_remove, &take(24)]), Some((1, 1, 1)));
        assert_eq!(counted(&[&swap_remove, &take(8)]), Some((1, 0, 0)), "no insert finds it free");
    }

    #[test]
    fn a_clear_forgets_the_slots_and_a_rewind_the_counts_too() {
        assert_eq!(counted(&[&free(8, 0), &FreedSlots::clear, &take(8)]), Some((1, 0, 0)));
        assert_eq!(counted(&[&free(8, 0), &FreedSlots::rewind, &take(8)]), Some((0, 0, 0)));
    }
}
