//! What a map of indexmap has allocated: a table of indices, which is hashbrown's, and an array of entries. The map says
//! only how many entries both have room for, the smaller number of the two. What each has follows from that, from what was
//! done, and from the rules by which both grow, but for a table with the slots of removed keys: what these leave of its room
//! is seen only while the array has more. Where a figure can't be told, there is none.

use crate::recorder::Layout;

/// Slots of removed keys are left only in tables of more buckets than are looked at together.
const GROUP: usize = Layout::GROUP;

/// Buckets of the table, entries of the array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tables {
    pub(super) buckets: usize,
    pub(super) entries: usize,
    /// At most so many slots of removed keys take room from the table.
    lost_max: usize,
}

/// What a map said before an operation, or after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) len: usize,
    pub(super) capacity: usize,
}

/// How a key is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// `insert`, which has the table make room for a key before it seeks it.
    Making,
    /// One that is known not to be there, into whatever slot is free.
    New,
}

/// Entries that a table has room for.
fn room(buckets: usize) -> usize {
    match buckets {
        0 => 0,
        1..=8 => buckets - 1,
        _ => buckets / 8 * 7,
    }
}

/// Buckets of a new table.
fn buckets_for(entries: usize) -> usize {
    if entries == 0 { 0 } else { Layout::indexed::<(), ()>().buckets_for(entries) }
}

impl Tables {
    pub(super) const NONE: Tables = Tables { buckets: 0, entries: 0, lost_max: 0 };

    /// Those of a map that is made for so many entries.
    pub(super) fn with_capacity(entries: usize) -> Tables {
        Tables { buckets: buckets_for(entries), entries, lost_max: 0 }
    }

    /// The least and the most entries that the table of indices has room for.
    fn table_room(&self, said: Said) -> (usize, usize) {
        let all = room(self.buckets);
        match said.capacity < self.entries {
            true => (said.capacity, said.capacity),
            false => (said.capacity.max(all.saturating_sub(self.lost_max)), all),
        }
    }

    /// A table that is grown to so many entries, or to the next size.
    fn grown(&self, entries: usize) -> usize {
        buckets_for(entries.max(room(self.buckets) + 1))
    }

    /// Whether the table may be replaced when a key is put.
    pub(super) fn may_grow(&self, before: Said) -> bool {
        self.table_room(before).0 <= before.len
    }

    /// After one key was put. `after` is what the map said then, if it could be asked; `None` where that has to be known, or
    /// does not help.
    pub(super) fn put(self, before: Said, put: Put, is_new: bool, after: Option<Said>) -> Option<Tables> {
        if put == Put::New && !is_new {
            return Some(self);
        }
        let (all, (least, most)) = (room(self.buckets), self.table_room(before));
        let with = before.len + 1;
        let fills_array = is_new && before.len == self.entries;
        let is_grown = match after {
            _ if least > before.len => false,
            // It is swept of removed keys where it is, if it has any.
            _ if with <= all / 2 => false,
            Some(after) if after.capacity > all => true,
            _ if least == most && (put == Put::Making || all == before.len) => true,
            // From here on, a slot of a removed key may have been free.
            None => return None,
            // The array grew, to as many entries as the table has room for.
            Some(_) if fills_array => false,
            Some(_) if least < most => return None,
            Some(after) if after.capacity > with => true,
            Some(_) if self.entries > with => false,
            Some(_) => return None,
        };
        let buckets = if is_grown { self.grown(with) } else { self.buckets };
        let entries = match after {
            _ if !fills_array => self.entries,
            Some(after) => after.capacity,
            None if is_grown || self.lost_max == 0 => room(buckets),
            None => return None,
        };
        Some(Tables { buckets, entries, lost_max: if is_grown { 0 } else { self.lost_max } })
    }

    /// After a key took the place of another.
    pub(super) fn key_replaced(self, before: Said, after: Option<Said>) -> Option<Tables> {
        let all = room(self.buckets);
        let same = self.removed(1, before.len);
        if !self.may_grow(before) || self.buckets <= GROUP || before.len <= all / 2 {
            return Some(same);
        }
        let grown = Tables { buckets: self.grown(before.len), entries: self.entries, lost_max: 0 };
        match after? {
            after if after.capacity > all => Some(grown),
            // Where the key leaves an empty slot, and the other takes that of a removed one, there is room for one more.
            after if after.capacity > before.len + 1 => Some(grown),
            after if after.capacity < self.entries => Some(same),
            _ => None,
        }
    }

    /// After room was made for so many more entries.
    pub(super) fn reserved(self, before: Said, more: usize, is_exact: bool, after: Said) -> Option<Tables> {
        let (all, (least, most)) = (room(self.buckets), self.table_room(before));
        // Otherwise, there was an error.
        let Some(needed) = before.len.checked_add(more) else { return Some(self) };
        let is_grown = match needed {
            _ if needed <= least || needed <= all / 2 => false,
            _ if needed > most => true,
            // The array grew, to as many entries as the table has room for.
            _ if !is_exact => after.capacity > all,
            _ => return None,
        };
        let buckets = if is_grown { self.grown(needed) } else { self.buckets };
        let entries = match needed > self.entries {
            false => self.entries,
            true if is_exact => needed,
            true => after.capacity,
        };
        Some(Tables { buckets, entries, lost_max: if is_grown { 0 } else { self.lost_max } })
    }

    /// After there was no room to be made: `None` where it is not known how far it came.
    pub(super) fn refused(self, before: Said, more: usize) -> Option<Tables> {
        let needed = before.len.checked_add(more);
        let is_possible = needed.is_some_and(|needed| {
            let bytes = Layout::indexed::<(), ()>().new_table_bytes(needed);
            isize::try_from(bytes).is_ok() && needed > self.table_room(before).0
        });
        (!is_possible).then_some(self)
    }

    /// After room was given back beyond so many entries. The array is allocated anew also where it was full.
    pub(super) fn shrunk(self, len: usize, least: usize) -> (Tables, bool) {
        let kept = len.max(least);
        let buckets = buckets_for(kept).min(self.buckets);
        let is_replaced = self.entries > least;
        let entries = if is_replaced { kept } else { self.entries };
        let lost_max = if buckets < self.buckets { 0 } else { self.lost_max };
        (Tables { buckets, entries, lost_max }, is_replaced)
    }

    /// After so many keys were removed, of which so many are left.
    pub(super) fn removed(self, keys: usize, len: usize) -> Tables {
        let most = if self.buckets > GROUP { room(self.buckets).saturating_sub(len) } else { 0 };
        Tables { lost_max: self.lost_max.saturating_add(keys).min(most), ..self }
    }

    /// After the table was filled anew.
    pub(super) fn swept(self) -> Tables {
        Tables { lost_max: 0, ..self }
    }

    /// A new map's, which is a copy, and says this.
    pub(super) fn copied(self, copy: Said) -> Tables {
        Tables { entries: if copy.len == 0 { 0 } else { copy.capacity }, ..self }
    }

    /// After the map was made a copy of one that has `source`, where it is, and says this.
    pub(super) fn replaced_by(self, source: Tables, after: Said) -> Tables {
        let entries = if self.entries < after.len { after.capacity } else { self.entries };
        Tables { entries, ..source }
    }
}
