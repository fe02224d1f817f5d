//! A type of map, and how its maps keep their entries.

use super::bytes::{Bytes, Texts};
use super::map::bounded;
use crate::entry::Shape;
use crate::hints::Group;
use crate::text;

/// A type of map.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Type {
    /// As its language writes it: `map[string]*ast.Object`, `HashMap<String, u64>`.
    pub name: String,
    /// Bytes of a key.
    pub key_bytes: u32,
    /// Bytes of a value.
    pub value_bytes: u32,
    /// Where its entries are.
    pub tables: Tables,
    pub(super) flags: u32,
}

/// Of a hash that is kept beside an entry.
const HASH_BYTES: u64 = 8;

/// How maps keep their entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tables {
    /// In groups of eight slots, as Go's.
    Groups(Group),
    /// In one table of slots, as hashbrown's.
    Slots(Slots),
    /// In an array, with a table of their indices, as indexmap's.
    Indexed(Indexed),
    /// In nodes, of which it is not known how many there are.
    Nodes,
    /// In chains of nodes that a table refers to, as Java's.
    Chains(Chains),
    /// In a tree by the bits of hashes, as those of Go's `sync.Map`: nodes of so many bytes, and an object for each entry.
    Trie {
        /// Bytes of a node.
        node_bytes: u32,
    },
}

impl Default for Tables {
    fn default() -> Tables {
        Tables::Groups(Group { bytes: 0, has_pointers: false })
    }
}

/// Tables of hashbrown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    /// Bytes of a slot.
    pub bytes: u32,
    /// What a slot's address is a multiple of.
    pub align: u32,
    /// Slots that are looked at together.
    pub group: u32,
    /// The fewest buckets of a table.
    pub buckets_min: u32,
}

impl Slots {
    /// Bytes of a new table for so many entries.
    pub fn table_bytes(&self, entries: u64) -> u64 {
        let buckets = match entries {
            0 => return 0,
            1..4 => 4,
            4..8 => 8,
            8..15 => 16,
            // Bounded where it was read.
            _ => (entries * 8 / 7).next_power_of_two(),
        };
        let buckets = buckets.max(self.buckets_min.into());
        let align = u64::from(self.align.max(self.group));
        let slots = u64::from(self.bytes).saturating_mul(buckets).div_ceil(align).saturating_mul(align);
        slots.saturating_add(buckets + u64::from(self.group))
    }
}

/// Tables and arrays of indexmap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Indexed {
    /// Of indices.
    pub table: Slots,
    /// Bytes of an entry.
    pub entry_bytes: u32,
}

impl Indexed {
    /// Bytes of what a new map for so many entries has.
    pub fn bytes(&self, entries: u64) -> u64 {
        // Bounded where it was read.
        self.table.table_bytes(entries).saturating_add(entries.saturating_mul(self.entry_bytes.into()))
    }
}

/// Tables of Java, as the JVM that was recorded lays them out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chains {
    /// Bytes of a reference.
    pub reference: u32,
    /// What the size of an object is a multiple of.
    pub align: u32,
    /// Bytes of an array without its elements.
    pub array_header: u32,
    /// Bytes of the map itself.
    pub map: u32,
    /// Whether a table is replaced as soon as three quarters of it are full (ConcurrentHashMap), not with the next entry.
    pub is_shared: bool,
}

impl Chains {
    /// Bytes of a new map with the smallest table that so many entries don't grow, at the usual load factor.
    pub fn map_bytes(&self, entries: u64) -> u64 {
        // Bounded where it was read. The constructors round up, or down after adding one.
        let thirds = 4 * entries.max(1);
        let length = if self.is_shared { (thirds + 3) / 3 } else { thirds.div_ceil(3) }.next_power_of_two();
        let align = u64::from(self.align);
        let array = u64::from(self.array_header).saturating_add(length.saturating_mul(self.reference.into()));
        u64::from(self.map).saturating_add(array.div_ceil(align).saturating_mul(align))
    }
}

