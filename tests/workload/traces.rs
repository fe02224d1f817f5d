//! Traces: what is read from good ones, what is said of bad ones.

use std::collections::HashSet;
use std::io::Write;
use std::path::Path;

use super::*;
use mapscope::workload::{Expected, Inputs};
use proptest::prelude::*;

/// A folder with one file in it.
struct Fixture {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn fixture(name: &str, bytes: &[u8]) -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    Fixture { _folder: folder, path }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 0).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn ops_of(name: &str, bytes: &[u8]) -> Vec<Op> {
    all(&open(&traced(&fixture(name, bytes).path)))
}

/// The message for a bad trace, without the path at its front.
fn error_of(name: &str, bytes: &[u8]) -> String {
    let fixture = fixture(name, bytes);
    let message = match Workload::open(&traced(&fixture.path)) {
        Ok(_) => panic!("{name} of {} bytes was accepted", bytes.len()),
        Err(error) => error.to_string(),
    };
    let rest = message.strip_prefix(&*fixture.path.to_string_lossy());
    rest.unwrap_or_else(|| panic!("no path in front: {message}")).to_owned()
}

const EVERY_OP: &str = "op,key\nnew,\ninsert,1\nget,2\nremove,1\nclear,\n";

#[test]
fn rows_become_operations() {
    let put = |key, value| Op { kind: Kind::Put, key, value, hash: 0, value_bytes: 0, key_bytes: 0 };
    let other = |kind, key| Op { kind, key, value: 0, hash: 0, value_bytes: 0, key_bytes: 0 };
    let ops = ops_of("t.csv", EVERY_OP.as_bytes());
    assert_eq!(ops, [put(1, 1), other(Kind::Get, 2), other(Kind::Remove, 1), other(Kind::Clear, 0)]);
}

#[test]
fn compression_is_told_by_content_not_by_name() {
    let plain = ops_of("t.csv", EVERY_OP.as_bytes());
    assert_eq!(ops_of("t.csv", &gzip(EVERY_OP.as_bytes())), plain);
    assert_eq!(ops_of("t.gz", &zstd(EVERY_OP.as_bytes())), plain);
    assert_eq!(ops_of("t.zst", EVERY_OP.as_bytes()), plain);
    let (head, tail) = EVERY_OP.as_bytes().split_at(20);
    assert_eq!(ops_of("two-members", &[gzip(head), gzip(tail)].concat()), plain);
    assert_eq!(ops_of("two-frames", &[zstd(head), zstd(tail)].concat()), plain);
}

#[test]
fn line_ends_blank_lines_and_the_last_line_do_not_matter() {
    let plain = ops_of("t.csv", EVERY_OP.as_bytes());
    assert_eq!(ops_of("t.csv", EVERY_OP.replace('\n', "\r\n").as_bytes()), plain);
    assert_eq!(ops_of("t.csv", EVERY_OP.trim_end().as_bytes()), plain);
    assert_eq!(ops_of("t.csv", EVERY_OP.replace("get", "\nget").as_bytes()), plain);
    assert_eq!(ops_of("t.csv", format!("# go=go1.23.9 hint=0\n{EVERY_OP}").as_bytes()), plain);
    assert_eq!(ops_of("t.csv", format!("# go=go1.23.9\r\n{EVERY_OP}").as_bytes()), plain);
}

#[test]
fn hashes_and_lengths_are_read_wherever_their_columns_stand() {
    let text = "len,hash,op,value_bytes,key\n\
                1,00000000000000ff,insert,300,7\n\
                ,FFFFFFFFFFFFFFFF,get,,18446744073709551615\n\
                ,,clear,,\n\
                ,0000000000000001,insert,0,7\n";
    let workload = open(&traced(&fixture("t.csv", text.as_bytes()).path));
    assert!(workload.hashed() && workload.value_lengths());
    let file = fixture("t.csv", text.as_bytes());
    let workload = open(&traced(&file.path));
    let ops = all(&workload);
    assert_eq!(ops[0], Op { kind: Kind::Put, key: 7, value: 1, hash: 255, value_bytes: 300, key_bytes: 0 });
    assert_eq!(ops[1], Op { kind: Kind::Get, key: u64::MAX, value: 0, hash: u64::MAX, value_bytes: 0, key_bytes: 0 });
    assert_eq!(ops[3], Op { kind: Kind::Put, key: 7, value: 4, hash: 1, value_bytes: 0, key_bytes: 0 });
    let expected = workload.expected().unwrap();
    assert_eq!((expected.put_value_bytes, expected.live_value_bytes), (308, 8));
    assert_eq!((expected.entries, expected.inserts, expected.overwrites), (1, 2, 0));

    let plain = open(&traced(&fixture("t.csv", EVERY_OP.as_bytes()).path));
    assert!(!plain.hashed() && !plain.value_lengths());
}

