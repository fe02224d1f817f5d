//! What an entry costs in a map, derived from sizes before anything runs.
//!
//! Everything here is plain numbers: a map says what it would do with keys and values of these sizes, and no map is built
//! for it. A figure is of a map that is only inserted into, without a capacity hint. What a map's own rules don't fix (a
//! node's height, a chain, which of many tables grows) is absent, and the map says why in words.
//!
//! `tests/layout.rs` compares all of it with what maps allocate, insert by insert, and with the addresses of entries.

use serde::Serialize;

use crate::entry::{self, Entry, Key, KeyType, Meaning, Value, ValueType};

/// Bytes, and what their address is a multiple of: those of a field or of a whole type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// `size_of`.
    pub bytes: u64,
    /// `align_of`, at least 1.
    pub align: u64,
}

impl Room {
    /// A pointer, or a `usize`.
    pub const WORD: Room = Room { bytes: 8, align: 8 };

    /// An integer, or anything else that is aligned to its own size; at least 1.
    pub const fn int(bytes: u64) -> Room {
        Room { bytes, align: bytes }
    }

    /// So many in a row.
    pub const fn times(self, n: u64) -> Room {
        Room { bytes: self.bytes * n, align: self.align }
    }

    /// A Rust struct of these fields. The compiler orders them by alignment, so that it pads nowhere but at the end.
    pub fn of(fields: &[Room]) -> Room {
        let align = fields.iter().map(|field| field.align).max().unwrap_or(1);
        Room { bytes: fields.iter().map(|field| field.bytes).sum::<u64>().next_multiple_of(align), align }
    }

    /// A struct of these fields in this order, as `repr(C)` and Go have it.
    pub fn in_order(fields: &[Room]) -> Room {
        let align = fields.iter().map(|field| field.align).max().unwrap_or(1);
        let end = fields.iter().fold(0u64, |end, field| end.next_multiple_of(field.align) + field.bytes);
        Room { bytes: end.next_multiple_of(align), align }
    }

    /// The same, aligned to this at least.
    pub fn aligned(self, align: u64) -> Room {
        let align = align.max(self.align);
        Room { bytes: self.bytes.next_multiple_of(align), align }
    }
}

/// What a key or a value owns on the heap, beyond its own bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heap {
    /// Nothing.
    None,
    /// So many bytes, each of its type.
    Bytes(u64),
    /// As many as each has.
    Varies,
}

/// A key or a value in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Its own bytes.
    pub room: Room,
    /// What it owns. A type that owns anything holds a pointer, which a garbage collector would follow.
    pub heap: Heap,
    /// What it is to a program in another language.
    pub meaning: Meaning,
}

impl Shape {
    /// Whether it holds a pointer.
    pub const fn pointers(&self) -> bool {
        !matches!(self.heap, Heap::None)
    }
}

/// An entry in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryShape {
    /// The key.
    pub key: Shape,
    /// The value.
    pub value: Shape,
}

impl From<Entry> for EntryShape {
    /// That of an entry of the grammar, whose types need not be compiled.
    fn from(Entry { key, value }: Entry) -> EntryShape {
        let key_meaning = match key {
            KeyType::U32 | KeyType::U64 => Meaning::Number,
            KeyType::Str(_) | KeyType::Text => Meaning::Text,
            KeyType::Array(_) => Meaning::Bytes,
        };
        let value_meaning = match value {
            ValueType::Bool | ValueType::U8 | ValueType::U16 | ValueType::U32 | ValueType::U64 => Meaning::Number,
            ValueType::Str(_) => Meaning::Text,
            ValueType::Unit | ValueType::Array(_) | ValueType::BytesOf(_) | ValueType::Bytes => Meaning::Bytes,
        };
        let shape = |entry::Shape { bytes, align, heap_bytes, varies, .. }, meaning| {
            let heap = match heap_bytes {
                _ if varies => Heap::Varies,
                0 => Heap::None,
                bytes => Heap::Bytes(bytes),
            };
            Shape { room: Room { bytes, align }, heap, meaning }
        };
        EntryShape { key: shape(key.shape(), key_meaning), value: shape(value.shape(), value_meaning) }
    }
}

impl EntryShape {
    /// That of these types.
    pub fn of<K: Key, V: Value>() -> EntryShape {
        /// Bytes on the heap of a type of which two were made, as different as its makers allow.
        fn heap(pointers: bool, [one, other]: [u64; 2]) -> Heap {
            match () {
                () if !pointers => Heap::None,
                () if one == other => Heap::Bytes(one),
                () => Heap::Varies,
            }
        }
        fn room<T>() -> Room {
            Room { bytes: size_of::<T>() as u64, align: align_of::<T>() as u64 }
        }
        let keys = [16, 4096].map(|len| K::sized(1, len).heap_bytes());
        let values = [16, 4096].map(|len| V::from_seed(1, len).heap_bytes());
        EntryShape {
            key: Shape { room: room::<K>(), heap: heap(K::POINTERS, keys), meaning: K::MEANING },
            value: Shape { room: room::<V>(), heap: heap(V::POINTERS, values), meaning: V::MEANING },
        }
    }

