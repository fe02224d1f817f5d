//! The formats of traces: a tiny file of each in `tests/data/traces`, and what is made of it.

use std::path::Path;

use mapscope::plan::{Reading, Requests, TraceSpec};
use mapscope::workload::Expected;
use mapscope_trace::read::FORMATS;

use super::*;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/traces");

/// What each file holds: `P` put, `G` get, `R` remove, `S` scan, `C` clear, by key; the length of a put's value after a colon.
const CONTENTS: [(&str, &str); 16] = [
    ("parquet.parquet", "P'alice:120 G'bob; jr. R31"),
    ("csv.csv", "P'alice:120 G'bob; jr. R31"),
    ("libcachesim-csv.csv", "P42932745:512 G40409911 P42932745:4096"),
    ("cachebench.csv", "G'82131353f9ddc8c6 G'82131353f9ddc8c6 P'a54f88ab02ece24d:6432 R'a54f88ab02ece24d"),
    ("twitter.csv", "G'nz:u:eeW511W3dcH3de3d15ec P'nz:u:aaW511W3dcH3de3d15ec:118 R'nz:u:aaW511W3dcH3de3d15ec"),
    ("msr.csv", "P'hm.0:7014912:4096 G'hm.1:7014912 P'prn.0:7014912:1024"),
    ("lirs.trace", "P2819 P85 P2819"),
    ("address.trace", "P536870736 G536870744 G536870736"),
    ("lackey.trace", "P137422172328:8 G137422172328 G69322700 P69322700:4"),
    (
        "ycsb.txt",
        "P'user6284781860667377211:9 G'user6284781860667377211 S'user8517097267634966620 P'user6284781860667377211:8 \
         R'user6284781860667377211",
    ),
    ("redis-monitor.log", "P'x:3 G'3/x G'3/y R'x C"),
    ("keys.txt", "P'the P'of P'the"),
    ("oracle-general.bin", "P7:4096 P1099511627776:0 P7:512"),
    ("vscsi.bin", "P42932745:512 G42932745 P5:1024"),
    ("cache2k.bin", "P0 P1 P0 P2"),
    ("binary-u64.bin", "P7 P1099511697776 P7"),
];

/// The identity of a key as it is written above, where a text stands behind a quotation mark.
fn key(written: &str) -> u64 {
    match written.strip_prefix('\'') {
        Some(text) => u64::from_le_bytes(*blake3::hash(text.as_bytes()).as_bytes().first_chunk().unwrap()),
        None => written.parse().unwrap(),
    }
}

/// The operations that are written so.
fn expected(content: &str) -> Vec<(Kind, u64, u32)> {
    let mut rest = content;
    let mut found = Vec::new();
    while !rest.is_empty() {
        // A key may hold spaces, but none before a letter of ours.
        let end =
            rest.match_indices(' ').map(|(at, _)| at).find(|&at| rest[at + 1..].starts_with(['P', 'G', 'R', 'S', 'C']));
        let word = &rest[..end.unwrap_or(rest.len())];
        rest = end.map_or("", |end| &rest[end + 1..]);
        let (kind, key_of) = (&word[..1], &word[1..]);
        let sized = key_of.rsplit_once(':').filter(|(_, bytes)| kind == "P" && bytes.parse::<u32>().is_ok());
        let (name, bytes) = sized.map_or((key_of, 0), |(name, bytes)| (name, bytes.parse().unwrap()));
        found.push(match kind {
            "P" => (Kind::Put, key(name), bytes),
            "G" => (Kind::Get, key(name), 0),
            "R" => (Kind::Remove, key(name), 0),
            "S" => (Kind::Scan, key(name), 0),
            _ => (Kind::Clear, 0, 0),
        });
    }
    found
}

fn read(path: impl AsRef<Path>) -> Vec<(Kind, u64, u32)> {
    all(&open(&traced(path.as_ref()))).iter().map(|op| (op.kind, op.key, op.value_bytes)).collect()
}