#[test]
fn a_trace_that_ends_with_clear_leaves_nothing() {
    let file = fixture("t.csv", EVERY_OP.as_bytes());
    let expected = open(&traced(&file.path)).expected().unwrap();
    let counts = Expected { inserts: 1, gets: 1, removes: 1, remove_hits: 1, clears: 1, ..Expected::default() };
    // The copy has room for lengths of keys, which may be texts.
    assert_eq!(Expected { put_key_bytes: 0, key_lengths: None, ..expected }, counts);
}

#[test]
fn ops_caps_what_is_taken_but_all_is_checked() {
    let file = fixture("t.csv", EVERY_OP.as_bytes());
    let capped = open(&WorkloadSpec { ops: 2, ..traced(&file.path) });
    assert_eq!((capped.ops(), capped.setup_ops()), (2, 0));
    assert_eq!(brief(&all(&capped)), "P1 G2");
    let bad = fixture("t.csv", format!("{EVERY_OP}oops,1\n").as_bytes());
    assert!(Workload::open(&WorkloadSpec { ops: 2, ..traced(&bad.path) }).is_err());
}

#[test]
fn labels_name_the_file_and_its_content() {
    let file = fixture("my trace.csv.gz", EVERY_OP.as_bytes());
    let workload = open(&traced(&file.path));
    let digest = blake3::hash(EVERY_OP.as_bytes()).to_hex();
    assert_eq!(workload.keys_label(), format!("trace:my trace.csv.gz@{}", &digest[..8]));
    assert_eq!(workload.mix_label(), "trace");
}

#[test]
fn streams_restart_alike_whatever_the_batch() {
    let text: String = (0..5000).map(|i| format!("insert,{}\n", i % 700)).collect();
    for bytes in [gzip(format!("op,key\n{text}").as_bytes()), zstd(format!("op,key\n{text}").as_bytes())] {
        let file = fixture("t.csv", &bytes);
        let workload = open(&traced(&file.path));
        let ops = all(&workload);
        assert_eq!(ops.len(), 5000);
        assert!(take(&workload, usize::MAX, 7) == ops && take(&workload, usize::MAX, usize::MAX) == ops);
    }
}

/// Ways in which another file comes to lie where a trace was.
const CHANGES: [fn(&Path); 4] = [
    |path| std::fs::write(path, "op,key\ninsert,1\n").unwrap(),
    |path| std::fs::write(path, [EVERY_OP, "insert,9\n"].concat()).unwrap(),
    |path| {
        std::fs::write(path.with_extension("new"), "op,key\nget,8\n").unwrap();
        std::fs::rename(path.with_extension("new"), path).unwrap();
    },
    |path| std::fs::remove_file(path).unwrap(),
];

#[test]
fn a_trace_stays_what_it_was_when_it_was_opened() {
    for change in CHANGES {
        let file = fixture("t.csv", EVERY_OP.as_bytes());
        let workload = open(&traced(&file.path));
        change(&file.path);
        assert_eq!(brief(&all(&workload)), "P1 G2 R1 C");
        assert_eq!(workload.expected().unwrap().gets, 1);
    }
}

#[test]
fn workloads_of_one_run_read_a_trace_once() {
    for change in CHANGES {
        let file = fixture("t.csv", EVERY_OP.as_bytes());
        let mut inputs = Inputs::default();
        let first = Workload::open_from(&traced(&file.path), &mut inputs).unwrap();
        change(&file.path);
        let spec = WorkloadSpec { ops: 3, seed: 2, ..traced(&file.path) };
        let second = Workload::open_from(&spec, &mut inputs).unwrap();
        assert_eq!((brief(&all(&first)), brief(&all(&second))), ("P1 G2 R1 C".into(), "P1 G2 R1".into()));
        assert_eq!(first.keys_label(), second.keys_label());
        assert!(first.undealable().is_some() && second.undealable().is_none(), "it clears after what is taken");
    }
}