    /// Key and value in one Rust tuple.
    pub fn pair(&self) -> Room {
        Room::of(&[self.key.room, self.value.room])
    }
}

/// A slot of a table, or the node of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Slot {
    /// From one to the next, in bytes; of a node, all of it.
    pub bytes: u64,
    /// What its address is a multiple of.
    pub align: u64,
    /// Of these, the key.
    pub key: Part,
    /// The value.
    pub value: Part,
    /// What the map keeps beside them: a hash, links.
    pub other_bytes: u64,
    /// Whether keys lie with keys and values with values, several of each: neither is padded then.
    pub apart: bool,
    /// Whether it is a block of its own.
    pub node: bool,
}

/// A key or a value in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Bytes in the slot.
    pub bytes: u64,
    /// Whether these are a pointer to it, and not it.
    pub indirect: bool,
}

impl Part {
    /// A pointer to it.
    pub const POINTER: Part = Part { bytes: 8, indirect: true };

    /// Itself.
    pub const fn inline(bytes: u64) -> Part {
        Part { bytes, indirect: false }
    }
}

/// Bytes of a cache line.
pub const LINE_BYTES: u64 = 64;

impl Slot {
    /// A slot in a table that holds the entry itself and `other_bytes` more, laid out as `room`.
    pub fn inline(room: Room, entry: &EntryShape, other_bytes: u64) -> Slot {
        let Room { bytes, align } = room;
        let [key, value] = [entry.key, entry.value].map(|shape| Part::inline(shape.room.bytes));
        Slot { bytes, align, key, value, other_bytes, apart: false, node: false }
    }

    /// Slots of which the keys lie together, and the values.
    pub fn apart(key: Part, value: Part, align: u64) -> Slot {
        Slot { bytes: key.bytes + value.bytes, align, key, value, other_bytes: 0, apart: true, node: false }
    }

    /// The same as a node, which is a block of its own.
    pub fn node(self) -> Slot {
        Slot { node: true, ..self }
    }

    /// What is left unused.
    pub fn padding_bytes(&self) -> u64 {
        self.bytes - self.key.bytes - self.value.bytes - self.other_bytes
    }
}

/// When a map allocates an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// With the map, or with its first entry.
    Map,
    /// With each entry.
    Entry,
    /// As hashes, the order of keys or chance have it.
    Sometimes,
    /// As hashes have it, in place of one that is allocated with each entry.
    Instead,
}

/// A block that a map allocates, other than its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Object {
    /// What it is.
    pub what: &'static str,
    /// As its allocator counts it; `None` where it has no one size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// When it is allocated.
    pub when: When,
}

/// What an entry owns on the heap besides, which is not the map's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Owned {
    /// What it is.
    pub what: &'static str,
    /// `None` where it depends on each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// A size of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Slots, or bins of chains.
    pub slots: u64,
    /// The insert that makes it, counted from 1; `None` where that is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// The most entries that it holds; `None` where that is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holds: Option<u64>,
    /// The blocks that the insert allocates for it.
    pub blocks: Vec<u64>,
    /// What is the table's once the old one is freed, in bytes.
    pub bytes: u64,
}

/// What an entry costs in a map. All bytes are as the map's allocator counts them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Layout {
    /// Where an entry lies.
    pub slot: Slot,
    /// What is allocated besides tables.
    pub objects: Vec<Object>,
    /// What an entry owns.
    pub owns: Vec<Owned>,
    /// Tables that grow each by itself; the steps are of one.
    pub tables: u64,
    /// The sizes that a table passes through, smallest first, each as large as the one before or larger.
    pub steps: Vec<Step>,
    /// Whether a table that is grown from stays, and is emptied little by little by the writes that follow. It is in no figure.
    pub gradual: bool,
    /// Bytes an entry that a large map has at least, where its steps don't say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least: Option<f64>,
    /// And at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<f64>,
    /// Whether a table may grow before it is full, as hashes have it.
    pub early: bool,
    /// What can't be derived, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<&'static str>,
}

