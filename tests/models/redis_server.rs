//! `redis-dict` against servers, command by command: the memory in use, the tables' sizes and what is in each.
//!
//! The server that is installed is asked while the test runs, and what servers of both releases answered lies in
//! `tests/data`. `MAPSCOPE_REDIS_SERVER` names another to ask, `MAPSCOPE_REDIS_RECORD` a folder to write to.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use mapscope::maps::Redis;
use mapscope::workload::{Bytes, Str24};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;
use tempfile::TempDir;

use super::redis::RELEASES;
use super::*;

/// The words of a command.
type Words = Vec<Vec<u8>>;

fn words(text: &str) -> Words {
    text.split(' ').map(|word| word.as_bytes().to_vec()).collect()
}

/// A server without a timer, and a connection to it.
struct Server {
    child: Child,
    stream: BufReader<UnixStream>,
    _folder: TempDir,
}

impl Server {
    /// `None` where there is no such program.
    fn start(program: &str) -> Option<Server> {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("socket");
        let mut child = Command::new(program)
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--activerehashing", "no", "--hz", "1"])
            .args(["--enable-debug-command", "yes", "--latency-tracking", "no", "--slowlog-log-slower-than", "-1"])
            .arg("--unixsocket")
            .arg(&socket)
            .arg("--dir")
            .arg(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .ok()?;
        let stream = loop {
            if let Ok(stream) = UnixStream::connect(&socket) {
                break stream;
            }
            assert_eq!(child.try_wait().expect("a child"), None, "{program} ended before it listened");
            std::thread::sleep(std::time::Duration::from_millis(5));
        };
        let mut server = Server { child, stream: BufReader::new(stream), _folder: folder };
        server.ask(words("DEBUG PAUSE-CRON 1"));
        server.ask(words("DEBUG REPLYBUFFER RESIZING 0"));
        Some(server)
    }

    /// One command's answer: its text, or the texts of a list, a line each.
    fn ask(&mut self, words: Words) -> String {
        let mut request = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            request.extend(format!("${}\r\n", word.len()).bytes().chain(word).chain(*b"\r\n"));
        }
        self.stream.get_mut().write_all(&request).expect("the server reads");
        self.answer()
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("the server answers");
        let (kind, rest) = line.trim_end().split_at(1);
        match kind {
            "$" if rest == "-1" => "nil".to_owned(),
            "$" => {
                let mut bytes = vec![0; rest.parse::<usize>().expect("a length") + 2];
                self.stream.read_exact(&mut bytes).expect("a whole answer");
                String::from_utf8_lossy(&bytes[..bytes.len() - 2]).into_owned()
            }
            "*" => (0..rest.parse().expect("a number")).map(|_| self.answer() + "\n").collect(),
            "+" | ":" => rest.to_owned(),
            _ => panic!("the server answers {line}"),
        }
    }

    /// The value of a line `name:value` of `INFO`.
    fn info(&mut self, section: &str, name: &str) -> String {
        let info = self.ask(words(&format!("INFO {section}")));
        let value = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        value.unwrap_or_else(|| panic!("no {name} in {info}")).to_owned()
    }

    fn used_memory(&mut self) -> i64 {
        self.info("memory", "used_memory").parse().expect("a number")
    }

