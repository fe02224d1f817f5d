//! The map types of a program, from its own type descriptors (`internal/abi/type.go`).
//!
//! They are found by their looks: a descriptor of a map names those of its keys, of its elems and of its group or bucket,
//! and repeats the size of the last. Names are offsets from an address that the program's `moduledata` has; it is the
//! one from which every map type is called `map[`.

use std::collections::{BTreeMap, HashMap};

use super::memory::{Memory, half, word};
use super::release::Maps;
use crate::text::acts;

/// A type of maps. Named types of the same keys and elems are the same to the runtime, and here.
#[derive(Clone, Debug)]
pub(super) struct MapType {
    /// `map[string]int`.
    pub name: String,
    pub key: Part,
    pub elem: Part,
    /// The bytes of a group of eight, or of a bucket.
    pub group_bytes: u64,
    /// Whether such a group has pointers.
    pub has_pointers: bool,
}

/// What is a key, an elem, or a group of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub bytes: u64,
    pub has_pointers: bool,
}

/// All that the program has.
#[derive(Default)]
pub(super) struct Types {
    /// Where the first descriptor is.
    base: Option<u64>,
    all: Vec<MapType>,
    of_group: HashMap<u64, Index>,
    of_map: HashMap<u64, Index>,
}

/// The number of a type.
pub(super) type Index = usize;

const TYPE_BYTES: usize = 48;
const TYPES_MAX: usize = 1 << 20;
/// What a value may be large.
const BYTES_MAX: u64 = 1 << 40;
/// Eight keys and elems of 128 bytes, a control word, and in a bucket the pointer to the next.
const GROUP_BYTES_MAX: u64 = 8 + 8 * (128 + 128) + 8;
/// What a name may be long; the compiler's own have a few hundred bytes.
const NAME_BYTES_MAX: usize = 4096;

/// A descriptor.
pub(super) struct Descriptor {
    pub bytes: u64,
    /// Up to the last pointer.
    pub pointer_bytes: u64,
    pub kind: Kind,
    /// Whether an interface holds the value itself, which is a pointer.
    pub is_direct: bool,
    has_star: bool,
    name: i32,
}

/// Kinds of types that lead on to others (`internal/abi`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Array,
    Interface,
    Map,
    Pointer,
    Slice,
    Struct,
    Other,
}

impl Descriptor {
    /// `None` for what is none by its looks.
    fn of(bytes: &[u8]) -> Option<Descriptor> {
        const FLAGS: usize = 20;
        const EXTRA_STAR: u8 = 2;
        const KIND: usize = 23;
        const KIND_MASK: u8 = 31;
        /// Among the flags from Go 1.26 on, before that with the kind.
        const DIRECT: u8 = 32;
        const NAME: usize = 40;
        let kind = match bytes[KIND] & KIND_MASK {
            17 => Kind::Array,
            20 => Kind::Interface,
            21 => Kind::Map,
            22 => Kind::Pointer,
            23 => Kind::Slice,
            25 => Kind::Struct,
            1..=26 => Kind::Other,
            _ => return None,
        };
        let read = Descriptor {
            bytes: word(bytes, 0),
            pointer_bytes: word(bytes, 8),
            kind,
            is_direct: (bytes[FLAGS] | bytes[KIND]) & DIRECT != 0,
            has_star: bytes[FLAGS] & EXTRA_STAR != 0,
            name: word(bytes, NAME) as i32,
        };
        (read.pointer_bytes <= read.bytes && read.bytes <= BYTES_MAX).then_some(read)
    }

    pub(super) fn read(memory: &Memory, at: u64) -> Option<Descriptor> {
        let bytes: [u8; TYPE_BYTES] = memory.array(at).filter(|_| at.is_multiple_of(8) && memory.is_of_program(at))?;
        Descriptor::of(&bytes)
    }

    fn part(&self) -> Part {
        Part { bytes: self.bytes, has_pointers: self.pointer_bytes > 0 }
    }
}

/// What a descriptor of a map names.
struct Parts {
    at: u64,
    own: Descriptor,
    key: Descriptor,
    elem: Descriptor,
    group: Descriptor,
    group_at: u64,
}

impl Types {
    /// Every map type of the program.
    pub(super) fn find(memory: &Memory, maps: Maps) -> Types {
        let parts = all_parts(memory, maps);
        let base = base(memory, &parts);
        let mut types = Types { base, ..Types::default() };
        let mut known: BTreeMap<(u64, String), usize> = BTreeMap::new();
        for part in &parts {
            let name = |of: &Descriptor| base.and_then(|base| name(memory, base, of));
            let (Some(key), Some(elem)) = (name(&part.key), name(&part.elem)) else { continue };
            let name = format!("map[{key}]{elem}");
            let index = *known.entry((part.group_at, name.clone())).or_insert(types.all.len());
            if index == types.all.len() {
                types.all.push(MapType {
                    name,
                    key: part.key.part(),
                    elem: part.elem.part(),
                    group_bytes: part.group.bytes,
                    has_pointers: part.group.pointer_bytes > 0,
                });
            }
            types.of_group.entry(part.group_at).or_insert(index);
            types.of_map.insert(part.at, index);
        }
        types
    }