#[test]
fn a_named_pipe_is_a_trace() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    for bytes in [EVERY_OP.as_bytes().to_vec(), gzip(EVERY_OP.as_bytes()), zstd(EVERY_OP.as_bytes())] {
        let writer = std::thread::spawn({
            let (path, bytes) = (path.clone(), bytes.clone());
            move || std::fs::write(path, bytes).unwrap()
        });
        let workload = open(&traced(&path));
        writer.join().unwrap();
        assert_eq!(brief(&all(&workload)), "P1 G2 R1 C");
        assert_eq!(workload.keys_label(), format!("trace:pipe@{}", &blake3::hash(&bytes).to_hex()[..8]));
    }
}

#[test]
fn oracle_general_requests_are_puts() {
    let record = |id: u64, size: u32| {
        let mut bytes = 1000u32.to_le_bytes().to_vec();
        bytes.extend(id.to_le_bytes());
        bytes.extend(size.to_le_bytes());
        bytes.extend((-1i64).to_le_bytes());
        bytes
    };
    let bytes = [record(u64::MAX, 4096), record(5, 0)].concat();
    for (name, bytes) in [
        ("x.oracleGeneral", bytes.clone()),
        ("x.oraclegeneral.bin", bytes.clone()),
        ("x.oracleGeneral.bin.gz", gzip(&bytes)),
        ("x.oracleGeneral.zst", zstd(&bytes)),
    ] {
        let file = fixture(name, &bytes);
        let workload = open(&traced(&file.path));
        assert!(workload.value_lengths() && !workload.hashed());
        let put = |key, value, value_bytes| Op { kind: Kind::Put, key, value, hash: 0, value_bytes, key_bytes: 0 };
        assert_eq!(all(&workload), [put(u64::MAX, 1, 4096), put(5, 2, 0)], "{name}");
        let expected = workload.expected().unwrap();
        assert_eq!((expected.put_value_bytes, expected.live_value_bytes), (4104, 4104));
    }
}

#[test]
fn keys_are_as_long_as_their_texts_or_as_the_first_row_of_each_says() {
    let lengths = |text: &str| {
        let file = fixture("t.csv", text.as_bytes());
        let workload = open(&traced(&file.path));
        (all(&workload).iter().map(|op| op.key_bytes).collect::<Vec<_>>(), workload)
    };
    let long = "k".repeat(60_000);
    let (found, workload) = lengths(&format!("op,key\nput,alice\nput,7\nget,{long}\nput,twenty-three characters\n"));
    assert_eq!(found, [5, 0, 60_000, 23]);
    let expected = workload.expected().unwrap();
    // Five is too short for an identity, and of a number nobody says how long it is.
    assert_eq!((expected.put_key_bytes, expected.live_key_bytes), (13 + 13 + 23, 13 + 13 + 23));
    let made = expected.key_lengths.unwrap();
    assert_eq!((made.lengthened, made.spread.count, made.spread.p50, made.spread.max), (1, 3, 13, 23));
    assert_eq!(expected.value_lengths, None);
    assert_eq!(workload.told(), None);
    let (found, workload) = lengths("op,key,key_bytes\nput,alice,40\nput,7,20\nget,alice,41\nget,8,70000\nget,bob,\n");
    assert_eq!(found, [40, 20, 40, 65_535, 3]);
    let told = workload.told().unwrap();
    assert!(told.ends_with("; 1 row has another key_bytes than the first of its key, which counts"), "{told}");
}