#[test]
fn a_file_of_each_format_is_told_by_its_content() {
    for format in FORMATS.iter().filter(|format| cfg!(feature = "parquet") || format.name != "parquet") {
        let of = |name: &str| Path::new(name).file_stem().is_some_and(|stem| stem == format.name);
        let (name, content) = CONTENTS.into_iter().find(|(name, _)| of(name)).expect(format.name);
        let path = Path::new(FOLDER).join(name);
        assert_eq!(read(&path), expected(content), "{name}");
        // The name doesn't count, nor does an encoding's mark.
        let folder = tempfile::tempdir().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(folder.path().join("t"), &bytes).unwrap();
        assert_eq!(read(folder.path().join("t")), expected(content), "{name}");
        if format.units == mapscope_trace::read::Units::Lines {
            std::fs::write(folder.path().join("t"), [b"\xef\xbb\xbf", &*bytes].concat()).unwrap();
            assert_eq!(read(folder.path().join("t")), expected(content), "{name} with a byte-order mark");
        }
        // Said, it is read in the same way.
        let reading = Reading { format: Some(format.name.to_owned()), ..Reading::default() };
        let source = Source::Trace(TraceSpec { path: path.clone(), reading });
        let said = open(&WorkloadSpec { source, ..traced(&path) });
        assert_eq!(brief(&all(&said)), brief(&all(&open(&traced(&path)))), "{name}");
        assert!(said.keys_label().ends_with(&format!("({})", format.name)), "{}", said.keys_label());
    }
}

#[test]
fn a_trace_is_the_same_however_it_is_packed() {
    let plain = read(Path::new(FOLDER).join("csv.csv"));
    for packing in ["gz", "zst", "xz", "bz2"] {
        assert_eq!(read(Path::new(FOLDER).join(format!("packed.csv.{packing}"))), plain, "{packing}");
    }
}

#[test]
fn get_or_insert_puts_a_key_that_comes_for_the_first_time() {
    let path = Path::new(FOLDER).join("keys.txt");
    let reading = Reading { requests: Requests::GetOrInsert, ..Reading::default() };
    let source = Source::Trace(TraceSpec { path: path.clone(), reading: reading.clone() });
    let workload = open(&WorkloadSpec { source, ..traced(&path) });
    let expected = workload.expected().unwrap();
    assert_eq!((expected.gets, expected.inserts, expected.overwrites, workload.ops()), (3, 2, 0, 5));
    assert!(workload.keys_label().ends_with("(get-or-insert)"));
    assert!(workload.told().unwrap().contains("a request is a get, and a put of a key that comes for the first time"));

    let path = Path::new(FOLDER).join("csv.csv");
    let source = Source::Trace(TraceSpec { path: path.clone(), reading });
    let error = Workload::open(&WorkloadSpec { source, ..traced(&path) }).unwrap_err().to_string();
    assert!(error.ends_with("csv says what each row does: leave --trace-op out"), "{error}");
}

fn with_columns(text: &str, columns: &str) -> Result<String, String> {
    with_reading(text, Reading { columns: columns.to_owned(), ..Reading::default() })
}

fn with_reading(text: &str, reading: Reading) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, text).unwrap();
    let source = Source::Trace(TraceSpec { path: path.clone(), reading });
    match Workload::open(&WorkloadSpec { source, ..traced(&path) }) {
        Ok(workload) => Ok(brief(&all(&workload))),
        Err(error) => Err(error.to_string().replace(&*path.to_string_lossy(), "t.csv")),
    }
}

#[test]
fn a_new_key_that_a_row_requests_often_misses_once() {
    let reading =
        |columns: &str| Reading { columns: columns.to_owned(), requests: Requests::GetOrInsert, ..Reading::default() };
    let text = "key,n\n4,3\n5,1\n4,2\n6,0\n6,1\n";
    let requests = "G4 P4 G4 G4 G5 P5 G4 G4 G6 P6";
    assert_eq!(with_reading(text, reading("key=key,times=n")), Ok(requests.to_owned()));
}