impl Layout {
    /// Of a slot, and of what keys and values own as they are.
    pub fn new(slot: Slot, entry: &EntryShape) -> Layout {
        let owned = |what, shape: Shape| match shape.heap {
            Heap::None => None,
            Heap::Bytes(bytes) => Some(Owned { what, bytes: Some(bytes) }),
            Heap::Varies => Some(Owned { what, bytes: None }),
        };
        let owns = [owned("the key's bytes", entry.key), owned("the value's bytes", entry.value)];
        let owns = owns.into_iter().flatten().collect();
        Layout {
            slot,
            objects: Vec::new(),
            owns,
            tables: 1,
            steps: Vec::new(),
            early: false,
            gradual: false,
            least: None,
            most: None,
            open: None,
        }
    }

    /// With an object.
    pub fn with(mut self, when: When, what: &'static str, bytes: impl Into<Option<u64>>) -> Layout {
        self.objects.push(Object { what, bytes: bytes.into(), when });
        self
    }

    /// With the sizes of its table.
    pub fn steps(self, steps: Vec<Step>) -> Layout {
        Layout { steps, ..self }
    }

    /// With the bytes an entry that a large map has at least.
    pub fn at_least(self, least: f64) -> Layout {
        Layout { least: Some(least), ..self }
    }

    /// With the old table emptied little by little.
    pub fn gradual(self) -> Layout {
        Layout { gradual: true, ..self }
    }

    /// With something that can't be derived.
    pub fn open(self, why: &'static str) -> Layout {
        Layout { open: Some(why), ..self }
    }

    /// Bytes of the objects of this kind; `None` where one has no one size.
    pub fn object_bytes(&self, when: When) -> Option<u64> {
        self.objects.iter().filter(|object| object.when == when).map(|object| object.bytes).sum()
    }

    /// What one table and its map hold with so many entries, in bytes, without [`When::Sometimes`]; `None` where a part of it is
    /// open.
    pub fn bytes_at(&self, step: &Step, entries: u64) -> Option<u64> {
        let whole = self.tables == 1;
        let map = self.object_bytes(When::Map).filter(|_| whole)?;
        Some(map + step.bytes + entries * self.object_bytes(When::Entry)?)
    }

    /// The step that a map of so many entries is at.
    pub fn step_of(&self, entries: u64) -> Option<&Step> {
        let step = self.steps.iter().rev().find(|step| step.from.is_some_and(|from| from <= entries))?;
        step.holds.is_some_and(|holds| entries <= holds).then_some(step)
    }

    /// What a map of so many entries holds, as [`Layout::bytes_at`] has it; `None` also where an old table may still be there.
    pub fn bytes_of(&self, entries: u64) -> Option<u64> {
        let step = self.step_of(entries)?;
        let settled = !self.gradual || step.holds == Some(entries);
        self.bytes_at(step, entries).filter(|_| settled)
    }
}

/// The steps of a table that doubles: `step` makes one of so many slots, and the first insert beyond what it holds makes the
/// next. Up to so many entries.
pub fn doubling(first: u64, entries: u64, mut step: impl FnMut(u64, u64) -> Step) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let (mut slots, mut from) = (first, 1);
    while from <= entries {
        let next = step(slots, from);
        let Some(holds) = next.holds else { break };
        steps.push(next);
        (slots, from) = (slots * 2, holds + 1);
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Bytes, BytesOf, Str};

    #[test]
    fn a_struct_is_padded_at_its_end_or_where_its_order_is_fixed() {
        let (byte, word, uuid) = (Room::int(1), Room::WORD, Room { bytes: 16, align: 1 });
        let room = |bytes, align| Room { bytes, align };
        assert_eq!(Room::of(&[byte, word, byte]), room(16, 8));
        assert_eq!(Room::in_order(&[byte, word, byte]), room(24, 8));
        assert_eq!(Room::of(&[uuid, word]), room(24, 8));
        assert_eq!(Room::of(&[uuid, room(0, 1)]), room(16, 1));
        assert_eq!(Room::of(&[uuid, byte]).aligned(8), room(24, 8));
        assert_eq!(Room::int(4).times(3), room(12, 4));
    }

    #[test]
    fn an_entry_has_the_shape_of_its_types() {
        fn of<K: Key, V: Value>(entry: &str) {
            let entry: Entry = entry.parse().expect("an entry");
            assert_eq!(EntryShape::from(entry), EntryShape::of::<K, V>(), "{entry}");
        }
        of::<u32, bool>("u32/bool");
        of::<u64, ()>("u64/()");
        of::<u64, u16>("u64/u16");
        of::<[u8; 16], u64>("16/u64");
        of::<Str<24>, Str<7>>("string(24)/string(7)");
        of::<u64, BytesOf<100>>("u64/bytes(100)");
        of::<u64, Bytes>("u64/bytes");
        let owns = |entry: &str| EntryShape::from(entry.parse::<Entry>().expect("an entry")).value.heap;
        assert_eq!(["u64/5", "u64/bytes(5)", "u64/bytes"].map(owns), [Heap::None, Heap::Bytes(5), Heap::Varies]);
    }
}
