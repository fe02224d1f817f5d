use crossbeam_skiplist::SkipMap;

type Map = SkipMap<u64, u64>;

like_yours::program!(
    SkipMap::new(),
    |map: &mut Map, key: u64, value: u64| {
        let before = map.len();
        map.insert(key, value);
        map.len() == before
    },
    |map: &mut Map, key: u64| map.remove(&key).is_some(),
    |map: &Map, key: u64| map.get(&key).is_some()
);