#[test]
fn columns_are_named_or_numbered() {
    assert_eq!(with_columns("what,it,n\nset,4,1\nread,5,1\n", "op=what,key=it"), Ok("P4 G5".to_owned()));
    assert_eq!(with_columns("set 4\nread 5\n", "op=1,key=2"), Ok("P4 G5".to_owned()));
    assert_eq!(with_columns("4\n5\n", "key=1"), Ok("P4 P5".to_owned()));
    // A header above is no row: it has no number where rows have one, or a name that is known.
    for (text, columns, found) in [
        ("time,object\n0.5,7\n1.5,8\n", "key=2", "P7 P8"),
        ("path\tbytes\r\n/a\t12\r\n/b\t9\r\n", "key=1,value_bytes=2", "P'/a P'/b"),
        ("# by hand\n\nwhen,KEY\nnow,7\n", "key=2", "P7"),
        ("Command,x\nset,7\n", "op=1,key=2", "P7"),
        ("key\n7\n", "key=1", "P7"),
        ("alice\n7\n", "key=1", "P'alice P7"),
        ("alice,x\n7,y\n", "key=1", "P'alice P7"),
        ("now,alice\n1,7\n", "key=2", "P7"),
        ("0,alice\n1,7\n", "key=2", "P'alice P7"),
    ] {
        let keys: Vec<_> = found.split(' ').map(|word| format!("P{}", key(&word[1..]))).collect();
        assert_eq!(with_columns(text, columns), Ok(keys.join(" ")), "{text}");
    }
    // Which is said.
    let path = tempfile::NamedTempFile::new().unwrap();
    let told = |text: &str| {
        std::fs::write(path.path(), text).unwrap();
        let reading = Reading { columns: "op=1,key=2".to_owned(), ..Reading::default() };
        let source = Source::Trace(TraceSpec { path: path.path().to_owned(), reading });
        open(&WorkloadSpec { source, ..traced(path.path()) }).read_as().map(str::to_owned)
    };
    let header = "read as csv: the first line, `does,what`, is taken for a header".to_owned();
    assert_eq!(told("does,what,n\nset,4,1\n").as_deref(), Some(&*header.replace("what", "what,n")));
    assert_eq!(told("set,4,1\n"), None);
    // What is not named doesn't count, though its name is known.
    assert_eq!(with_columns("op,key,value_bytes\ninsert,1,\n", "op=op,key=key"), Ok("P1".to_owned()));
    assert_eq!(with_columns("key,n\n4,2\n5,0\n", "key=key,times=n"), Ok("P4 P4".to_owned()));
    for (text, columns, error) in [
        ("a,b\nset,4\n", "op=a,key=c", "t.csv:1: no column `c` in the header, which has `a`, `b`: name one"),
        ("a;b\nset;4\n", "key=zz", "t.csv:1: no column `zz` in the header, which has `a`, `b`: name one"),
        ("a,b\nset,4\n", "op=x,key=b", "t.csv:1: no column `x` in the header, which has `a`, `b`: name one"),
        ("a,b\nset,4\n", "key=b,op=B", "t.csv: column `B` is named for two things, key and op: give each a column"),
        ("a,b\nset,4\n", "key=b,hash=b", "t.csv: column `b` is named for two things, key and hash"),
        ("set,4\n", "key=2,op=02", "t.csv: column `02` is named for two things, key and op"),
        ("set,4\n", "op=1,key=3", "t.csv:1: there is no column 3 in `set,4`"),
        ("a,b\n", "key", "t.csv: expected what a column means and its name, as key=lbn,op=op; found `key`"),
        (
            "a,b\n",
            "what=a",
            "t.csv: columns mean op, key, hash, value_bytes, key_bytes, entries, times, time_s, time_ms, time_us, time_ns, and not `what`",
        ),
        ("a,b\n", "op=a", "t.csv: no column is said to be the key: give key=NAME, too"),
    ] {
        let found = with_columns(text, columns).unwrap_err();
        assert!(found.starts_with(error), "{found}");
    }
}

#[test]
fn advice_to_leave_a_length_out_works() {
    let text = "version,time,op,size,lbn\n1,1,2a,-5,1\n";
    for columns in ["", "op=op,key=lbn,value_bytes=size"] {
        let error = with_columns(text, columns).unwrap_err();
        let start =
            "t.csv:2: bad value_bytes `-5`; expected a decimal number from 0 to 4294967295, or leave the column out: ";
        let advice = error.strip_prefix(start).unwrap_or_else(|| panic!("{error}"));
        assert_eq!(advice, "--columns 'op=op,key=lbn'");
    }
    assert_eq!(with_columns("op,lbn,size\nput,1,-5\n", "op=op,key=lbn"), Ok("P1".to_owned()));
    let error = with_columns("4,k\n", "key=1,value_bytes=2").unwrap_err();
    assert!(error.ends_with("--columns 'key=1'"), "{error}");
}

