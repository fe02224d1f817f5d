//! What is written of a recorded map is what is written of the real one, and comes back.
#![cfg(feature = "serde")]

use mapscope_record::{BTreeMap, HashMap, HashSet};

#[test]
fn what_is_written_comes_back() {
    let map = BTreeMap::from([("a".to_owned(), HashMap::from([(1, HashSet::from([2]))]))]);
    let text = serde_json::to_string(&map).unwrap();
    assert_eq!(text, r#"{"a":{"1":[2]}}"#);
    assert_eq!(serde_json::from_str::<BTreeMap<String, HashMap<u8, HashSet<u8>>>>(&text).unwrap(), map);
    assert!(serde_json::from_str::<HashMap<String, u8>>("[1]").unwrap_err().to_string().contains("expected a map"));
}

#[cfg(feature = "hashbrown")]
#[test]
fn so_it_is_with_hashbrown() {
    use mapscope_record::hashbrown::{HashMap, HashSet};

    let map = HashMap::<u8, HashSet<u8>>::from([(1, HashSet::from([2]))]);
    let text = serde_json::to_string(&map).unwrap();
    assert_eq!(text, r#"{"1":[2]}"#);
    assert_eq!(serde_json::from_str::<HashMap<u8, HashSet<u8>>>(&text).unwrap(), map);
}
