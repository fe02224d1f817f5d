//! A map that was found, and what it is known to be.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::heap::{Heap, Object};
use super::memory::Memory;
use super::references::References;
use super::release::Release;
use super::types::{Index, MapType, Part, Types};
use crate::maps::go::heap::occupied_bytes;

/// How the type of a map is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeBy {
    /// An object of the map says it.
    Object,
    /// Something that points to it says it, of all that have its size.
    Reference,
    /// Of all map types in the program, so many have entries of the size, with or without pointers, that the map has.
    Size(usize),
    /// Its type is none of the program's own: reflection made it, or a plugin has it.
    Nothing,
}

impl TypeBy {
    /// Whether something in memory names the type, and it is not worked out.
    pub fn is_said(self) -> bool {
        matches!(self, TypeBy::Object | TypeBy::Reference)
    }

    /// A word for it.
    pub fn name(self) -> &'static str {
        match self {
            TypeBy::Object => "object",
            TypeBy::Reference => "reference",
            TypeBy::Size(_) => "size",
            TypeBy::Nothing => "nothing",
        }
    }
}

/// The type of a map, as far as it is known.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its name, or the names of those that it may be, the shortest first; none where it is none of the program's own.
    pub names: Vec<String>,
    /// How that is known.
    pub by: TypeBy,
    /// Bytes of an entry that are objects of their own. `None` where that can't be known without the type.
    pub entry_bytes: Option<u64>,
}

impl Kind {
    /// Its name, or a few of those that it may be.
    pub fn name(&self) -> String {
        const NAMED: usize = 2;
        let named = self.names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(" or ");
        match self.names.len() {
            0 => "a type of reflection or of a plugin".to_owned(),
            1..=NAMED => named,
            all if all - NAMED == 1 => format!("{named} or 1 other"),
            all => format!("{named} or {} others", all - NAMED),
        }
    }
}

/// A map, as it was when it was read.
#[derive(Clone, Debug)]
pub struct Found {
    /// Where its header is.
    pub address: u64,
    /// Its type.
    pub kind: Rc<Kind>,
    /// Whether its header is on a goroutine's stack.
    pub on_stack: bool,
    /// Its length.
    pub entries: u64,
    /// Slots for entries.
    pub capacity: u64,
    /// Slots of removed entries that look-ups go past. `None` where maps have none.
    pub tombstones: Option<u64>,
    /// Tables, or arrays of buckets; 1 where a group is all there is.
    pub tables: u64,
    /// Bytes of header, directory, tables and groups, or of buckets.
    pub table_bytes: u64,
    /// The number of its row in the recording of its process, where it has one.
    pub record: Option<u32>,
    /// Bytes of a group, or of a bucket. `None` where that can't be known without the type.
    pub(super) group_bytes: Option<u64>,
}

impl Found {
    /// What its header is on.
    pub fn header(&self) -> &'static str {
        if self.on_stack { "stack" } else { "heap" }
    }

    /// Bytes of keys and elems that are objects of their own, where that can be known.
    pub fn entry_bytes(&self) -> Option<u64> {
        self.kind.entry_bytes.map(|bytes| bytes.saturating_mul(self.entries))
    }
}

/// What is read from, and what is known of it.
pub(super) struct Program<'a> {
    /// The version of Go that it was built by.
    pub go: String,
    pub release: Release,
    pub memory: &'a Memory,
    pub heap: &'a Heap<'a>,
    pub types: &'a Types,
    pub references: &'a References,
    /// What types are called, by which they are.
    pub kinds: RefCell<HashMap<Fits, Rc<Kind>>>,
}

/// What there was at an address that looked like a map.
pub(super) enum Seen {
    Map(Box<Found>, Parts),
    /// One that changed whenever it was read: where it is, and whether that is on a stack.
    Changing(u64, bool),
    Nothing,
}

/// Addresses of what a map consists of: two headers with one of them are the same map.
pub(super) type Parts = Vec<u64>;

/// Types that a map may have.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Fits {
    Known(Index),
    Referenced(Index),
    Some(Vec<Index>),
    Unknown,
}