#[test]
fn a_bad_row_is_named_by_the_reader_of_its_format() {
    for (name, bad, expected) in [
        ("twitter.csv", "0,k,24,1,7,bogus,0", "expected time,key,key size,value size,client,operation,ttl, found"),
        (
            "msr.csv",
            "1,hm,0,Rread,5,6,7",
            "expected timestamp,host,disk,Read or Write,offset,size,response time, found",
        ),
        ("address.trace", "x 0x11", "expected l or s and an address in 0x.., found"),
        ("lackey.trace", " S zz,8", "expected I, L, S or M, an address and a length, found"),
        ("lirs.trace", "12 b", "expected a block's number, found"),
        ("ycsb.txt", "UPDATE usertable", "expected a table and a key after the operation, found"),
        (
            "ycsb.txt",
            "SCAN usertable user7 [ <all fields>]",
            "expected how many records to scan, from 1 on, after the key, found",
        ),
        ("ycsb.txt", "READMODIFYWRITE usertable", "expected a table and a key after the operation, found"),
        ("redis-monitor.log", "1.2 [0 1:1] get", "expected TIME [DATABASE CLIENT] \"COMMAND\" .., found"),
    ] {
        let good = std::fs::read_to_string(Path::new(FOLDER).join(name)).unwrap();
        let lines = good.lines().count();
        // One bad row of few, and one in ten of many.
        for (good, times) in [(good.clone(), 1), (good.repeat(20), 20)] {
            let text = format!("{good}{bad}\n{}", good.lines().next().unwrap());
            let error = with_columns(&text, "").unwrap_err();
            let start = format!("t.csv:{}: {expected} `{bad}`", lines * times + 1);
            assert!(error.starts_with(&start), "{error}");
        }
    }
    // A table whose first row is no row of its has a header.
    let headed = "time,k,n,m,client,what,ttl\n0,k,24,1,7,get,0\n0,k,24,1,7,get,0\n";
    let error = with_columns(headed, "").unwrap_err();
    assert!(error.starts_with("t.csv:1: no column `key` in the header"), "{error}");
}

#[test]
fn control_characters_in_a_row_are_refused_wherever_they_are() {
    let many = "op,key\n".to_owned() + &"put,1\n".repeat(100_000);
    for (text, line) in [("op,key\nput,1\n", 3), (&*many, 100_002)] {
        for control in ["\0", "\x07", "\x1b", "\x1f"] {
            let error = with_columns(&format!("{text}put,a{control}b\nput,2\n"), "").unwrap_err();
            let shown = control.as_bytes().escape_ascii();
            let expected = format!("t.csv:{line}: the control character `{shown}` in `put,a{shown}b`; expected text");
            assert!(error.starts_with(&expected), "{error}");
        }
    }
    let error = with_columns("one\ntwo\x07\nthree\n", "").unwrap_err();
    assert!(error.starts_with("t.csv:2: the control character `\\x07`"), "{error}");
    assert_eq!(with_columns("op\tkey\r\nput\t1\r\n", ""), Ok("P1".to_owned()));
}