/// Eight control bytes, and eight keys and values of at most 128 bytes; larger ones are objects of their own.
pub(super) const GROUP_BYTES_MAX: u64 = 8 + 8 * (128 + 128);
const ALIGN_MAX: u64 = 1 << 29;
const SLOTS_LOOKED_AT_MAX: u64 = 64;
const REFERENCE_BYTES_MAX: u64 = 8;

impl Type {
    /// Whether keys are a kind of string.
    pub fn keys_are_text(&self) -> bool {
        self.flags & 32 != 0
    }

    /// Bytes of a key and a value side by side with what they are padded to, where they lie so.
    pub(super) fn slot_bytes(&self) -> Option<u64> {
        /// Slots of a group, and bytes of its control word.
        const GROUP: u32 = 8;
        match self.tables {
            Tables::Groups(group) => Some(u64::from(group.bytes.saturating_sub(GROUP) / GROUP)),
            Tables::Slots(slots) => Some(slots.bytes.into()),
            Tables::Indexed(indexed) => Some(u64::from(indexed.entry_bytes).saturating_sub(HASH_BYTES)),
            Tables::Nodes | Tables::Chains(_) | Tables::Trie { .. } => None,
        }
    }

    /// Whether a map of such keys and values has slots of as many bytes, or of more, as where large ones are behind pointers.
    pub(super) fn has_slots_of(&self, key: Shape, value: Shape) -> bool {
        let align = key.align.max(value.align);
        let slot = match self.tables {
            // Go puts a byte behind a last field of none, which is the map's own.
            Tables::Groups(_) if value.bytes == 0 => return true,
            Tables::Indexed(_) => {
                (HASH_BYTES + key.bytes + value.bytes).next_multiple_of(align.max(HASH_BYTES)) - HASH_BYTES
            }
            _ => (key.bytes + value.bytes).next_multiple_of(align),
        };
        self.slot_bytes().is_none_or(|own| own <= slot)
    }

    /// The type at this row; `None` where it is not yet written.
    pub(super) fn parse(file: &Bytes<'_>, at: usize, texts: &mut Texts<'_>) -> Result<Option<Type>, String> {
        let short = |field| file.u32(at + field);
        if short(8) == 0 {
            return Ok(None);
        }
        let flags = short(12);
        bounded("bytes of a group", short(24).into(), 0, GROUP_BYTES_MAX)?;
        let tables = match short(32) {
            0 => Tables::Groups(Group { bytes: short(24), has_pointers: flags & 1 != 0 }),
            kind @ (1 | 6) => {
                bounded("alignment of a slot", short(40).into(), 1, ALIGN_MAX)?;
                bounded("slots of a group", short(44).into(), 1, SLOTS_LOOKED_AT_MAX)?;
                bounded("fewest buckets", short(48).into(), 1, SLOTS_LOOKED_AT_MAX)?;
                let [bytes, align, group, buckets_min] = [36, 40, 44, 48].map(short);
                let slots = Slots { bytes, align, group, buckets_min };
                match kind {
                    1 => Tables::Slots(slots),
                    _ => Tables::Indexed(Indexed { table: slots, entry_bytes: short(52) }),
                }
            }
            2 => Tables::Nodes,
            kind @ (3 | 4) => {
                bounded("bytes of a reference", short(36).into(), 1, REFERENCE_BYTES_MAX)?;
                bounded("alignment of an object", short(40).into(), 1, ALIGN_MAX)?;
                let [reference, align, array_header, map] = [36, 40, 44, 52].map(short);
                Tables::Chains(Chains { reference, align, array_header, map, is_shared: kind == 4 })
            }
            5 => Tables::Trie { node_bytes: short(24) },
            other => return Err(format!("has tables of a kind that this mapscope does not know (number {other})")),
        };
        let name = text::clean(&texts.read(short(8))?).into_owned();
        Ok(Some(Type { name, key_bytes: short(16), value_bytes: short(20), tables, flags }))
    }
}