#[test]
fn malformed_traces_each_get_their_message() {
    let hashed = |hash: &str| format!("op,key,hash\ninsert,1,{hash}\n").into_bytes();
    let sized = |bytes: &str| format!("op,key,value_bytes\nget,1,\ninsert,1,{bytes}\n").into_bytes();
    let text = |text: &str| text.as_bytes().to_vec();
    let header = "expected a header row with `op` and `key`, found";
    let named = "name the columns, as --columns 'key=NAME,op=NAME', by number where there is no header, as --columns \
                 'op=1,key=2', or the format, as --trace-format keys (`mapscope list traces`)";
    let known = "expected `new`, `insert`, `remove`, `get`, `clear`, `iterate` or `scan`, or another word for one, as `put`, \
                 `delete`, `read`; if the column is something else, name those that count: --columns 'key=NAME'";
    let or_leave = "or leave the column out: --columns 'op=op,key=key'";
    let cases: [(Vec<u8>, String); 21] = [
        (text(""), ": is empty; expected a header row such as `op,key`, then one operation a row".into()),
        (text("# go=1\n"), ": is empty; expected a header row such as `op,key`, then one operation a row".into()),
        (text("insert,1\nget,1\n"), format!(":1: no column `key` in the header; {header} `insert,1`: {named}")),
        (text("# x=1\nid,hash\n1,2\n"), format!(":2: no column `key` in the header; {header} `id,hash`: {named}")),
        (text("op,hash\ninsert,1\n"), format!(":1: no column `key` in the header; {header} `op,hash`: {named}")),
        (text("op,key,op\n"), ":1: column `op` occurs 2 times in the header; once is enough".into()),
        (
            text("op,key\n"),
            ": holds no operations; expected at least one `insert`, `remove`, `get`, `clear`, `iterate` or `scan`"
                .into(),
        ),
        (
            text("op,key\nnew,\n"),
            ": holds no operations; expected at least one `insert`, `remove`, `get`, `clear`, `iterate` or `scan`"
                .into(),
        ),
        (text("op,key\ninsert,1\nrotate,2\n"), format!(":3: unknown op `rotate`; {known}")),
        (
            text("op,key\n\"insert,1\n"),
            ":2: a quote that is not closed in `\"insert,1`: a row is one line, and so are its fields".into(),
        ),
        (text("op,key\ninsert,1\nnew,\n"), ":3: `new` stands only in the first row: a trace is of one map".into()),
        (text("op,key\nget,\n"), ":2: bad key nothing; expected a number or a text in `get,`".into()),
        (text("key,times,op\n1,2\n"), ":2: the header names 3 columns, but this row has 2: `1,2`".into()),
        (
            text("key,size\n1,4k\n"),
            format!(
                ":2: bad value_bytes `4k`; expected a decimal number from 0 to 4294967295, {}",
                or_leave.replace("op=op,", "")
            ),
        ),
        (hashed("1234"), ":2: bad hash `1234`; expected exactly 16 hexadecimal digits".into()),
        (
            hashed("0123456789abcdef0"),
            ":2: bad hash `0123456789abcdef0`; expected exactly 16 hexadecimal digits".into(),
        ),
        (hashed("0123456789abcdeg"), ":2: bad hash `0123456789abcdeg`; expected exactly 16 hexadecimal digits".into()),
        (sized("-1"), format!(":3: bad value_bytes `-1`; expected a decimal number from 0 to 4294967295, {or_leave}")),
        (
            sized("4294967296"),
            format!(":3: bad value_bytes `4294967296`; expected a decimal number from 0 to 4294967295, {or_leave}"),
        ),
        (text("op,key\nget\n"), ":2: the header names 2 columns, but this row has 1: `get`".into()),
        (text("op,key\nget,1,2\n"), ":2: the header names 2 columns, but this row has 3: `get,1,2`".into()),
    ];
    for (bytes, message) in cases {
        assert_eq!(error_of("t.csv", &bytes), message);
        // Compressed, the same.
        if !bytes.is_empty() {
            assert_eq!(error_of("t.csv", &gzip(&bytes)), message);
        }
    }
}

#[test]
fn binary_data_is_refused_in_constant_memory() {
    let binary = ": is binary data of no known format: give --trace-format oracle-general, vscsi, cache2k, binary-u64, or \
                  write it as a table with a header row such as `op,key` (`mapscope list traces`)";
    assert_eq!(error_of("t.bin", &[0, 1, 2, 3, b'\n', 4]), binary);
    assert_eq!(error_of("t.bin", &vec![0xab; 1 << 20]), binary);
    assert_eq!(error_of("t.bin", &gzip(&vec![0; 64 << 20])), binary);
    let endless = ":1: a line of more than 65536 bytes: this is not a text file of short lines";
    assert_eq!(
        error_of("t.csv", &gzip(&["op,key\n".as_bytes(), &vec![b'x'; 64 << 20]].concat())),
        endless.replacen('1', "2", 1)
    );
}

#[test]
fn truncated_and_damaged_compression_is_named() {
    let text: String =
        std::iter::once("op,key\n".to_owned()).chain((0..20_000).map(|i| format!("get,{}\n", i * i))).collect();
    let (gz, zst) = (gzip(text.as_bytes()), zstd(text.as_bytes()));
    for (packing, whole) in [("gzip", &gz), ("zstd", &zst)] {
        for len in [whole.len() - 1, whole.len() / 2, 12] {
            let error = error_of("t.csv", &whole[..len]);
            let named = format!("the {packing} data is truncated or damaged (");
            assert!(error.contains(&named), "{packing} cut to {len}: {error}");
            assert!(error.ends_with("): fetch or compress the file again"), "{packing} cut to {len}: {error}");
        }
        let mut damaged = whole.clone();
        let middle = damaged.len() / 2;
        damaged[middle..middle + 64].fill(0xff);
        assert!(error_of("t.csv", &damaged).starts_with(':'), "{packing}");
    }
    let mut wrong_sum = gz.clone();
    let at = wrong_sum.len() - 6;
    wrong_sum[at] ^= 1;
    let error = error_of("t.csv", &wrong_sum);
    assert!(error.contains("the gzip data is truncated or damaged"), "{error}");
}

