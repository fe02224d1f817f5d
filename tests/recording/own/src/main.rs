//! A program that shows its own maps. It says where, and waits for a line before it ends.

use std::hash::{BuildHasherDefault, DefaultHasher};

use mapscope_record::live::{self, Settings, Token};
use mapscope_record::{BTreeMap, HashMap, HashSet};

type Fixed = BuildHasherDefault<DefaultHasher>;

fn main() {
    if std::env::args().nth(1).is_some_and(|word| word == "late") {
        drop(HashMap::<u8, u8>::new());
    }
    let token = Token::new("a-token-of-tests-that-nobody-else-has").expect("a token");
    let server = live::serve(Settings { token: Some(token), ..Settings::at("127.0.0.1:0") });
    let server = server.unwrap_or_else(|error| {
        println!("{error}");
        std::process::exit(2);
    });
    let kept = maps();
    println!("{}", server.address());
    std::io::stdin().read_line(&mut String::new()).expect("a line");
    drop(kept);
}

/// Maps of every kind: filled, with a hint, with removes, shrunk, cleared, cloned, collected, never used.
fn maps() -> impl Sized {
    let mut filled: Vec<HashMap<u64, u64, Fixed>> = Vec::new();
    for size in [0, 1, 3, 7, 28, 1000, 5000] {
        let mut map = HashMap::default();
        for key in 0..size {
            map.insert(key, key);
        }
        filled.push(map);
    }
    let mut hinted = HashMap::<String, [u8; 40], Fixed>::with_capacity_and_hasher(500, Fixed::default());
    for key in 0..700 {
        hinted.insert(key.to_string(), [0; 40]);
    }
    let collected: HashSet<u32, Fixed> = (0..2000).collect();
    let mut changed = HashSet::<u32, Fixed>::default();
    for key in &collected {
        changed.insert(*key);
    }
    changed.retain(|key| key % 3 == 0);
    changed.shrink_to_fit();
    let copied = changed.clone();
    changed.clear();
    let mut ordered = BTreeMap::new();
    ordered.insert("\"quoted\"\\", 1);
    ordered.get("x");
    let mut looked_up = 0;
    for key in 0..100 {
        looked_up += filled[5].get(&key).copied().unwrap_or(0);
    }
    looked_up += filled[6].values().sum::<u64>();
    (filled, hinted, collected, changed, copied, ordered, looked_up, HashMap::<Vec<Option<&str>>, (), Fixed>::default())
}
