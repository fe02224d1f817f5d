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

#[cfg(feature = "indexmap")]
#[test]
fn so_it_is_with_indexmap() {
    use mapscope_record::indexmap::map::serde_seq;
    use mapscope_record::indexmap::{IndexMap, IndexSet};
    use serde::de::value::Error;
    use serde::de::{Deserialize as _, IntoDeserializer};

    let map = IndexMap::<u8, IndexSet<u8>>::from([(3, IndexSet::from([2])), (1, IndexSet::new())]);
    let text = serde_json::to_string(&map).unwrap();
    assert_eq!(text, r#"{"3":[2],"1":[]}"#);
    assert_eq!(serde_json::from_str::<IndexMap<u8, IndexSet<u8>>>(&text).unwrap(), map);
    assert!(serde_json::from_str::<IndexSet<u8>>("{}").unwrap_err().to_string().contains("expected a set"));
    let mut text = Vec::new();
    serde_seq::serialize(&map, &mut serde_json::Serializer::new(&mut text)).unwrap();
    assert_eq!(text, br#"[[3,[2]],[1,[]]]"#);
    let mut read = serde_json::Deserializer::from_slice(&text);
    assert_eq!(serde_seq::deserialize::<_, u8, IndexSet<u8>, std::hash::RandomState>(&mut read).unwrap(), map);
    let deserializer = IntoDeserializer::<Error>::into_deserializer(IndexMap::from([(1_u8, 2_u8)]));
    assert_eq!(IndexMap::<u8, u8>::deserialize(deserializer).unwrap(), IndexMap::from([(1, 2)]));
    let deserializer = IntoDeserializer::<Error>::into_deserializer(IndexSet::from([1_u8]));
    assert_eq!(IndexSet::<u8>::deserialize(deserializer).unwrap(), IndexSet::from([1]));
}
