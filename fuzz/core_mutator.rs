//! Core files of a Go program that nobody ran: as little of one as a census takes for it, with a map of each kind. What is
//! changed in them are words, which in a core file are lengths, addresses and types; text-level damage comes beside it.

use std::sync::LazyLock;

use crate::rng::Rng;
use crate::text_mutator;

/// Of Go's maps of groups, and of those of buckets.
pub static CORPUS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| vec![core("go1.27.3", true), core("go1.23.9", false)]);

/// Where the program is, and what it has: the description of its build, where names begin, its types.
const PROGRAM: u64 = 0x40_0000;
const BUILD: u64 = PROGRAM;
const ENTRY: u64 = PROGRAM + 0x100;
const PC_HEADER: u64 = PROGRAM + 0x200;
const MODULE: u64 = PROGRAM + 0x240;
const NAMES: u64 = PROGRAM + 0x300;
const MAP_TYPE: u64 = PROGRAM + 0x400;
const KEY_TYPE: u64 = PROGRAM + 0x500;
const GROUP_TYPE: u64 = PROGRAM + 0x600;
const PROGRAM_BYTES: u64 = 0x1000;
/// The index of arenas, of which only the beginning is kept; the record of the one arena, and its spans.
const INDEX: u64 = 0x7f00_0000_0000;
const INDEX_BYTES: u64 = 32 << 20;
const ARENA_RECORD: u64 = 0x7f10_0000_0000;
const SPANS: u64 = ARENA_RECORD + (2 << 20);
const HEAP: u64 = 0xc0_0000_0000;
const PAGE: u64 = 8192;

/// A part of the memory of a program.
struct Part {
    at: u64,
    /// Longer than what is kept of it, if not all is.
    bytes: u64,
    rights: u32,
    kept: Vec<u8>,
}

impl Part {
    fn new(at: u64, bytes: u64, kept: u64, rights: u32) -> Part {
        Part { at, bytes, rights, kept: vec![0; kept as usize] }
    }

    fn put(&mut self, at: u64, bytes: &[u8]) {
        let from = (at - self.at) as usize;
        self.kept[from..from + bytes.len()].copy_from_slice(bytes);
    }

    fn word(&mut self, at: u64, word: u64) {
        self.put(at, &word.to_le_bytes());
    }

    /// A descriptor of a type: its bytes, those up to its last pointer, its kind, and where its name is.
    fn ty(&mut self, at: u64, bytes: u64, pointer_bytes: u64, kind: u8, name: u32) {
        self.word(at, bytes);
        self.word(at + 8, pointer_bytes);
        self.put(at + 23, &[kind]);
        self.put(at + 40, &name.to_le_bytes());
    }
}

const READABLE: u32 = 4;
const WRITABLE: u32 = 6;

fn core(go: &str, is_swiss: bool) -> Vec<u8> {
    let mut program = Part::new(PROGRAM, PROGRAM_BYTES, PROGRAM_BYTES, WRITABLE);
    program.put(BUILD, b"\xff Go buildinf:\x08\x02");
    program.put(BUILD + 32, &[go.len() as u8]);
    program.put(BUILD + 33, go.as_bytes());
    program.put(PC_HEADER, &[0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8]);
    program.word(MODULE, PC_HEADER);
    program.word(MODULE + 8, NAMES);
    program.word(MODULE + 16, INDEX);
    program.put(NAMES + 8, b"\0\x11map[uint64]uint64");
    program.put(NAMES + 40, b"\0\x06uint64");
    let group_bytes = if is_swiss { 136 } else { 144 };
    program.ty(MAP_TYPE, 8, 8, 21, 8);
    for (field, word) in [(48, KEY_TYPE), (56, KEY_TYPE), (64, GROUP_TYPE)] {
        program.word(MAP_TYPE + field, word);
    }
    program.word(MAP_TYPE + 80, if is_swiss { group_bytes } else { group_bytes << 16 });
    program.ty(KEY_TYPE, 8, 0, 11, 40);
    program.ty(GROUP_TYPE, group_bytes, 0, 25, 40);

    let arena = HEAP / (64 << 20);
    let mut index = Part::new(INDEX, INDEX_BYTES, 0x19000, WRITABLE);
    index.word(INDEX + arena * 8, ARENA_RECORD);
    let mut record = Part::new(ARENA_RECORD, 65536, 65536, WRITABLE);
    let mut spans = Part::new(SPANS, 0x1000, 0x1000, WRITABLE);
    let mut heap = Part::new(HEAP, 7 * PAGE, 7 * PAGE, WRITABLE);
    let noscan = 1;
    for (page, (elem_bytes, flags)) in
        (0..).zip([(48, 0), (8, 0), (32, 0), (288, noscan), (144, noscan), (144, noscan), (0, 0)])
    {
        let span = SPANS + page * 0x100;
        record.word(ARENA_RECORD + page * 8, span);
        spans.word(span + 24, HEAP + page * PAGE);
        spans.word(span + 32, 1);
        let elems = PAGE.checked_div(elem_bytes).unwrap_or(0) as u16;
        // The first few are allocated, by the index of what is free.
        spans.put(span + 48, &4_u16.min(elems).to_le_bytes());
        spans.put(span + 50, &elems.to_le_bytes());
        spans.word(span + 64, SPANS + 0xf00);
        // A class that is not that of large objects; in use by objects, or by a stack.
        spans.put(span + 98, &[10 | flags, if elem_bytes > 0 { 1 } else { 2 }]);
        spans.word(span + 104, elem_bytes);
    }
    if is_swiss {
        swiss(&mut heap)
    } else {
        classic(&mut heap)
    }
    file(&[program, index, record, spans, heap])
}

