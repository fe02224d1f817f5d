// hashbrown's maps, used as by a program that names them by `use` alone; what comes of it as text. What they share with
// the standard library's is in the other text, too.

type Fixed = std::hash::BuildHasherDefault<std::hash::DefaultHasher>;
type Map = HashMap<String, u32, Fixed>;
type Set = HashSet<u32, Fixed>;

static HASHED: std::sync::Mutex<Map> = std::sync::Mutex::new(HashMap::with_hasher(Fixed::new()));

fn word(number: u32) -> String {
    format!("word {number}")
}

/// Sought among strings by its number.
#[derive(Hash)]
struct Word<'a>(&'a str);

impl Equivalent<String> for Word<'_> {
    fn equivalent(&self, key: &String) -> bool {
        self.0 == key
    }
}

fn is_thread_safe<T: Send + Sync + Unpin>(_: &T) {}

/// Needs no more of keys than the real one does.
fn put<'a, K: std::hash::Hash, V, S: std::hash::BuildHasher>(entry: hash_map::Entry<'a, K, V, S>, value: V) -> &'a mut V {
    match entry {
        hash_map::Entry::Occupied(there) => there.into_mut(),
        hash_map::Entry::Vacant(none) => none.insert(value),
    }
}

pub fn hash_map() -> Vec<String> {
    let mut said = Vec::new();
    let mut say = |what: &dyn std::fmt::Debug| said.push(format!("{what:?}"));
    say(&(HashMap::<u8, u8>::new().capacity(), HashMap::<u8, u8>::with_capacity(10).capacity()));
    let mut map: Map = HashMap::with_capacity_and_hasher(3, Fixed::new());
    let _: &Fixed = map.hasher();
    for number in 0..100 {
        say(&map.insert(word(number % 70), number));
        say(&(map.len(), map.capacity(), map.allocation_size(), map.is_empty()));
    }
    for number in 60..200 {
        *map.entry_ref(word(number).as_str()).or_insert(1) += 1;
        say(&(map.len(), map.capacity(), map.allocation_size()));
    }
    say(&(map.get("word 3"), map.get(&word(999)), map.get_key_value("word 4"), map.contains_key("word 5")));
    say(&map.get(&Word("word 3")));
    say(&map.get_key_value_mut("word 3"));
    say(&map.get_mut("word 4"));
    say(&map.get_disjoint_mut(["word 6", "word 7", "none"]));
    say(&map.get_disjoint_key_value_mut(["word 6", "word 7", "none"]));
    // SAFETY: they differ.
    say(&unsafe { map.get_disjoint_unchecked_mut(["word 6", "word 8"]) });
    // SAFETY: as above.
    say(&unsafe { map.get_disjoint_key_value_unchecked_mut(["word 6", "word 8"]) });
    say(&(map["word 6"], map.remove("word 6"), map.remove_entry("word 7"), map.remove("none")));
    // SAFETY: it is not there.
    say(&unsafe { map.insert_unique_unchecked(word(6), 1) });
    say(&map.try_insert(word(7), 1));
    match map.try_insert(word(7), 2) {
        Ok(_) => unreachable!(),
        Err(error) => {
            say(&(error.to_string(), error.value, &error));
            let there: hash_map::OccupiedEntry<'_, String, u32, Fixed> = error.entry;
            is_thread_safe(&there);
            say(&(there.key(), there.get(), &there));
            say(&there.into_entry());
        }
    }
    map.reserve(200);
    say(&(map.capacity(), map.try_reserve(1), map.try_reserve(usize::MAX)));
    map.shrink_to(300);
    say(&map.capacity());
    map.shrink_to_fit();
    say(&map.capacity());
    say(&put(map.entry(word(1)), 1));
    say(&put(map.entry(word(1000)), 1));
    *map.entry(word(201)).or_insert_with(|| 8) += 1;
    *map.entry(word(202)).or_insert_with_key(|key| key.len() as u32) += 1;
    *map.entry(word(203)).or_default() += 1;
    map.entry(word(203)).and_modify(|value| *value *= 9).or_insert(1);
    say(map.entry(word(204)).and_modify(|value| *value *= 9).key());
    say(&map.entry(word(204)).insert(11).remove_entry());
    say(&map.entry(word(204)).or_insert_entry(11).get());
    say(&map.entry(word(204)).or_insert_entry(12));
    say(&map.entry(word(204)));
    say(&map.entry(word(205)));
    say(&map.entry(word(204)).and_replace_entry_with(|_, value| Some(value + 1)));
    say(&map.entry(word(204)).and_replace_entry_with(|_, _| None));
    say(&map.entry(word(204)).and_replace_entry_with(|_, _| None).insert(5).insert(6));
    match map.entry(word(204)).insert(1).replace_entry_with(|_, _| None) {
        hash_map::Entry::Vacant(none) => {
            is_thread_safe(&none);
            say(&(none.key(), &none));
            say(&none.insert_entry(2).replace_key(word(204)));
        }
        hash_map::Entry::Occupied(_) => unreachable!(),
    }
    if let hash_map::Entry::Occupied(mut there) = map.entry(word(204)) {
        *there.get_mut() += 1;
        // SAFETY: it is the same.
        say(&unsafe { there.replace_key_unchecked(word(204)) });
        say(&(there.insert(5), there.remove()));
    }
    if let hash_map::Entry::Vacant(none) = map.entry(word(204)) {
        say(&none.into_key());
    }
    // An entry that is not used again does not keep the map.
    match map.entry(word(204)) {
        hash_map::Entry::Vacant(_) => say(&map.len()),
        hash_map::Entry::Occupied(_) => unreachable!(),
    }
    // Growing by way of entries, each kind of them.
    let mut grown: HashMap<u32, u32, Fixed> = HashMap::default();
    for number in 0..4000_u32 {
        match number % 4 {
            0 => _ = grown.entry(number).insert(number).insert(1),
            1 => *grown.entry(number).or_default() += 1,
            2 => _ = grown.entry(number).insert(3).remove(),
            _ => {
                grown.entry_ref(&number).insert(3);
                grown.remove(&(number / 2));
            }
        }
        say(&(grown.len(), grown.capacity()));
    }
    // By reference.
    say(&map.entry_ref("word 1"));
    say(&map.entry_ref("none"));
    say(&map.entry_ref("word 1").key());
    say(&map.entry_ref("none").key());
    say(&map.entry_ref("word 1").and_modify(|value| *value += 1).or_insert_with(|| 1));
    say(&map.entry_ref("a").or_insert_with(|| 1));
    say(&map.entry_ref("b").or_insert_with_key(|key| key.len() as u32));
    say(&map.entry_ref("c").or_default());
    say(&map.entry_ref("d").or_default_entry().remove());
    say(&map.entry_ref("d").insert(1).insert(2));
    for (key, how) in [("e", 0), ("f", 1), ("g", 2), ("h", 3), ("i", 4), ("j", 5)] {
        if let hash_map::EntryRef::Vacant(none) = map.entry_ref(key) {
            is_thread_safe(&none);
            say(&(none.key(), &none));
            match how {
                0 => say(&none.insert(1)),
                1 => say(&none.insert_with_key(key.to_owned(), 1)),
                // SAFETY: it is the same.
                2 => say(&unsafe { none.insert_with_key_unchecked(key.to_owned(), 1) }),
                3 => say(&none.insert_entry(1).insert(2)),
                4 => say(&none.insert_entry_with_key(key.to_owned(), 1).insert(2)),
                // SAFETY: it is the same.
                _ => say(&unsafe { none.insert_entry_with_key_unchecked(key.to_owned(), 1) }.insert(2)),
            }
        }
    }
    let (keys, values): (hash_map::Keys<_, _>, hash_map::Values<_, _>) = (map.keys(), map.values());
    say(&(keys.len(), values.clone().count(), keys, values));
    map.values_mut().for_each(|value| *value += 1);
    map.iter_mut().for_each(|(_, value)| *value += 1);
    for (_, value) in &mut map {
        *value += 1;
    }
    for (key, value) in &map {
        say(&(key, value));
    }
    map.retain(|_, value| *value % 3 > 0);
    let taken: Vec<(String, u32)> = map.extract_if(|_, value| *value % 3 > 1).collect();
    say(&taken);
    map.extend([(word(300), 1), (word(301), 2)]);
    map.extend(vec![(word(302), 1); 50]);
    let mut copied: HashMap<u32, u32, Fixed> = HashMap::default();
    copied.extend(&HashMap::<u32, u32>::from([(1_u32, 2_u32)]));
    copied.extend(&[(3, 4)]);
    let mut copy = map.clone();
    say(&(copy == map, copy.capacity() == map.capacity(), copied));
    copy.clone_from(&Map::default());
    say(&(copy != map, &copy, copy.capacity()));
    copy.clone_from(&map);
    say(&(copy == map, copy.capacity() == map.capacity()));
    let drained: hash_map::Drain<'_, String, u32> = copy.drain();
    say(&drained.len());
    drop(drained);
    copy.clear();
    say(&(copy.len(), copy.capacity()));
    say(&(map.clone().into_keys().collect::<Vec<_>>(), map.clone().into_values().collect::<Vec<_>>()));
    let again: Map = map.clone().into_iter().collect();
    let entries: hash_map::IntoIter<String, u32> = again.clone().into_iter();
    say(&(again == map, entries.len()));
    HASHED.lock().unwrap().insert(word(1), 1);
    say(&HASHED.lock().unwrap());
    said
}