#[test]
fn oracle_general_needs_whole_records() {
    let message = ": ends 23 bytes into a record; records of oracle-general are 24 bytes each, so the length must be a \
                   multiple of 24: the file is truncated or of another kind";
    assert_eq!(error_of("x.oracleGeneral.bin", &[7; 47]), message);
    assert_eq!(error_of("x.oracleGeneral.bin.zst", &zstd(&[7; 47])), message);
    let none = ": is empty; expected a header row such as `op,key`, then one operation a row";
    assert_eq!(error_of("x.oracleGeneral", b""), none);
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let error = Workload::open(&traced("no/such/trace.csv")).unwrap_err().to_string();
    assert!(error.starts_with("no/such/trace.csv: can't be read: "), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let error = Workload::open(&traced(folder.path())).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}: can't be read: ", folder.path().display())), "{error}");
}

fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(name);
    if !path.exists() {
        crate::common::skip::skip("shared", &format!("{} is missing", path.display()));
        return None;
    }
    Some(path)
}

#[test]
fn the_gcc_trace_has_its_known_counts() {
    let Some(path) = shared("data/gcc-memory-accesses.csv.gz") else { return };
    let workload = open(&traced(path));
    let expected = workload.expected().unwrap();
    assert_eq!(workload.ops(), 515_683);
    assert_eq!((expected.inserts + expected.overwrites, expected.gets), (197_486, 318_197));
    assert!(!workload.hashed() && !workload.value_lengths());
}

#[test]
fn the_block_io_trace_has_its_known_counts() {
    let Some(path) = shared("data/cloudphysics-block-io.oraclegeneral.bin") else { return };
    let workload = open(&traced(path));
    let expected = workload.expected().unwrap();
    assert_eq!((workload.ops(), expected.entries), (113_872, 48_974));
    assert_eq!((expected.inserts, expected.overwrites), (48_974, 113_872 - 48_974));
    assert!(workload.value_lengths());
}

#[test]
fn every_go_oracle_trace_is_read() {
    let Some(folder) = shared("go-oracle") else { return };
    let mut ops = 0;
    for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if file.to_string_lossy().ends_with(".csv.gz") {
            let workload = open(&traced(file));
            assert!(workload.hashed());
            ops += workload.ops();
        }
    }
    assert_eq!(ops, 380_788 + 99_256 + 179_956);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_a_trace_panic(
        front in prop::sample::select(vec![
            &b""[..], b"op,key\n", b"op,key,hash,value_bytes\ninsert,", b"# x\n", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd",
        ]),
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "(insert|get|clear|new|remove|)[,0-9a-f\r\n]{0,60}".prop_map(String::into_bytes),
        ],
        name in prop::sample::select(vec!["t.csv", "t.oracleGeneral.bin"]),
    ) {
        let file = fixture(name, &[front, &bytes].concat());
        if let Ok(workload) = Workload::open(&traced(&file.path)) {
            prop_assert_eq!(all(&workload).len() as u64, workload.ops());
            workload.expected().unwrap();
        }
    }

    #[test]
    fn no_damage_to_a_compressed_trace_makes_it_panic(at in 0usize..400, byte in any::<u8>(), zst in any::<bool>()) {
        let text: String = std::iter::once("op,key\n".to_owned()).chain((0..200).map(|i| format!("get,{}\n", i * 7919))).collect();
        let mut bytes = if zst { zstd(text.as_bytes()) } else { gzip(text.as_bytes()) };
        let at = at % bytes.len();
        bytes[at] = byte;
        let file = fixture("t.csv", &bytes);
        if let Ok(workload) = Workload::open(&traced(&file.path)) {
            prop_assert_eq!(all(&workload).len() as u64, workload.ops());
        }
    }
}

#[test]
fn distinct_ids_of_the_block_io_trace_are_its_entries() {
    let Some(path) = shared("data/cloudphysics-block-io.oraclegeneral.bin") else { return };
    let ids: HashSet<u64> = all(&open(&traced(path))).iter().map(|op| op.key).collect();
    assert_eq!(ids.len(), 48_974);
}