const SEED: u64 = 0x1234_5678_9abc_def0;

/// A map of a table, whose header is on the heap and on a stack, and one of a group.
fn swiss(heap: &mut Part) {
    let [directory, table, groups, group] = [1, 2, 3, 4].map(|page| HEAP + page * PAGE);
    for at in [HEAP, HEAP + 6 * PAGE + 64] {
        for (field, word) in [(0, 10), (8, SEED), (16, directory), (24, 1), (32, 64 << 8)] {
            heap.word(at + field, word);
        }
    }
    heap.word(directory, table);
    for (field, word) in [(0, 10 | 16 << 16 | 3 << 32), (16, groups), (24, 1)] {
        heap.word(table + field, word);
    }
    heap.put(groups, &[1; 8]);
    heap.put(groups + 136, &[2, 2, 0xfe, 0x80, 0x80, 0x80, 0x80, 0x80]);
    for (field, word) in [(0, 3), (8, SEED), (16, group)] {
        heap.word(HEAP + 48 + field, word);
    }
    heap.put(group, &[3, 3, 3, 0x80, 0x80, 0x80, 0x80, 0x80]);
}

/// A map of two buckets, of which one overflows, and one that grows from a bucket to two.
fn classic(heap: &mut Part) {
    let [buckets, overflow, old] = [3, 4, 5].map(|page| HEAP + page * PAGE);
    let flags = |log: u64| log << 8 | SEED << 32;
    for (field, word) in [(0, 12), (8, flags(1)), (16, buckets)] {
        heap.word(HEAP + field, word);
    }
    heap.put(buckets, &[9; 8]);
    heap.word(buckets + 136, overflow);
    heap.put(overflow, &[9]);
    heap.put(buckets + 144, &[7, 7, 1, 7, 0, 0, 0, 0]);
    for (field, word) in [(0, 2), (8, flags(1)), (16, buckets + 288), (24, old)] {
        heap.word(HEAP + 48 + field, word);
    }
    heap.put(old, &[8, 8]);
}

/// An ELF file: its head, a note with the entry and the file that is mapped, and the parts.
fn file(parts: &[Part]) -> Vec<u8> {
    const HEAD: usize = 64;
    const ROW: usize = 56;
    let mut notes = Vec::new();
    note(&mut notes, 6, &[9, ENTRY, 0, 0]);
    // Not from its beginning: the first page of the program would be compared. The second is at the end of all addresses.
    note(
        &mut notes,
        0x4649_4c45,
        &[
            2,
            4096,
            PROGRAM,
            PROGRAM + PROGRAM_BYTES,
            1,
            0_u64.wrapping_sub(4096),
            u64::MAX,
            1,
            u64::from_le_bytes(*b"/p\0/p\0\0\0"),
        ],
    );
    let mut head = b"\x7fELF\x02\x01\x01".to_vec();
    head.resize(16, 0);
    head.extend([4, 0, 62, 0, 1, 0, 0, 0]);
    head.extend([0_u64, HEAD as u64, 0].iter().flat_map(|word| word.to_le_bytes()));
    head.extend([0, 0, 0, 0, HEAD as u8, 0, ROW as u8, 0, parts.len() as u8 + 1, 0, 64, 0, 0, 0, 0, 0]);
    let mut at = (HEAD + ROW * (parts.len() + 1)) as u64;
    let mut row = |kind: u32, rights: u32, start: u64, kept: u64, bytes: u64| {
        head.extend(kind.to_le_bytes());
        head.extend(rights.to_le_bytes());
        head.extend([at, start, 0, kept, bytes, 4].iter().flat_map(|word| word.to_le_bytes()));
        at += kept;
    };
    row(4, READABLE, 0, notes.len() as u64, 0);
    parts.iter().for_each(|part| row(1, part.rights, part.at, part.kept.len() as u64, part.bytes));
    head.extend(notes);
    parts.iter().for_each(|part| head.extend(&part.kept));
    head
}

fn note(notes: &mut Vec<u8>, kind: u32, words: &[u64]) {
    for number in [5, words.len() as u32 * 8, kind] {
        notes.extend(number.to_le_bytes());
    }
    notes.extend(b"CORE\0\0\0\0");
    notes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
}

pub fn mutate(seed: &[u8], rng: &mut Rng) -> Vec<u8> {
    if rng.one_in(8) {
        return text_mutator::mutate(seed, rng);
    }
    let mut bytes = seed.to_vec();
    // What is zero is room that nobody looks at, nearly all of it.
    let used: Vec<usize> = (0..bytes.len() - 8).step_by(8).filter(|&at| bytes[at..at + 8] != [0; 8]).collect();
    for _ in 0..=rng.below(4) {
        let at = *rng.of(&used) + if rng.one_in(8) { rng.below(8) } else { 0 };
        let Some(word) = bytes.get(at..at + 8).and_then(|word| word.try_into().ok()) else { continue };
        let old = u64::from_le_bytes(word);
        let new = match rng.below(7) {
            0 => u64::MAX,
            1 => 0,
            2 => old ^ 1 << rng.below(64),
            3 => rng.below(4096) as u64,
            4 => old.wrapping_add(rng.below(64) as u64),
            5 => old.wrapping_shl(rng.below(40) as u32),
            // An address, or whatever else is there.
            _ => {
                let other = *rng.of(&used);
                bytes[other..].first_chunk().map_or(old, |word| u64::from_le_bytes(*word))
            }
        };
        bytes[at..at + 8].copy_from_slice(&new.to_le_bytes());
    }
    bytes
}
