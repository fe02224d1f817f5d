use super::super::map::{COUNT_MAX, ENTRIES_MAX};
use super::super::ty::GROUP_BYTES_MAX;
use super::super::{Indexed, Slots, Sort, Table, Tables};
use super::*;

/// A file with a place, a type and two maps, the second of which is not yet written.
fn file() -> Vec<u8> {
    let mut bytes = vec![0; 1024];
    bytes[..8].copy_from_slice(MAGIC);
    let mut put =
        |at: usize, number: u64, size: usize| bytes[at..at + size].copy_from_slice(&number.to_le_bytes()[..size]);
    for (at, number) in [(8, 1), (12, 2), (88, 1), (92, 1), (96, 1), (100, 56), (108, 1), (116, 3), (120, 5), (124, 4)]
    {
        put(at, number, 4);
    }
    for (at, number) in [(24, 1), (48, 160), (56, 184), (64, 200), (72, 264), (80, 320)] {
        put(at, number, 8);
    }
    put(168, 1, 4);
    put(176, 77, 8);
    put(184, 77, 8);
    put(192, 1, 4);
    put(208, 20, 4);
    put(448, 1, 4);
    put(456, 1, 4);
    put(464, 12, 8);
    bytes[265..283].copy_from_slice(b"main.f\t/a/b.go:12\n");
    bytes[284..295].copy_from_slice(b"map[int]int");
    bytes
}

#[test]
fn a_file_is_read_as_far_as_it_is_written() {
    let process = Process::parse(Path::new("x"), &file()).expect("a file");
    let [map] = process.maps[..] else { panic!("{:?}", process.maps) };
    assert_eq!((map.writes, process.dropped.maps, process.lookups), (12, 4, true));
    assert_eq!(process.type_of(&map).map(|ty| &*ty.name), Some("map[int]int"));
    let stack = process.stack(map.place);
    assert_eq!((&*stack[0].function, stack[0].file.as_deref(), stack[0].line), ("main.f", Some("/a/b.go"), Some(12)));
}

#[test]
fn a_map_that_was_made_while_the_file_was_read_has_its_names() {
    // The file as it is, and what was read of it before the process wrote the names down.
    let (folder, whole) = (tempfile::tempdir().expect("a folder"), file());
    let path = folder.path().join("x.maps");
    fs::write(&path, &whole).expect("written");
    let mut read = whole.clone();
    read[HEADER_BYTES..320].fill(0);
    let unnamed = Process::parse(&path, &read).expect("a file");
    assert!(unnamed.stack(unnamed.maps[0].place).is_empty());
    names_again(&File::open(&path).expect("opened"), &mut read).expect("read");
    let named = Process::parse(&path, &read).expect("a file");
    let frame = named.stack(named.maps[0].place)[0];
    assert_eq!((&*frame.function, named.type_name(named.maps[0].ty)), ("main.f", "map[int]int"));
}

#[test]
fn a_file_that_says_a_language_has_tables_of_its_own() {
    let parsed = |language: u8, tables: u8, align: u8| {
        const TYPE_AT: usize = 200;
        let mut bytes = file();
        (bytes[8], bytes[152]) = (2, language);
        (bytes[TYPE_AT + 32], bytes[TYPE_AT + 36], bytes[TYPE_AT + 40]) = (tables, 24, align);
        (bytes[TYPE_AT + 44], bytes[TYPE_AT + 48], bytes[TYPE_AT + 52]) = (16, 4, 32);
        Process::parse(Path::new("x"), &bytes)
    };
    let process = parsed(1, 1, 8).expect("a file");
    let slots = Slots { bytes: 24, align: 8, group: 16, buckets_min: 4 };
    assert_eq!(process.language, Language::Rust);
    assert_eq!(process.type_of(&process.maps[0]).map(|ty| ty.tables), Some(Tables::Slots(slots)));
    let indexed = parsed(1, 6, 8).expect("a file");
    let tables = Tables::Indexed(Indexed { table: slots, entry_bytes: 32 });
    assert_eq!(indexed.type_of(&indexed.maps[0]).map(|ty| ty.tables), Some(tables));
    assert!(parsed(9, 1, 8).is_err_and(|why| why.contains("does not know (number 9)")));
    assert!(parsed(1, 9, 8).is_err_and(|why| why.contains("does not know (number 9)")));
    assert!(parsed(1, 1, 0).is_err_and(|why| why.starts_with("is damaged: alignment of a slot: 0")));
    let nodes = Table::new(&[parsed(1, 2, 0).expect("a file")], None, Sort::Bytes);
    assert_eq!(nodes.rows[0].counts.of_tables(0), None);
    let mut untold = parsed(1, 6, 8).expect("a file");
    let known = Map { table_bytes: 100, entry_bytes: 7, growths: 3, ..untold.maps[0] };
    untold.maps = vec![known, Map { flags: known.flags | 512, growths: 9, ..known }];
    let counts = &Table::new(&[untold], None, Sort::Bytes).rows[0].counts;
    assert_eq!((counts.of_tables(counts.alloc_bytes()), counts.growths), (Some(107), 3), "of the one that is known");
    assert_eq!((counts.unmeasured_maps, counts.of_all_tables(0)), (1, None));
}