impl Program<'_> {
    pub(super) fn object(&self, at: u64) -> Option<Object> {
        self.heap.object(at)
    }

    /// Whether maps may have the number of their record in them: the program was built to record them, and does.
    pub(super) fn is_recorded(&self) -> bool {
        self.memory.is_recorded
    }

    /// Whether large objects with pointers have a header, which their size class includes.
    pub(super) fn has_headers(&self) -> bool {
        self.release.has_types()
    }

    /// Whether `count` groups of this type make such an object.
    pub(super) fn fits(&self, ty: &MapType, count: u64, object: &Object) -> bool {
        let bytes = ty.group_bytes.checked_mul(count).and_then(|bytes| usize::try_from(bytes).ok());
        let headerless = !ty.has_pointers || !self.has_headers();
        ty.has_pointers != object.noscan
            && bytes.is_some_and(|bytes| occupied_bytes(bytes, headerless) as u64 == object.bytes)
    }

    /// The type of the map with this header that an object of its own names; or those of all for which `holds`, of which
    /// something that points to the map may name one. `None` where there is none.
    pub(super) fn types_of(&self, header: u64, object: &Object, holds: impl Fn(&MapType) -> bool) -> Option<Fits> {
        if let Some(ty) = object.ty {
            return match self.types.of_group(ty) {
                Some(index) => holds(self.types.get(index)).then_some(Fits::Known(index)),
                None => Some(Fits::Unknown),
            };
        }
        let left: Vec<_> = self.types.all().filter(|(_, ty)| holds(ty)).map(|(index, _)| index).collect();
        match self.references.of(header) {
            Some(index) if left.contains(&index) => Some(Fits::Referenced(index)),
            _ => (!left.is_empty()).then_some(Fits::Some(left)),
        }
    }

    /// One of these types: all of them fit what is there.
    pub(super) fn a_type(&self, fits: &Fits) -> Option<&MapType> {
        match fits {
            Fits::Known(index) | Fits::Referenced(index) => Some(self.types.get(*index)),
            Fits::Some(indices) => indices.first().map(|&index| self.types.get(index)),
            Fits::Unknown => None,
        }
    }

    /// What is known of the types.
    pub(super) fn kind(&self, fits: Fits) -> Rc<Kind> {
        let known = self.kinds.borrow().get(&fits).cloned();
        known.unwrap_or_else(|| {
            let kind = Rc::new(self.kind_of(&fits));
            self.kinds.borrow_mut().insert(fits, Rc::clone(&kind));
            kind
        })
    }

    fn kind_of(&self, fits: &Fits) -> Kind {
        let (indices, by) = match fits {
            Fits::Known(index) => (std::slice::from_ref(index), TypeBy::Object),
            Fits::Referenced(index) => (std::slice::from_ref(index), TypeBy::Reference),
            Fits::Some(indices) => (&indices[..], TypeBy::Size(indices.len())),
            Fits::Unknown => {
                return Kind { names: Vec::new(), by: TypeBy::Nothing, entry_bytes: None };
            }
        };
        let mut names: Vec<String> = indices.iter().map(|&index| self.types.get(index).name.clone()).collect();
        names.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
        let bytes: HashSet<u64> = indices.iter().map(|&index| self.entry_bytes(self.types.get(index))).collect();
        let entry_bytes = if bytes.len() == 1 { bytes.into_iter().next() } else { None };
        Kind { names, by, entry_bytes }
    }

    /// What an entry of this type takes beside the map: keys and elems over 128 bytes are objects of their own.
    fn entry_bytes(&self, ty: &MapType) -> u64 {
        const INLINE_MAX_BYTES: u64 = 128;
        let object = |part: &Part| match usize::try_from(part.bytes) {
            _ if part.bytes <= INLINE_MAX_BYTES => 0,
            Ok(bytes) => occupied_bytes(bytes, !part.has_pointers || !self.has_headers()) as u64,
            Err(_) => u64::MAX,
        };
        object(&ty.key).saturating_add(object(&ty.elem))
    }
}
