//! Package-level variables, by the debugging information (DWARF) of a program that has it.
//!
//! Nothing in memory says what a variable is. Go's compiler notes for each type the descriptor that the program has of
//! it, if it has one; of a struct without, the fields are gone through, and of a pointer, what it points to.

use std::cell::Cell;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _};

use flate2::read::ZlibDecoder;
use gimli::{AttributeValue, DebugAbbrev, DebugAddr, DebugInfo, EndianSlice, LittleEndian, Operation, UnitHeader};
use object::read::elf::{ElfFile64, FileHeader as _};
use object::{CompressionFormat, Object as _, ObjectSection as _, ReadCache};

/// Something of a known type that the program has from its beginning on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Variable {
    pub at: u64,
    pub holds: Holds,
    /// How far its descriptor is from the first, or where it is.
    pub ty: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// A value of the type.
    Value,
    /// A pointer to one.
    Pointer,
    /// A pointer to several, and their number.
    Slice,
}

/// All variables.
#[derive(Debug, Default)]
pub(super) struct Variables {
    /// What is to be added to addresses: where the program is, less where it was linked to be.
    pub moved_by: u64,
    /// At the addresses that the program was linked for.
    pub all: Vec<Variable>,
}

type Reader<'a> = EndianSlice<'a, LittleEndian>;

/// Go's own attributes of a type: its descriptor.
const RUNTIME_TYPE: gimli::DwAt = gimli::DwAt(0x2904);
/// Its kind, and what its elements are.
const KIND: gimli::DwAt = gimli::DwAt(0x2900);
const ELEM: gimli::DwAt = gimli::DwAt(0x2902);
const SLICE: u64 = 23;
/// What of a section is read, and how many entries are kept.
const SECTION_BYTES_MAX: u64 = 1 << 30;
const ENTRIES_MAX: usize = 1 << 22;
/// Types that are looked at for all variables together.
const LOOKS_MAX: u32 = 1 << 26;
/// Levels of structs and names in each other.
const NESTED_MAX: usize = 16;

/// All variables of a program that begins at `entry`. `None` where there is no such information, or a damaged one.
pub(super) fn variables(program: &File, entry: u64) -> Option<Variables> {
    let cache = ReadCache::new(program);
    let file = ElfFile64::<LittleEndianElf, _>::parse(&cache).ok()?;
    let moved_by = entry.wrapping_sub(file.elf_header().e_entry(file.endian()));
    let section = |name: &str| section(&file, name);
    let (info, abbreviations) = (section("info")?, section("abbrev")?);
    let addresses = section("addr").unwrap_or_default();
    let info = DebugInfo::new(&info, LittleEndian);
    let abbreviations = DebugAbbrev::new(&abbreviations, LittleEndian);
    let mut entries = Entries { types: HashMap::new(), variables: Vec::new(), looks_left: Cell::new(LOOKS_MAX) };
    let mut units = info.units();
    while let Ok(Some(unit)) = units.next() {
        // Of a unit that is damaged, what comes before is kept.
        let _ = entries.read(&unit, &abbreviations, &DebugAddr::from(EndianSlice::new(&addresses, LittleEndian)));
    }
    let mut found = Vec::new();
    for &(at, ty) in &entries.variables {
        entries.add(ty, at, 0, &mut found);
    }
    Some(Variables { moved_by, all: found })
}

type LittleEndianElf = object::LittleEndian;

/// A section, unpacked.
fn section<'a>(file: &ElfFile64<'a, LittleEndianElf, &'a ReadCache<&'a File>>, name: &str) -> Option<Vec<u8>> {
    let section = file.section_by_name(&format!(".debug_{name}"))?;
    let range = section.compressed_file_range().ok()?;
    if range.compressed_size.max(range.uncompressed_size) > SECTION_BYTES_MAX {
        return None;
    }
    let packed = section.compressed_data().ok()?;
    match packed.format {
        CompressionFormat::None => Some(packed.data.to_vec()),
        CompressionFormat::Zlib => unpack(packed.data).ok(),
        _ => None,
    }
}