#[test]
fn a_function_may_have_no_file_and_a_file_no_function() {
    let of = |line| frame(line).expect("a frame");
    assert_eq!((of("app::f\t:0").file, of("app::f\t:0").line), (None, None));
    assert_eq!(
        of("\tsrc/main.rs:7"),
        Frame { function: String::new(), file: Some("src/main.rs".into()), line: Some(7) }
    );
}

#[test]
fn rows_are_as_long_as_the_header_says() {
    let mut file = file();
    // Version 2, Java, rows of 136 bytes, the first map in the second.
    for (at, number) in [(8, 2_u32), (152, 2), (156, 136), (448, 0), (456, 1), (464, 1), (472, 7), (584, 3)] {
        file[at..at + 4].copy_from_slice(&number.to_le_bytes());
    }
    let process = Process::parse(Path::new("x"), &file).expect("a file");
    let [map] = process.maps[..] else { panic!("{:?}", process.maps) };
    assert_eq!((process.language, map.writes, map.treeifications), (Language::Java, 7, 3));
    for wrong in [127_u32, 1025, u32::MAX] {
        file[156..160].copy_from_slice(&wrong.to_le_bytes());
        assert!(Process::parse(Path::new("x"), &file).is_err_and(|why| why.contains("bytes of a map")), "{wrong}");
    }
}

#[test]
fn no_file_is_too_short_or_too_wrong_to_be_refused() {
    let file = file();
    // The last map for which it has room ends 64 bytes before the file does.
    for length in 0..960 {
        assert!(Process::parse(Path::new("x"), &file[..length]).is_err(), "{length}");
    }
    for at in 0..file.len() {
        let mut wrong = file.clone();
        wrong[at] = 0xff;
        let _ = Process::parse(Path::new("x"), &wrong);
    }
    assert!(Process::parse(Path::new("x"), &file[..100]).is_err_and(|why| why.starts_with("is cut short")));
}

/// The file with a number in it that no recorder writes, and what is said of it.
fn refused(at: usize, number: u64) -> String {
    let mut wrong = file();
    wrong[at..at + 8].copy_from_slice(&number.to_le_bytes());
    Process::parse(Path::new("x"), &wrong).expect_err("it is damaged")
}

#[test]
fn numbers_that_cannot_be_are_refused_before_anything_is_worked_out() {
    const MAP_AT: usize = 448;
    for field in [16, 24, 32, 40, 48, 56, 72, 80, 88, 96, 104, 112, 120] {
        assert!(refused(MAP_AT + field, u64::MAX).starts_with("is damaged: "), "{field}");
    }
    assert_eq!(
        refused(MAP_AT + 56, (1 << 48) + 1),
        "is damaged: most entries: 281474976710657; expected 0 to 281474976710656"
    );
    assert_eq!(refused(24, 0), "is damaged: N of the sample: 0; expected 1 to 1000000");
    assert!(refused(200 + 24, u32::MAX.into()).contains("bytes of a group: 4294967295"));
    assert!(refused(16, u64::MAX).contains("number of the process"));
}

#[test]
fn the_largest_figures_that_can_be_are_added_up() {
    let mut file = file();
    let mut put = |at: usize, number: u64| file[at..at + 8].copy_from_slice(&number.to_le_bytes());
    put(200 + 24, GROUP_BYTES_MAX);
    // Two maps of place 1 and type 1, which grew.
    for map in [448, 576] {
        for field in [16, 24, 32, 40, 72, 80, 88, 96, 104, 112, 120] {
            put(map + field, COUNT_MAX);
        }
        for (field, number) in [(0, 1), (8, 1), (48, ENTRIES_MAX), (56, ENTRIES_MAX), (64, 1)] {
            put(map + field, number);
        }
    }
    let process = Process::parse(Path::new("x"), &file).expect("they can be");
    let total = Table::new(&[process], None, Sort::Hint).total;
    assert_eq!((total.maps, total.alloc_bytes()), (2, 4 * COUNT_MAX));
}

#[test]
fn rows_that_all_name_one_long_text_are_refused() {
    let bomb = |rows: usize, text_bytes: usize| {
        let (frames_at, text_at) = (HEADER_BYTES, HEADER_BYTES + rows * FRAME_BYTES);
        let mut bytes = vec![0; text_at];
        bytes[..8].copy_from_slice(MAGIC);
        for (at, number) in [(8, 1), (24, 1), (56, frames_at), (72, text_at), (92, rows)] {
            bytes[at..at + 4].copy_from_slice(&(number as u32).to_le_bytes());
        }
        bytes[100..104].copy_from_slice(&(text_bytes as u32).to_le_bytes());
        for row in 0..rows {
            let at = frames_at + row * FRAME_BYTES;
            bytes[at..at + 8].copy_from_slice(&(row as u64 + 1).to_le_bytes());
            bytes[at + 8] = 1;
        }
        bytes.resize(text_at + text_bytes, b'x');
        Process::parse(Path::new("x"), &bytes)
    };
    assert!(bomb(100, 1000).is_ok());
    assert!(bomb(16_384, 2 << 20).is_err_and(|why| {
        why.starts_with("is damaged: its rows and the text that they name take more than 256 MiB")
    }));
}
