//! Types of maps from what points to them.
//!
//! A map without pointers, or a small one, names no type. But an object whose type is known says what its fields are: from
//! the objects that do name theirs, and from variables, this goes from pointer to pointer, through structs, arrays, slices
//! and interfaces, and notes for each map by which type it is pointed to. That ends after so many objects, and is silent
//! where two types disagree.

use std::collections::HashMap;
use std::rc::Rc;

use super::heap::Heap;
use super::memory::{Memory, word};
use super::types::{Descriptor, Index, Kind, Types};
use super::variables::{Holds, Variables};

/// Objects gone through, and bytes of them.
const OBJECTS_MAX: usize = 1 << 22;
const BYTES_MAX: u64 = 1 << 36;
/// Fields of one type that are looked at.
const FIELDS_MAX: usize = 1 << 12;
/// Levels of structs and arrays in each other.
const NESTED_MAX: usize = 32;
/// Bytes read at once.
const PIECE_BYTES: u64 = 1 << 20;

/// What lies in a field and leads on.
#[derive(Clone, Copy)]
enum Leads {
    /// The header of a map.
    Map(Index),
    /// A pointer to something of a type.
    Pointer(u64),
    /// Pointer and length of an array of a type.
    Slice(u64),
    /// A type and a value; or a table of methods, which has the type.
    Interface { has_methods: bool },
}

/// The fields of a type that lead on.
struct Layout {
    bytes: u64,
    is_direct: bool,
    kind: Kind,
    fields: Vec<(u64, Leads)>,
}

/// Types of maps by the address of their header; `None` where they disagree.
pub(super) struct References(HashMap<u64, Option<Index>>);

impl References {
    pub(super) fn of(&self, header: u64) -> Option<Index> {
        self.0.get(&header).copied().flatten()
    }

    pub(super) fn find(memory: &Memory, heap: &Heap<'_>, types: &Types, variables: &Variables) -> References {
        let mut walk = Walk {
            memory,
            heap,
            types,
            layouts: HashMap::new(),
            seen: HashMap::new(),
            objects: 0,
            bytes_left: BYTES_MAX,
            left: Vec::new(),
            found: HashMap::new(),
        };
        let moved = |at: u64| at.wrapping_add(variables.moved_by);
        for variable in &variables.all {
            // A descriptor, or how far it is from the first.
            let mut descriptors = [Some(moved(variable.ty)), types.descriptor(variable.ty)].into_iter().flatten();
            let ty = descriptors.find(|&ty| Descriptor::read(memory, ty).is_some()).unwrap_or(0);
            let at = moved(variable.at);
            let word = |at: u64| memory.u64(at).unwrap_or(0);
            match variable.holds {
                Holds::Value => walk.point(at, ty, 1),
                Holds::Pointer => walk.point(word(at), ty, 1),
                Holds::Slice => walk.point(word(at), ty, word(at.wrapping_add(8))),
            }
            walk.go();
        }
        heap.typed_objects(|at, bytes, ty| {
            walk.add(at, ty, bytes);
            walk.go();
        });
        References(walk.found)
    }
}

struct Walk<'a> {
    memory: &'a Memory,
    heap: &'a Heap<'a>,
    types: &'a Types,
    layouts: HashMap<u64, Rc<Layout>>,
    /// How many bytes of a type were gone through at an address.
    seen: HashMap<(u64, u64), u64>,
    objects: usize,
    bytes_left: u64,
    /// What is known of and not yet gone through: an address, a type, and the bytes of all that are of it there.
    left: Vec<(u64, u64, u64)>,
    found: HashMap<u64, Option<Index>>,
}