/// A binary is no text, a text no binary, and what is neither is refused.
#[test]
fn nothing_is_taken_for_what_it_is_not() {
    let refused = |name: &str, bytes: &[u8]| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let error = Workload::open(&traced(&path)).map(|workload| workload.told()).unwrap_err().to_string();
        error.replace(&*path.to_string_lossy(), name)
    };
    // A text of 48 bytes that is called a binary, and binary data below a table's header.
    let text = b"some words that are no trace, forty-eight bytes\n";
    assert!(refused("x.oracleGeneral.bin", text).starts_with("x.oracleGeneral.bin:1: no column `key` in the header"));
    assert!(refused("t.csv", b"op,key\n\0\x01\x02\x03\xff\xfe\x80").contains("is binary data of no known format"));
    let next = "x.oracleGeneral: request 1 has its next access at -2; expected -1 or a later request";
    assert!(
        refused("x.oracleGeneral", &[[7; 16], [0xfe; 16]].concat()[..24]).starts_with("x.oracleGeneral: request 1")
    );
    let mut record = [0; 24];
    record[16..].copy_from_slice(&(-2i64).to_le_bytes());
    assert!(refused("x.oracleGeneral", &record).starts_with(next));
    // Small numbers of 4 bytes are no keys of 8.
    let words: Vec<u8> = [5u32, 9, 2, 5, 7, 700].iter().flat_map(|word| word.to_le_bytes()).collect();
    assert!(refused("words.bin", &words).contains("is binary data of no known format"));
    // Binary data that begins with a brace is no JSON.
    let keys: Vec<u8> = [u64::from(b'{'), 70_000, u64::from(b'[')].iter().flat_map(|key| key.to_le_bytes()).collect();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t"), keys).unwrap();
    assert_eq!(read(folder.path().join("t")), [123, 70_000, 91].map(|key| (Kind::Put, key, 0)));
    // A file that was cut is still of its kind.
    let vscsi = std::fs::read(Path::new(FOLDER).join("vscsi.bin")).unwrap();
    let cut = refused("v", &vscsi[..vscsi.len() - 5]);
    assert!(cut.starts_with("v: ends 27 bytes into a record; records of vscsi are 32 bytes each"), "{cut}");
    let mut second = vscsi.clone();
    second[32 + 15] = 2;
    let reading = Reading { format: Some("vscsi".to_owned()), ..Reading::default() };
    std::fs::write(folder.path().join("t"), second).unwrap();
    let source = Source::Trace(TraceSpec { path: folder.path().join("t"), reading });
    let error = Workload::open(&WorkloadSpec { source, ..traced(Path::new("t")) }).unwrap_err().to_string();
    assert!(error.contains("found version 2 and command 0x28: this is no vscsi trace"), "{error}");
    for (magic, what) in [
        (&b"PK\x03\x04\x14\0"[..], "is a zip archive or a spreadsheet"),
        (b"\xff\xfeo\0p\0", "is text in UTF-16"),
        (b"REDIS0011\xfa\x09redis-ver", "is a Redis snapshot"),
        (b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n", "is a Redis append-only file"),
        (&[&[b'n'; 100][..], &[0; 157], b"ustar\x0000", &[0; 300]].concat(), "is a tar archive"),
        (b"{\"op\": \"insert\", \"key\": 1}\n", "is JSON: make a table of it"),
        (b"[{\"op\": \"insert\", \"key\": 1}]\n", "is a JSON array: make a table of it, as jq -r '.[] | "),
        (b"\n[\n  [\"insert\", 1]\n]\n", "is a JSON array: make a table of it"),
    ] {
        assert!(refused("t", magic).contains(what), "{}", refused("t", magic));
    }
}

#[test]
fn quotes_stand_where_a_field_begins_and_keep_its_spaces() {
    for (text, keys) in [
        ("op,key\nput,a\"b\"c\nput,abc\nput,5\" disk\n", "P'a\"b\"c P'abc P'5\" disk"),
        ("op,key\nput,\" sp \"\nput, sp \n\"put\" , \"a,\"\"b\"\"\" \n", "P' sp  P'sp P'a,\"b\""),
        ("op;key;note\nput;\"x;y\";\nget;x;\"\"\n", "P'x;y G'x"),
        ("op\tkey\tnote\nput\t\"x\ty\"\t\nget\t x\t\n", "P'x\ty G'x"),
        ("op key\n  put   \"a b\"  \nget a\"b\n", "P'a b G'a\"b"),
    ] {
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&path, text).unwrap();
        assert_eq!(read(path.path()), expected(keys), "{text}");
    }
    let error = with_columns("op,key\nput,\"a\"b\n", "").unwrap_err();
    assert!(error.starts_with("t.csv:2: `b` after a closing quote in `put,\"a\"b`"), "{error}");
    let error = with_columns("op,key\nput,\"a\nput,b\n", "").unwrap_err();
    assert!(error.starts_with("t.csv:2: a quote that is not closed in `put,\"a`"), "{error}");
}

#[test]
fn a_row_that_can_t_be_one_says_what_it_is() {
    let again = with_columns("op,key\nput,1\nop,key\nput,2\n", "").unwrap_err();
    assert!(again.starts_with("t.csv:3: the header again (`op`), as where files were joined"), "{again}");
    let wider = with_columns("a,put,1\nb,put\n", "op=2,key=3").unwrap_err();
    assert!(wider.starts_with("t.csv:2: the first row has 3 columns, but this row has 2: `b,put`"), "{wider}");
    let cut = with_columns("op,key\nput,1\nput", "").unwrap_err();
    assert!(cut.ends_with("; the file ends here: if it was cut off, leave this line out"), "{cut}");
}