    /// The type whose groups have this descriptor.
    pub(super) fn of_group(&self, at: u64) -> Option<Index> {
        self.of_group.get(&at).copied()
    }

    /// The type that has this descriptor.
    pub(super) fn of_map(&self, at: u64) -> Option<Index> {
        self.of_map.get(&at).copied()
    }

    /// The address of a descriptor so far from the first.
    pub(super) fn descriptor(&self, offset: u64) -> Option<u64> {
        self.base?.checked_add(offset)
    }

    pub(super) fn get(&self, index: Index) -> &MapType {
        &self.all[index]
    }

    /// All, with their numbers.
    pub(super) fn all(&self) -> impl Iterator<Item = (Index, &MapType)> {
        self.all.iter().enumerate()
    }
}

fn all_parts(memory: &Memory, maps: Maps) -> Vec<Parts> {
    const KEY: usize = TYPE_BYTES;
    const LENGTH: usize = 88;
    let mut parts = Vec::new();
    for region in memory.data() {
        memory.scan(region.start, region.end, LENGTH as u64, |start, bytes| {
            for offset in (0..bytes.len().saturating_sub(LENGTH)).step_by(8) {
                let (at, bytes) = (start + offset as u64, &bytes[offset..]);
                let own = Descriptor::of(bytes).filter(|own| own.kind == Kind::Map && own.bytes == 8);
                let Some(own) = own.filter(|own| own.pointer_bytes == 8 && parts.len() < TYPES_MAX) else { continue };
                let read = |field| Descriptor::read(memory, word(bytes, field));
                let (Some(key), Some(elem), Some(group)) = (read(KEY), read(KEY + 8), read(KEY + 16)) else { continue };
                let group_bytes = match maps {
                    Maps::Swiss => word(bytes, KEY + 32),
                    Maps::Classic => half(bytes, KEY + 34).into(),
                };
                let is_whole = group.kind == Kind::Struct && group.bytes == group_bytes;
                let is_whole = is_whole && (8..=GROUP_BYTES_MAX).contains(&group_bytes);
                if is_whole {
                    parts.push(Parts { at, own, key, elem, group, group_at: word(bytes, KEY + 16) });
                }
            }
        });
    }
    parts
}

/// The address that names are offsets from. Of all words of `moduledata`, it is the one that gives map types their names.
fn base(memory: &Memory, parts: &[Parts]) -> Option<u64> {
    const WORDS: usize = 96;
    /// Of `pcHeader`: its magic number, two zeros, then the least size of an instruction and the size of a pointer.
    const MAGIC: u32 = 0xffff_fff1;
    const POINTER_BYTES: u8 = 8;
    const HEADER_ALIGN: u64 = 8;
    const PARTS_TRIED: usize = 64;
    let mut found = None;
    for region in memory.data() {
        memory.scan(region.start, region.end, (WORDS * 8) as u64, |_, bytes| {
            for at in (0..bytes.len()).step_by(8) {
                let header = word(bytes, at);
                if found.is_some() || !header.is_multiple_of(HEADER_ALIGN) || !memory.is_of_program(header) {
                    continue;
                }
                let Some(head) = memory.u64(header).map(u64::to_le_bytes) else { continue };
                if head[..4] != MAGIC.to_le_bytes() || head[4..6] != [0, 0] || head[7] != POINTER_BYTES {
                    continue;
                }
                let words = (0..WORDS).map(|index| word(bytes, at + index * 8));
                found = words.filter(|&base| memory.is_of_program(base)).find(|&base| {
                    let named = parts.iter().take(PARTS_TRIED).map(|part| name(memory, base, &part.own));
                    let (all, maps) = named.fold((0, 0), |(all, maps), name| match name {
                        Some(name) if name.starts_with("map[") => (all + 1, maps + 1),
                        // A named type.
                        Some(name) if name.contains('.') => (all + 1, maps),
                        _ => (usize::MAX / 2, maps),
                    });
                    maps > 0 && all <= PARTS_TRIED
                });
            }
        });
        if found.is_some() {
            break;
        }
    }
    found
}

/// A name: a byte of flags, the length in sevens of bits, and the text.
fn name(memory: &Memory, base: u64, of: &Descriptor) -> Option<String> {
    const HEAD: usize = 1 + 2;
    let at = base.checked_add_signed(of.name.into()).filter(|_| of.name != 0)?;
    let head: [u8; HEAD] = memory.array(at).filter(|_| memory.is_of_program(at))?;
    let (length, skip) = match head[1] {
        short if short < 0x80 => (usize::from(short), 2),
        low if head[2] < 0x80 => (usize::from(low & 0x7f) | usize::from(head[2]) << 7, 3),
        _ => return None,
    };
    let bytes = memory.bytes(at + skip, length.min(NAME_BYTES_MAX))?;
    let text = String::from_utf8(bytes).ok()?;
    let text = if of.has_star { text.strip_prefix('*')? } else { &text };
    let is_plain = !text.is_empty() && !text.contains(acts);
    is_plain.then(|| text.to_owned())
}