pub fn hash_set() -> Vec<String> {
    let mut said = Vec::new();
    let mut say = |what: &dyn std::fmt::Debug| said.push(format!("{what:?}"));
    say(&(HashSet::<u8>::new().is_empty(), HashSet::<u8>::with_capacity(10).capacity()));
    let mut set: Set = HashSet::with_capacity_and_hasher(3, Fixed::new());
    let _: &Fixed = set.hasher();
    for number in 0..100 {
        say(&(set.insert(number % 70), set.len(), set.capacity(), set.allocation_size()));
    }
    for number in 50..300 {
        match number % 5 {
            0 => say(&set.get_or_insert(number)),
            1 => say(&set.get_or_insert_with(&number, |number| *number)),
            2 => say(&set.entry(number).insert()),
            3 => set.entry(number).or_insert(),
            _ => say(&set.entry(number).insert().remove()),
        }
        say(&(set.len(), set.capacity(), set.allocation_size()));
    }
    // SAFETY: it is not there.
    say(&unsafe { set.insert_unique_unchecked(4000) });
    say(&set.entry(1));
    say(&set.entry(4001));
    match set.entry(1) {
        hash_set::Entry::Occupied(there) => say(&(there.get(), &there)),
        hash_set::Entry::Vacant(_) => unreachable!(),
    }
    if let hash_set::Entry::Vacant(none) = set.entry(4002) {
        is_thread_safe(&none);
        say(&(none.get(), &none));
        say(&none.into_value());
    }
    say(&set.entry(4003).get());
    say(&(set.replace(3), set.replace(1000), set.contains(&4), set.get(&5), set.get(&500)));
    say(&(set.remove(&4), set.remove(&4), set.take(&5), set.take(&5)));
    set.reserve(200);
    say(&(set.capacity(), set.try_reserve(1), set.try_reserve(usize::MAX)));
    set.shrink_to(100);
    set.shrink_to_fit();
    say(&set.capacity());
    let other: Set = (60..90).collect();
    let difference: hash_set::Difference<'_, u32, Fixed> = set.difference(&other);
    say(&(difference.clone(), set.symmetric_difference(&other), set.intersection(&other), set.union(&other)));
    say(&(other.union(&(0..30).collect()), (0..30).collect::<Set>().union(&other)));
    say(&(&set & &other, &set | &other, &set ^ &other, &set - &other));
    say(&(set.is_disjoint(&other), set.is_subset(&other), set.is_superset(&(1..3).collect())));
    for operator in 0..5 {
        let mut set = set.clone();
        match operator {
            0 => set |= &other,
            1 => set &= &other,
            2 => set ^= &other,
            3 => set -= &other,
            _ => set -= &set.clone(),
        }
        say(&(&set, set.capacity()));
    }
    set.retain(|value| value % 3 > 0);
    say(&set.extract_if(|value| value % 3 > 1).collect::<Vec<_>>());
    set.extend([1, 2, 3]);
    set.extend(&[4, 5]);
    let copy = set.clone();
    say(&(copy == set, &copy, copy.capacity()));
    let (iter, owned): (hash_set::Iter<'_, u32>, hash_set::IntoIter<u32>) = (set.iter(), set.clone().into_iter());
    say(&(iter.len(), owned.len(), HashSet::<u8>::from([1]) == HashSet::from([1])));
    say(&Set::from(HashMap::from_iter([(1, ()), (2, ())])));
    for value in set.drain() {
        say(&value);
    }
    set.clear();
    say(&set);
    said
}