#[test]
fn scans_say_how_many_entries_they_ask_for() {
    let read = |text: &str, columns: &str| with_columns(text, columns);
    let table = "op,key,entries\nput,7,\nSCAN,5,10\nget,7,x\n";
    assert_eq!(read(table, ""), Ok("P7 S5+10 G7".to_owned()));
    assert_eq!(read("op,key,n\nscan,5,10\n", "op=op,key=key,entries=n"), Ok("S5+10".to_owned()));
    assert_eq!(brief(&all(&open(&traced(Path::new(FOLDER).join("ycsb.txt"))))[2..3]).rsplit_once('+').unwrap().1, "10");
    let without =
        "t.csv:3: a scan without a column `entries`, which says how many it asks for; name it where it is called";
    let none = "expected how many entries the scan asks for, from 1 to 4294967295";
    for (text, error) in [
        ("op,key\nput,1\nscan,1\n", without.to_owned()),
        ("op,key,entries\nscan,1,\n", format!("t.csv:2: bad entries nothing; {none}")),
        ("op,key,entries\nscan,1,0\n", format!("t.csv:2: bad entries `0`; {none}")),
        ("op,key,entries\nscan,1,4294967296\n", format!("t.csv:2: bad entries `4294967296`; {none}")),
    ] {
        let found = read(text, "").unwrap_err();
        assert!(found.starts_with(&error), "{found}");
    }
}

#[test]
fn rows_that_ask_nothing_are_counted() {
    for (text, told) in [
        ("# mine: of today\na\n#b\na\n", "read as keys: each line is a request of its key; a request is a put"),
        ("key,op,size,op_count\na,GET,1,0\na,SET,1,2\nb,SET,1,0\n", "read as cachebench"),
    ] {
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&path, text).unwrap();
        let workload = Workload::open(&traced(path.path())).unwrap();
        let said = workload.told().unwrap();
        assert!(said.contains(told) && said.ends_with("; 2 rows ask nothing of a map"), "{said}");
        assert_eq!(all(&workload).len(), 2, "{text}");
    }
}

/// What each kind of command does, with the bytes that it brings.
#[test]
fn commands_of_redis_bring_what_their_arguments_say() {
    let trace = |commands: &[&str]| {
        let line = |command: &&str| {
            let (database, words) = command.split_once(':').unwrap_or(("0", command));
            let words: Vec<_> = words.split(' ').map(|word| format!("\"{word}\"")).collect();
            format!("1.5 [{database} 127.0.0.1:1] {}\n", words.join(" "))
        };
        commands.iter().map(line).collect::<String>()
    };
    for (command, ops) in [
        ("SET k value EX 60", "P'k:5"),
        ("setex k 60 value", "P'k:5"),
        ("restore k 0 dump", "P'k:4"),
        ("setrange k 10 abc", "P'k:13"),
        ("setbit k 16 1", "P'k:3"),
        ("incr k", "P'k:8"),
        ("incrby k 1000", "P'k:8"),
        ("hincrby k field 10", "P'k:13"),
        ("hset k field value", "P'k:10"),
        ("linsert k before pivot item", "P'k:4"),
        ("expire k 60", "G'k"),
        ("persist k", "G'k"),
        ("hdel k field", "G'k"),
        ("zrem k a b", "G'k"),
        ("rpop k", "G'k"),
        ("blpop a b 0", "G'a G'b"),
        ("getdel k", "R'k"),
        ("mset a 1 b 22", "P'a:1 P'b:2"),
    ] {
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&path, trace(&[command, "get end"])).unwrap();
        assert_eq!(read(path.path()), expected(&format!("{ops} G'end")), "{command}");
    }
    let of = |commands: &[&str]| with_columns(&trace(commands), "");
    assert_eq!(of(&["get a", "flushdb"]).unwrap().matches('C').count(), 1);
    assert_eq!(of(&["3:get a", "flushdb", "3:flushdb"]).unwrap().matches('C').count(), 1, "of one that has no key");
    let several = of(&["get a", "3:get a", "3:flushdb"]).unwrap_err();
    assert!(several.starts_with("t.csv:3: FLUSHDB empties database 3, and the trace has keys of others"), "{several}");
    for refused in ["setrange k ten abc", "setbit k -1 1", "mset a 1 b", "set k", "get"] {
        assert_eq!(of(&["get a", refused]), of(&["get a"]), "{refused}");
    }
    let flushed = of(&["get a", "3:get a", "flushall", "3:get a", "3:flushdb"]).unwrap();
    assert_eq!(flushed.matches('C').count(), 2, "what was there before is gone");
}