impl Walk<'_> {
    /// Remembers something to go through. `bytes` are those of an array.
    fn add(&mut self, at: u64, ty: u64, bytes: u64) {
        let leads = self.layout(ty).is_some_and(|layout| !layout.fields.is_empty());
        let is_bounded = self.objects < OBJECTS_MAX && bytes <= self.bytes_left;
        if leads && is_bounded && self.is_new(at, ty, bytes) {
            self.objects += 1;
            self.bytes_left -= bytes;
            self.seen.insert((at, ty), bytes);
            self.left.push((at, ty, bytes));
        }
    }

    /// Whether no such array was gone through, or a shorter one.
    fn is_new(&self, at: u64, ty: u64, bytes: u64) -> bool {
        self.seen.get(&(at, ty)).is_none_or(|&seen| seen < bytes)
    }

    fn go(&mut self) {
        while let Some((at, ty, bytes)) = self.left.pop() {
            let Some(layout) = self.layout(ty) else { continue };
            let count = bytes / layout.bytes;
            let at_once = (PIECE_BYTES / layout.bytes).max(1);
            let mut done = 0;
            while done < count {
                let now = at_once.min(count - done);
                let start = at + done * layout.bytes;
                let Some(content) = self.memory.bytes(start, (now * layout.bytes) as usize) else { break };
                for value in content.chunks_exact(layout.bytes as usize) {
                    for &(offset, leads) in &layout.fields {
                        self.follow(leads, word(value, offset as usize), word(value, offset as usize + 8));
                    }
                }
                done += now;
            }
        }
    }

    fn follow(&mut self, leads: Leads, first: u64, second: u64) {
        match leads {
            Leads::Map(index) => self.note(first, index),
            Leads::Pointer(ty) => self.point(first, ty, 1),
            Leads::Slice(ty) => self.point(first, ty, second),
            Leads::Interface { has_methods } => {
                const TYPE_IN_TABLE: u64 = 8;
                let is_table = has_methods && first != 0;
                let in_table = |at: u64| self.memory.u64(at.checked_add(TYPE_IN_TABLE)?);
                let ty = if is_table { in_table(first).unwrap_or(0) } else { first };
                let Some(layout) = self.layout(ty) else { return };
                match (layout.is_direct, layout.kind, &layout.fields[..]) {
                    (true, _, &[(0, leads)]) => self.follow(leads, second, 0),
                    (true, ..) => {}
                    (false, ..) => self.point(second, ty, 1),
                }
            }
        }
    }

    /// Goes on to so many values of a type, if they lie in one object.
    fn point(&mut self, at: u64, ty: u64, count: u64) {
        let Some(layout) = self.layout(ty).filter(|layout| !layout.fields.is_empty() && at != 0) else { return };
        let Some(bytes) = layout.bytes.checked_mul(count).filter(|&bytes| bytes > 0) else { return };
        if !self.is_new(at, ty, bytes) {
            return;
        }
        let is_there = self.memory.is_of_program(at) || self.heap.has(at, bytes);
        if is_there {
            self.add(at, ty, bytes);
        }
    }

    fn note(&mut self, header: u64, index: Index) {
        if header != 0 && self.found.len() < OBJECTS_MAX {
            let known = self.found.entry(header).or_insert(Some(index));
            // Named types of the same keys and elems have one number.
            if *known != Some(index) {
                *known = None;
            }
        }
    }

    fn layout(&mut self, ty: u64) -> Option<Rc<Layout>> {
        if let Some(layout) = self.layouts.get(&ty) {
            return (layout.bytes > 0).then(|| Rc::clone(layout));
        }
        let layout = Rc::new(self.layout_of(ty).unwrap_or(Layout {
            bytes: 0,
            is_direct: false,
            kind: Kind::Other,
            fields: Vec::new(),
        }));
        self.layouts.insert(ty, Rc::clone(&layout));
        (layout.bytes > 0).then_some(layout)
    }

    fn layout_of(&self, ty: u64) -> Option<Layout> {
        let descriptor = Descriptor::read(self.memory, ty)?;
        let mut fields = Vec::new();
        self.fields(ty, 0, 0, &mut fields)?;
        fields.retain(|(offset, _)| offset.checked_add(8).is_some_and(|end| end <= descriptor.bytes));
        let Descriptor { bytes, is_direct, kind, .. } = descriptor;
        Some(Layout { bytes, is_direct, kind, fields })
    }

    /// Adds what leads on in a value of a type, `base` bytes from the beginning.
    fn fields(&self, ty: u64, base: u64, nested: usize, fields: &mut Vec<(u64, Leads)>) -> Option<()> {
        const ELEM: u64 = 48;
        const LENGTH: u64 = 64;
        const MEMBERS: u64 = 56;
        const MEMBER_BYTES: usize = 24;
        let descriptor = Descriptor::read(self.memory, ty)?;
        if nested > NESTED_MAX || fields.len() >= FIELDS_MAX || descriptor.pointer_bytes == 0 {
            return Some(());
        }
        let field = |at: u64| self.memory.u64(ty + at);
        match descriptor.kind {
            Kind::Map => fields.push((base, Leads::Map(self.types.of_map(ty)?))),
            Kind::Pointer => fields.push((base, Leads::Pointer(field(ELEM)?))),
            Kind::Slice => fields.push((base, Leads::Slice(field(ELEM)?))),
            Kind::Interface => fields.push((base, Leads::Interface { has_methods: field(LENGTH)? > 0 })),
            Kind::Array => {
                let (elem, length) = (field(ELEM)?, field(LENGTH)?);
                let bytes = Descriptor::read(self.memory, elem)?.bytes;
                for index in 0..length.min(FIELDS_MAX as u64) {
                    let known = fields.len();
                    self.fields(elem, base.checked_add(bytes.checked_mul(index)?)?, nested + 1, fields)?;
                    // What one has not, none has.
                    if fields.len() == known {
                        break;
                    }
                }
            }
            Kind::Struct => {
                let (members, count) = (field(MEMBERS)?, field(MEMBERS + 8)?.min(FIELDS_MAX as u64));
                let members = self.memory.bytes(members, count as usize * MEMBER_BYTES)?;
                for member in members.chunks_exact(MEMBER_BYTES) {
                    self.fields(word(member, 8), base.checked_add(word(member, 16))?, nested + 1, fields)?;
                }
            }
            Kind::Other => {}
        }
        Some(())
    }
}