    /// Buckets and entries of either table of a database; 0 buckets where no entry is.
    fn tables(&mut self, database: u8) -> [[u64; 2]; 2] {
        let stats = self.ask(words(&format!("DEBUG HTSTATS {database}")));
        let (mut tables, mut table) = ([[0; 2]; 2], 0);
        for line in stats.lines().take_while(|line| *line != "[Expires HT]") {
            let number = || line.rsplit(' ').next().and_then(|word| word.parse().ok()).expect("a number");
            match line.trim() {
                line if line.starts_with("Hash table 1") => table = 1,
                line if line.starts_with("table size:") => tables[table][0] = number(),
                line if line.starts_with("number of elements:") => tables[table][1] = number(),
                _ => {}
            }
        }
        tables
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// What a client sends for a key or value.
trait Text {
    fn text(&self) -> Vec<u8>;
}

impl Text for u64 {
    fn text(&self) -> Vec<u8> {
        self.to_string().into()
    }
}

impl Text for Str24 {
    fn text(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }
}

impl Text for Bytes {
    fn text(&self) -> Vec<u8> {
        self.to_vec()
    }
}

/// The buckets that a server put keys into: the low bits of their hashes.
#[derive(Clone, Default)]
struct Learnt(u64);

thread_local! {
    static LEARNT: RefCell<HashMap<u64, u64>> = RefCell::default();
}

impl Hashing for Learnt {
    fn with_seed(_: u64) -> Self {
        Learnt(0)
    }
}

impl BuildHasher for Learnt {
    type Hasher = Learnt;
    fn build_hasher(&self) -> Learnt {
        Learnt(0)
    }
}

impl Hasher for Learnt {
    fn write(&mut self, bytes: &[u8]) {
        let id = match bytes.len() {
            1 => return,
            8 => u64::from_ne_bytes(bytes.try_into().expect("8 bytes")),
            _ => std::str::from_utf8(&bytes[4..24]).expect("text").parse().expect("digits"),
        };
        self.0 = LEARNT.with_borrow(|learnt| learnt[&id]);
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

/// Keys of one to twenty digits.
fn spread(n: u64) -> u64 {
    n * 10u64.pow((n % 4) as u32 * 5)
}

/// Where the server puts these keys. `SCAN` for one key looks at buckets up to the first that has one, and returns where to
/// go on: one above that bucket, if the bits are read from the lowest to the highest.
fn learn<K: Key + Text>(server: &mut Server, ids: &[u64]) -> HashMap<u64, u64> {
    for &id in ids {
        server.ask(vec![b"SET".into(), K::from_id(id).text(), b"1".into()]);
    }
    while server.tables(0)[1] != [0, 0] {
        server.ask(words("GET a"));
    }
    let buckets = server.tables(0)[0][0];
    let by_text: HashMap<_, _> = ids.iter().map(|&id| (K::from_id(id).text(), id)).collect();
    let (mut learnt, mut cursor) = (HashMap::new(), "0".to_owned());
    loop {
        let answer = server.ask(words(&format!("SCAN {cursor} COUNT 1")));
        let mut lines = answer.lines().filter(|line| !line.is_empty());
        cursor = lines.next().expect("a cursor").to_owned();
        let next: u64 = cursor.parse().expect("a number");
        let bucket = next.reverse_bits().wrapping_sub(1).reverse_bits() & (buckets - 1);
        learnt.extend(lines.map(|key| (by_text[key.as_bytes()], bucket)));
        if cursor == "0" {
            break;
        }
    }
    assert_eq!(learnt.len(), ids.len(), "every key is in a bucket");
    learnt
}

/// A command and how the server was after it.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    op: String,
    key: u64,
    /// The low bits of its hash.
    hash: u64,
    /// Of a `set`: what the value is made from, and how long it is where values vary.
    value: u64,
    /// Bytes in use, less what was in use before the first command.
    used_memory: i64,
    tables: [[u64; 2]; 2],
}

const COLUMNS: &str = "op,key,hash,value,used_memory,buckets_0,entries_0,buckets_1,entries_1";

impl Row {
    fn parse(line: &str) -> Row {
        let mut fields = line.split(',');
        let mut field = || fields.next().unwrap_or_else(|| panic!("too few columns: {line}"));
        let op = field().to_owned();
        let mut number = || field().parse().unwrap_or_else(|_| panic!("no number: {line}"));
        let [key, hash, value, used_memory] = [number(), number(), number(), number()];
        let tables = [[number(), number()], [number(), number()]];
        Row { op, key, hash, value, used_memory: used_memory as i64, tables }
    }

    fn line(&self) -> String {
        let Row { op, key, hash, value, used_memory, tables: [first, second] } = self;
        let [a, b] = [first, second].map(|[buckets, entries]| format!("{buckets},{entries}"));
        format!("{op},{key},{hash},{value},{used_memory},{a},{b}\n")
    }
}

fn value<V: Value>(number: u64) -> V {
    V::from_seed(number, number.min(5_000) as u32)
}

/// Waves of commands on a new database.
fn commands(seed: u64, keys: &[u64], steps: u64) -> impl Iterator<Item = (&'static str, u64, u64)> {
    let mut random = SplitMix64::seed_from_u64(seed);
    (0..steps).map(move |step| {
        let key = keys[(random.next_u64() % keys.len() as u64) as usize];
        // Numbers of all sizes: what is shared, what an object holds, what is text.
        let number = random.next_u64() >> (random.next_u64() % 64);
        let dels = if (step / (2 * keys.len() as u64)).is_multiple_of(2) { 20 } else { 85 };
        let op = match random.next_u64() % 100 {
            0 if random.next_u64().is_multiple_of(64) => "flushdb",
            0..10 => "get",
            dice if dice < dels => "del",
            _ => "set",
        };
        (op, key, if op == "set" { number } else { 0 })
    })
}

/// Lets the server do these commands on database 1, and says how it was after each.
fn record<K: Key + Text, V: Value + Text>(
    server: &mut Server,
    hashes: &HashMap<u64, u64>,
    commands: impl Iterator<Item = (&'static str, u64, u64)>,
) -> Vec<Row> {
    // A command may allocate at its first use.
    for command in ["DEL a", "INFO memory", "DEBUG HTSTATS 1", "SELECT 1"] {
        server.ask(words(command));
    }
    let version = server.info("server", "redis_version");
    // 7.0 has the dict from the beginning.
    let new = if version.starts_with("7.0") { 64 } else { 0 };
    let before = server.used_memory() - new;
    let row = |(op, key, number): (&'static str, u64, u64)| {
        let mut command = words(op);
        if op != "flushdb" {
            command.push(K::from_id(key).text());
        }
        if op == "set" {
            command.push(value::<V>(number).text());
        }
        server.ask(command);
        let mut used_memory = server.used_memory() - before;
        if op == "flushdb" {
            // A thread of 7.4 says that it is done and then frees what it was told with.
            for _ in 0..10_000 {
                if used_memory == new {
                    break;
                }
                used_memory = server.used_memory() - before;
            }
        }
        let hash = if op == "flushdb" { 0 } else { hashes[&key] };
        Row { op: op.to_owned(), key, hash, value: number, used_memory, tables: server.tables(1) }
    };
    commands.map(row).collect()
}

/// The probe that adds up what is in use.
#[derive(Clone, Copy)]
struct InUse<'t>(&'t Cell<i64>);

impl Probe for InUse<'_> {
    const ON: bool = true;
    fn emit(self, event: Event) {
        let bytes = match event {
            Event::Alloc { bytes } | Event::EntryAlloc { bytes } => bytes as i64,
            Event::Free { bytes } | Event::EntryFree { bytes } => -(bytes as i64),
            _ => 0,
        };
        self.0.set(self.0.get() + bytes);
    }
}

/// Has the model do the same, and holds it against every row.
fn agrees<K: Key, V: Value>(release: &'static str, rows: &[Row]) {
    let in_use = Cell::new(0);
    LEARNT.with_borrow_mut(|learnt| {
        *learnt = rows.iter().map(|row| (row.key, row.hash)).collect();
        rows.iter().filter(|row| row.op != "flushdb").for_each(|row| _ = learnt.insert(row.key, row.hash));
    });
    let options = Options { release: Some(release), ..options::<Redis>(None, 0) };
    let mut map = Redis::build::<K, V, Learnt, _>(&options, Learnt(0), InUse(&in_use));
    for (number, row) in rows.iter().enumerate() {
        let key = K::from_id(row.key);
        match &*row.op {
            "set" => _ = map.insert(key, value(row.value)),
            "get" => _ = map.get(&key),
            "del" => _ = map.remove(&key),
            "flushdb" => map.clear(),
            op => panic!("{op} in line {number}"),
        }
        let mut state = [0; 5];
        map.state(&mut state);
        let [len, first, second, rehashed, _] = state;
        let tables = [[first, len - rehashed], [second, rehashed]].map(|[buckets, entries]| match entries {
            0 => [0, 0],
            _ => [buckets, entries],
        });
        let found = Row { used_memory: in_use.get(), tables, ..row.clone() };
        assert_eq!(found, *row, "{release}: command {number}: the model is left, the server right");
    }
    assert!(rows.iter().any(|row| row.tables[1] != [0, 0]), "{release}: nothing was rehashed");
}

/// `MEMORY USAGE` of every key that is left: its entry's 24 bytes, whatever they take, its string and its value. A shared
/// value counts each time.
fn usage_agrees<K: Key + Text, V: Value>(server: &mut Server, release: &'static str, rows: &[Row]) {
    let mut last = HashMap::new();
    for row in rows {
        match &*row.op {
            "set" => _ = last.insert(row.key, row.value),
            "del" => _ = last.remove(&row.key),
            "flushdb" => last.clear(),
            _ => {}
        }
    }
    for (&key, &number) in &last {
        let told = RefCell::default();
        let options = Options { release: Some(release), ..options::<Redis>(None, 0) };
        Redis::build::<K, V, GoHash, _>(&options, GoHash::with_seed(1), Told(&told))
            .insert(K::from_id(key), value(number));
        let owned =
            told.take().into_iter().map(|event| if let Event::EntryAlloc { bytes } = event { bytes } else { 0 });
        let shared = if !V::POINTERS && number < 10_000 { 16 } else { 0 };
        let command = [&words("MEMORY USAGE")[..], &[K::from_id(key).text()], &words("SAMPLES 0")].concat();
        let usage: u64 = server.ask(command).parse().expect("bytes");
        assert_eq!(24 + owned.sum::<u64>() + shared, usage, "{release}: key {key}, value {number}");
    }
    assert!(!last.is_empty(), "{release}: no key is left");
}

/// A server of a modelled build, and its release: what its allocator hands out for 17 bytes says how it was built.
fn server(test: &str) -> Option<(Server, &'static str)> {
    let program = std::env::var("MAPSCOPE_REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
    let Some(mut server) = Server::start(&program) else {
        crate::common::skip::skip("redis", &format!("{test}: no {program}"));
        return None;
    };
    let version = server.info("server", "redis_version");
    server.ask(words("SET 123456789012345 1"));
    let usage = server.ask(words("MEMORY USAGE 123456789012345 SAMPLES 0"));
    server.ask(words("DEL 123456789012345"));
    for (release, key_bytes) in [("7.0", 32), ("7.4", 24)] {
        if version.starts_with(release) && usage == (24 + key_bytes + 16).to_string() {
            return Some((server, release));
        }
    }
    crate::common::skip::skip("redis", &format!("{test}: {program} {version} is no build that is modelled"));
    None
}

/// Holds the model against a server, a new one; false where there is none.
fn compared<K: Key + Text, V: Value + Text>(test: &str, keys: u64, steps: u64) -> bool {
    let Some((mut server, release)) = server(test) else { return false };
    let keys: Vec<u64> = (1..=keys).map(spread).collect();
    let hashes = learn::<K>(&mut server, &keys);
    let rows = record::<K, V>(&mut server, &hashes, commands(keys.len() as u64, &keys, steps));
    if let Ok(folder) = std::env::var("MAPSCOPE_REDIS_RECORD") {
        let entry = if K::POINTERS { "string24-bytes" } else { "u64-u64" };
        let path = format!("{folder}/redis-{release}-{entry}.csv.gz");
        let mut file = GzEncoder::new(std::fs::File::create(path).expect("a file"), flate2::Compression::best());
        let text: String = rows.iter().map(Row::line).collect();
        write!(file, "{COLUMNS}\n{text}").and_then(|()| file.finish()).expect("a whole file");
    }
    agrees::<K, V>(release, &rows);
    usage_agrees::<K, V>(&mut server, release, &rows);
    true
}

#[test]
fn the_server_that_is_installed() {
    let test = "the_server_that_is_installed";
    if compared::<u64, u64>(test, 900, 9_000) {
        compared::<Str24, Bytes>(test, 300, 3_000);
    }
}

#[test]
#[ignore = "takes minutes"]
fn the_server_that_is_installed_for_more_commands() {
    let test = "the_server_that_is_installed_for_more_commands";
    if compared::<u64, u64>(test, 3_000, 100_000) {
        compared::<Str24, Bytes>(test, 3_000, 100_000);
    }
}

/// What servers answered, as the tests above write it down: Debian's 7.0.15, and 7.4.1 as its Makefile builds it.
#[test]
fn servers_on_record() {
    let mut commands = 0;
    for release in RELEASES {
        let [numbers, strings] = ["u64-u64", "string24-bytes"].map(|entry| recorded(release, entry));
        agrees::<u64, u64>(release, &numbers);
        agrees::<Str24, Bytes>(release, &strings);
        commands += numbers.len() + strings.len();
    }
    assert_eq!(commands, 2 * (9_000 + 3_000));
}

fn recorded(release: &str, entry: &str) -> Vec<Row> {
    let path = format!("{}/tests/data/redis-{release}-{entry}.csv.gz", env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::File::open(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap_or_else(|error| panic!("{path}: {error}"));
    let (columns, rows) = text.split_once('\n').expect("a line of columns");
    assert_eq!(columns, COLUMNS, "{path}");
    rows.lines().map(Row::parse).collect()
}