fn unpack(packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    ZlibDecoder::new(packed).take(SECTION_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A type, as far as it matters here.
struct Type {
    /// Its descriptor, or 0.
    descriptor: u64,
    kind: u64,
    is_pointer: bool,
    is_name: bool,
    elem: Option<usize>,
    /// What it points to, or is a name of.
    target: Option<usize>,
    /// Of a struct: where each field is, and its type.
    fields: Vec<(u64, usize)>,
}

/// Types and variables, with types by their place in the section.
struct Entries {
    types: HashMap<usize, Type>,
    variables: Vec<(u64, usize)>,
    /// At how many more types is looked: in a damaged section a struct may hold itself, many times over.
    looks_left: Cell<u32>,
}

impl Entries {
    fn read(
        &mut self,
        unit: &UnitHeader<Reader<'_>>,
        abbreviations: &DebugAbbrev<Reader<'_>>,
        addresses: &DebugAddr<Reader<'_>>,
    ) -> gimli::Result<()> {
        let abbreviations = unit.abbreviations(abbreviations)?;
        let start = unit.debug_info_offset().map_or(0, |offset| offset.0);
        let mut base = gimli::DebugAddrBase(0);
        let mut parent = None;
        let mut entries = unit.entries(&abbreviations);
        while let Some(entry) = entries.next_dfs()? {
            if self.types.len() + self.variables.len() >= ENTRIES_MAX {
                break;
            }
            if let Some(AttributeValue::DebugAddrBase(of_unit)) = entry.attr_value(gimli::DW_AT_addr_base) {
                base = of_unit;
            }
            let address = |value| match value {
                AttributeValue::Addr(at) => Some(at),
                AttributeValue::DebugAddrIndex(index) => addresses.get_address(8, base, index).ok(),
                value => value.udata_value(),
            };
            let place_of = |name| match entry.attr_value(name) {
                Some(AttributeValue::DebugInfoRef(at)) => Some(at.0),
                Some(AttributeValue::UnitRef(at)) => start.checked_add(at.0),
                _ => None,
            };
            let ty = place_of(gimli::DW_AT_type);
            match entry.tag() {
                gimli::DW_TAG_variable if entry.depth() == 1 => {
                    let place = match entry.attr_value(gimli::DW_AT_location) {
                        Some(AttributeValue::Exprloc(place)) => place.operations(unit.encoding()).next()?,
                        _ => None,
                    };
                    let at = match place {
                        Some(Operation::Address { address }) => Some(address),
                        Some(Operation::AddressIndex { index }) => addresses.get_address(8, base, index).ok(),
                        _ => None,
                    };
                    self.variables.extend(at.zip(ty));
                }
                gimli::DW_TAG_member if entry.depth() == 2 => {
                    let at = entry.attr(gimli::DW_AT_data_member_location).and_then(|attr| attr.udata_value());
                    let fields = parent.and_then(|parent| self.types.get_mut(&parent)).map(|parent| &mut parent.fields);
                    if let (Some(fields), Some(field)) = (fields, at.zip(ty)) {
                        fields.push(field);
                    }
                }
                tag if entry.depth() == 1 => {
                    let place = start + entry.offset().0;
                    parent = Some(place);
                    let descriptor = entry.attr_value(RUNTIME_TYPE).and_then(address).unwrap_or(0);
                    let is_pointer = tag == gimli::DW_TAG_pointer_type;
                    let is_name = tag == gimli::DW_TAG_typedef;
                    if descriptor != 0 || is_pointer || is_name || tag == gimli::DW_TAG_structure_type {
                        let kind = entry.attr(KIND).and_then(|attr| attr.udata_value()).unwrap_or(0);
                        let elem = place_of(ELEM);
                        let ty = Type { descriptor, kind, is_pointer, is_name, elem, target: ty, fields: Vec::new() };
                        self.types.insert(place, ty);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Adds what is known of a value of a type.
    fn add(&self, ty: usize, at: u64, nested: usize, found: &mut Vec<Variable>) {
        let looks_left = self.looks_left.get();
        let may = looks_left > 0 && nested < NESTED_MAX && found.len() < ENTRIES_MAX;
        let Some(known) = self.types.get(&ty).filter(|_| may) else { return };
        self.looks_left.set(looks_left - 1);
        let descriptor = |ty: Option<usize>| ty.and_then(|ty| Some(self.types.get(&ty)?.descriptor)).unwrap_or(0);
        let (holds, ty) = match known.kind {
            _ if known.descriptor != 0 => (Holds::Value, known.descriptor),
            _ if known.is_pointer => (Holds::Pointer, descriptor(known.target)),
            SLICE => (Holds::Slice, descriptor(known.elem)),
            _ if known.is_name => return known.target.into_iter().for_each(|ty| self.add(ty, at, nested + 1, found)),
            _ => {
                for &(offset, field) in &known.fields {
                    self.add(field, at.wrapping_add(offset), nested + 1, found);
                }
                return;
            }
        };
        if ty != 0 {
            found.push(Variable { at, holds, ty });
        }
    }
}
