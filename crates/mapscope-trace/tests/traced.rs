//! What a traced map leaves.

use std::collections::BTreeMap;
use std::fs;

use mapscope_trace::Traced;

#[test]
fn every_kind_of_operation_is_a_row_and_every_key_a_number() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("trace.csv");
    let mut map = Traced::new(BTreeMap::new(), &path).expect("a trace");
    map.inserting(&70u32).insert(70, 'a');
    assert_eq!(map.getting(&5).get(&5), None);
    map.inserting(&70).insert(70, 'b');
    map.removing(&70).remove(&70);
    assert_eq!(map.iterating().values().count(), 0);
    map.clearing().clear();
    map.inserting(&5).insert(5, 'c');
    assert!(!path.exists() && map.contains_key(&5));
    assert_eq!(map.finish().expect("written").len(), 1);
    let rows = "op,key\ninsert,0\nget,1\ninsert,0\nremove,0\niterate,\nclear,\ninsert,1\n";
    assert_eq!(fs::read_to_string(&path).expect("the trace"), rows);
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1);
}

#[test]
fn without_an_end_there_is_no_trace() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut map = Traced::new(BTreeMap::new(), folder.path().join("trace.csv.gz")).expect("a trace");
    map.inserting("key").insert("key".to_owned(), 1);
    drop(map);
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 0);
    assert!(Traced::<_, u8>::new((), "no/where.csv").is_err());
}

#[test]
fn a_trace_takes_the_place_of_what_was_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("trace.csv");
    for keys in [3, 1] {
        let mut map = Traced::new(BTreeMap::new(), &path).expect("a trace");
        (0..keys).for_each(|key: u8| _ = map.inserting(&key).insert(key, ()));
        map.finish().expect("written");
    }
    assert_eq!(fs::read_to_string(&path).expect("the trace"), "op,key\ninsert,0\n");
}

#[test]
#[cfg(not(feature = "zstd"))]
fn what_cannot_be_compressed_is_refused_before_anything_is_traced() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = Traced::<_, u8>::new((), folder.path().join("trace.csv.zst")).err().expect("refused");
    assert!(error.to_string().contains("feature `zstd`"), "{error}");
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 0);
}

#[test]
#[cfg(feature = "zstd")]
fn a_name_says_how_a_trace_is_compressed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("trace.csv.zst");
    let mut map = Traced::new(BTreeMap::new(), &path).expect("a trace");
    map.inserting("key").insert("key".to_owned(), 1);
    map.finish().expect("written");
    let text = zstd::decode_all(fs::File::open(&path).expect("the trace")).expect("zstd");
    assert_eq!(text, b"op,key\ninsert,0\n");
}
