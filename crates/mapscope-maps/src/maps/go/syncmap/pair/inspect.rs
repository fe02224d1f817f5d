//! The map's inside, shown: the read map and the dirty map, each a runtime map, and what has become of their entries.

use super::entry::EntryAt;
use super::inner::Inner;
use super::{Boxed, Hashing, Key, PairMap, Value};
use crate::maps::anatomy::{Anatomy, Entry, Field, Figure, Note, Part, Table};
use crate::maps::go::classic::inspect::ROW_WORD;
use crate::probe::event::Probe;

static LIVE: Note = Note { name: "live", sign: "", meaning: "its entry has a value" };
static DELETED: Note = Note {
    name: "deleted",
    sign: "†",
    meaning: "its entry has no value: it was removed, and the dirty map, if there is one, has the key too",
};
static EXPUNGED: Note = Note {
    name: "expunged",
    sign: "‡",
    meaning: "its entry has no value, and the dirty map that was made since has not got the key",
};

impl<K: Key, V: Value, S: Hashing, P: Probe> PairMap<K, V, S, P> {
    pub(super) fn take_apart(&self, part: Part<'_, K>) -> Anatomy {
        let (read, dirty) = (self.read(), self.header().dirty.get());
        let len = |map: Option<Inner<K, V, S, P>>| map.map_or(0, Inner::len) as u64;
        let promote_at = if read.amended { Figure::Whole(len(dirty)) } else { Figure::Absent };
        let header = vec![
            Field::whole("read_len", len(read.map), "entries", "of the read map, deleted ones included"),
            Field::whole("dirty_len", len(dirty), "entries", "of the dirty map"),
            Field::flag("amended", read.amended, "whether the dirty map has keys that the read map has not"),
            Field::whole("misses", self.header().misses.get() as u64, "lookups", "that had to ask the dirty map"),
            Field::whole("len", self.len as u64, "entries", "live ones, which Go does not count"),
            Field {
                name: "promote_at_misses",
                figure: promote_at,
                unit: "misses",
                meaning: "then the dirty map is the read map",
            },
        ];
        let mut tables = Vec::new();
        for (map, prefix) in [(read.map, "read "), (dirty, "dirty ")] {
            tables.extend(map.into_iter().flat_map(|map| inner_tables(map, prefix, part)));
        }
        Anatomy { row_word: ROW_WORD, numbered: false, header, tables }
    }
}

fn inner_tables<K: Key, V: Value, S: Hashing, P: Probe>(
    map: Inner<K, V, S, P>,
    prefix: &str,
    part: Part<'_, K>,
) -> Vec<Table> {
    let entry = |key: &Boxed<K>, entry: &EntryAt<V>| {
        // SAFETY: an entry that a slot holds is there, with its key and its value; nothing is freed meanwhile.
        let (key, entry) = unsafe { (key.get(), entry.get()) };
        // SAFETY: as above.
        let value = entry.value().and_then(|value| unsafe { value.as_ref().get() }.seed());
        let note = match entry.value() {
            _ if entry.is_expunged() => &EXPUNGED,
            Some(_) => &LIVE,
            None => &DELETED,
        };
        Entry { value, note: Some(note), ..Entry::keyed(key) }
    };
    let lent;
    let part = match part {
        Part::Key(key) => {
            lent = Boxed::lent(key);
            Part::Key(&lent)
        }
        Part::All => Part::All,
        Part::Header => Part::Header,
        Part::Row(index) => Part::Row(index),
    };
    let mut tables = map.map().tables(prefix, part, &entry);
    // Of an inner map the current array stands for the whole.
    if let Some(current) = tables.last_mut() {
        current.fields = map.map().header_fields();
    }
    tables
}