/// docs/TRACES.md shows what is there, of each format the first rows of its file here.
#[test]
fn the_document_has_every_format() {
    let document = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/TRACES.md")).unwrap();
    let joined = document.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "");
    for format in &FORMATS {
        assert!(document.contains(&format!("\n### {}\n", format.name)), "{}", format.name);
        let fills = format.fills.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(joined.contains(&fills), "docs/TRACES.md: {}: {fills}", format.name);
    }
    for (name, _) in CONTENTS.iter().filter(|(name, _)| ![".bin", ".parquet"].iter().any(|end| name.ends_with(end))) {
        let text = std::fs::read_to_string(Path::new(FOLDER).join(name)).unwrap();
        assert!(document.contains(&format!("```text\n{text}```\n")), "docs/TRACES.md shows another {name}:\n{text}");
    }
}

/// What an independent script finds in real files.
#[test]
fn real_traces_have_the_counts_of_an_independent_script() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/traces");
    if !folder.exists() {
        return crate::common::skip::skip("shared", &format!("{} is missing", folder.display()));
    }
    // Inserts, overwrites, gets, removes.
    for (name, counts) in [
        ("caf_address_gcc.trace.gz", [29_467, 168_019, 318_197, 0]),
        ("caf_cache2k_web12.trace.xz", [13_756, 81_851, 0, 0]),
        ("caf_lirs_2_pools.trace.gz", [9_939, 90_061, 0, 0]),
        ("cl_kv_traces_1.csv", [9, 1, 678, 3]),
        ("csapp_trans.trace", [24, 29, 165, 0]),
        ("lcs_cloudPhysicsIO.csv", [33_165, 33_733, 46_974, 0]),
        ("lcs_cloudPhysicsIO.vscsi", [33_165, 33_733, 46_974, 0]),
        ("msr_hm_0.csv", [1, 0, 3, 0]),
        ("redis_monitor.log", [1, 0, 2, 1]),
        ("twitter_cluster.csv", [1, 0, 2, 1]),
        ("words.txt", [10_000, 0, 0, 0]),
        ("ycsb_load.txt", [3, 1, 1, 0]),
    ] {
        let found = open(&traced(folder.join(name))).expected().unwrap();
        assert_eq!([found.inserts, found.overwrites, found.gets, found.removes], counts, "{name}");
    }
    // What spreadsheets and scripts write: inserts, overwrites, gets, removes, clears and iterations, or why not.
    let folder = folder.join("../../cases");
    for (name, counts) in [
        ("bom.csv", [2, 0, 0, 0, 0, 0]),
        ("clear_small.csv", [2_008, 0, 0, 0, 2_000, 0]),
        ("crlf.csv", [1, 0, 1, 1, 0, 0]),
        ("hb602_identity.csv", [300, 0, 0, 201, 0, 0]),
        ("header_case.csv", [1, 0, 0, 0, 0, 0]),
        ("hex.csv", [1, 0, 0, 0, 0, 0]),
        ("iterate.csv", [1, 0, 0, 0, 0, 1]),
        ("neg.csv", [1, 0, 0, 0, 0, 0]),
        ("op_words.csv", [2, 0, 0, 1, 0, 0]),
        ("quoted.csv", [1, 0, 0, 0, 0, 0]),
        ("quoted_comma.csv", [2, 0, 0, 0, 0, 0]),
        ("sample.oracleGeneral.csv", [7, 101, 0, 0, 0, 0]),
        ("strkey.csv", [2, 0, 0, 0, 0, 0]),
        ("tsv.csv", [1, 0, 0, 0, 0, 0]),
    ] {
        let found = open(&traced(folder.join(name))).expected().unwrap();
        let Expected { inserts, overwrites, gets, removes, clears, iterations, .. } = found;
        assert_eq!([inserts, overwrites, gets, removes, clears, iterations], counts, "{name}");
    }
    let control = "the control character `\\x1b` in";
    let length = "bad value_bytes nothing; expected a decimal number from 0 to 4294967295, or leave the column out: \
                  --columns 'op=op,key=key'";
    for (name, why) in [("hdr.csv", control), ("hdr2.csv", control), ("hdr5.csv", control), ("vbempty.csv", length)] {
        let error = Workload::open(&traced(folder.join(name))).unwrap_err().to_string();
        assert!(error.contains(why), "{name}: {error}");
    }
}
