// Every public method and trait of the maps, used as by a program that names them by `use` alone; what comes of it as text.

type Fixed = std::hash::BuildHasherDefault<hash_map::DefaultHasher>;
type Map = HashMap<String, u32, Fixed>;
type Set = HashSet<u32, Fixed>;

static LAZY: std::sync::Mutex<BTreeMap<u32, &str>> = std::sync::Mutex::new(BTreeMap::new());
static HASHED: std::sync::Mutex<Map> = std::sync::Mutex::new(HashMap::with_hasher(Fixed::new()));
const NONE: Set = HashSet::with_hasher(Fixed::new());

#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Holder {
    by_name: Map,
    numbers: Set,
    sorted: BTreeMap<u32, Vec<u32>>,
}

fn word(number: u32) -> String {
    format!("word {number}")
}

// Types are named as the standard library names them, parameters and all.
fn borrowed<'a>(map: &'a HashMap<String, u32>) -> (hash_map::Iter<'a, String, u32>, hash_map::Keys<'a, String, u32>) {
    (map.iter(), map.keys())
}

fn covariant<'a>(map: HashMap<&'static str, &'static str>) -> HashMap<&'a str, &'a str> {
    map
}

fn is_thread_safe<T: Send + Sync + Unpin + std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}

fn by_match(map: &mut Map, key: &str) -> u32 {
    match map.entry(key.to_owned()) {
        hash_map::Entry::Occupied(mut there) => {
            *there.get_mut() += 1;
            *there.get()
        }
        hash_map::Entry::Vacant(none) => *none.insert(1),
    }
}

pub fn hash_map() -> Vec<String> {
    let mut said = Vec::new();
    let mut say = |what: &dyn std::fmt::Debug| said.push(format!("{what:?}"));
    is_thread_safe::<Map>();
    let plain: HashMap<String, u32> = HashMap::new();
    let (mut iter, mut keys) = borrowed(&plain);
    say(&(iter.next(), keys.next(), HashMap::<u8, u8>::with_capacity(10).capacity()));
    say(&covariant(HashMap::from([("a", "b")])));
    let mut map: Map = HashMap::with_capacity_and_hasher(3, Fixed::new());
    let _: &Fixed = map.hasher();
    say(&map.is_empty());
    for number in 0..100 {
        say(&map.insert(word(number % 70), number));
        say(&(map.len(), map.capacity()));
    }
    say(&(map.get("word 3"), map.get(&word(99)), map.get_key_value("word 4"), map.contains_key("word 5")));
    if let Some(value) = map.get_mut("word 6") {
        *value += 1;
    }
    say(&map.get_disjoint_mut(["word 6", "word 7", "none"]));
    // SAFETY: they differ.
    say(&unsafe { map.get_disjoint_unchecked_mut(["word 6", "word 8"]) });
    say(&(map["word 6"], map.remove("word 6"), map.remove_entry("word 7"), map.remove("none")));
    map.reserve(200);
    say(&map.capacity());
    say(&(map.try_reserve(1), map.try_reserve(usize::MAX).is_err()));
    map.shrink_to(100);
    say(&map.capacity());
    map.shrink_to_fit();
    say(&map.capacity());
    say(&(by_match(&mut map, "word 1"), by_match(&mut map, "new")));
    *map.entry(word(1)).or_insert(7) += 1;
    *map.entry(word(201)).or_insert_with(|| 8) += 1;
    *map.entry(word(202)).or_insert_with_key(|key| key.len() as u32) += 1;
    *map.entry(word(203)).or_default() += 1;
    map.entry(word(203)).and_modify(|value| *value *= 9).or_insert(1);
    say(map.entry(word(204)).and_modify(|value| *value *= 9).key());
    say(&map.entry(word(204)).insert_entry(11).remove_entry());
    say(&map.entry(word(1)).insert_entry(11).key());
    say(&map.entry(word(1)));
    say(&map.entry(word(205)));
    if let hash_map::Entry::Occupied(mut there) = map.entry(word(1)) {
        say(&(there.key(), there.get(), &there));
        say(&there.insert(5));
        *there.into_mut() += 1;
    }
    if let hash_map::Entry::Occupied(there) = map.entry(word(2)) {
        say(&there.remove());
    }
    if let hash_map::Entry::Vacant(none) = map.entry(word(2)) {
        say(&(none.key(), &none));
        say(&none.into_key());
    }
    if let hash_map::Entry::Vacant(none) = map.entry(word(2)) {
        say(&none.insert_entry(3).get());
    }
    // An entry that is not used again does not keep the map.
    let numbers = &mut HashMap::<u32, u32>::from([(1, 2)]);
    let entry = numbers.entry(1);
    if let hash_map::Entry::Occupied(there) = &entry {
        say(there.get());
    }
    numbers.insert(3, 4);
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
    say(&(taken, format!("{:?}", map.extract_if(|_, _| false)).contains("ExtractIf")));
    map.extend([(word(300), 1), (word(301), 2)]);
    map.extend(vec![(word(302), 1); 50]);
    let copied: HashMap<u32, u32> = {
        let mut copied = HashMap::new();
        copied.extend(&HashMap::from([(1_u32, 2_u32)]));
        copied
    };
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
    say(&(0..40_u32).map(|number| Some((word(number), number))).collect::<Option<Map>>());
    HASHED.lock().unwrap().insert(word(1), 1);
    say(&HASHED.lock().unwrap());
    let state: hash_map::RandomState = hash_map::RandomState::new();
    say(&HashMap::<u8, u8, _>::with_hasher(state).is_empty());
    said
}

pub fn hash_set() -> Vec<String> {
    let mut said = Vec::new();
    let mut say = |what: &dyn std::fmt::Debug| said.push(format!("{what:?}"));
    is_thread_safe::<Set>();
    let plain: HashSet<u32> = HashSet::new();
    say(&(plain.is_empty(), plain.iter().next(), HashSet::<u8>::with_capacity(10).capacity()));
    let mut set: Set = HashSet::with_capacity_and_hasher(3, Fixed::new());
    let _: &Fixed = set.hasher();
    for number in 0..100 {
        say(&(set.insert(number % 70), set.len(), set.capacity()));
    }
    say(&(set.replace(3), set.replace(1000), set.contains(&4), set.get(&5), set.get(&500)));
    say(&(set.remove(&4), set.remove(&4), set.take(&5), set.take(&5)));
    set.reserve(200);
    say(&(set.capacity(), set.try_reserve(1), set.try_reserve(usize::MAX).is_err()));
    set.shrink_to(100);
    say(&set.capacity());
    set.shrink_to_fit();
    say(&set.capacity());
    let other: Set = (60..90).collect();
    let difference: hash_set::Difference<'_, u32, Fixed> = set.difference(&other);
    let symmetric: hash_set::SymmetricDifference<'_, u32, Fixed> = set.symmetric_difference(&other);
    let intersection: hash_set::Intersection<'_, u32, Fixed> = set.intersection(&other);
    let union: hash_set::Union<'_, u32, Fixed> = set.union(&other);
    say(&(difference.size_hint(), symmetric.size_hint(), intersection.size_hint(), union.size_hint()));
    say(&(difference.clone(), symmetric.clone(), intersection.clone(), union.clone()));
    say(&(difference.count(), symmetric.count(), intersection.count(), union.count()));
    say(&(&set & &other, &set | &other, &set ^ &other, &set - &other));
    say(&(set.is_disjoint(&other), set.is_subset(&other), set.is_superset(&(1..3).collect())));
    for value in &set {
        say(value);
    }
    set.retain(|value| value % 3 > 0);
    say(&set.extract_if(|value| value % 3 > 1).collect::<Vec<_>>());
    say(&format!("{:?}", set.extract_if(|_| false)).contains("ExtractIf"));
    set.extend([1, 2, 3]);
    set.extend(&[4, 5]);
    let mut copy = set.clone();
    say(&(copy == set, &copy, copy.capacity()));
    copy.clone_from(&NONE);
    say(&(copy != set, &copy, copy.capacity()));
    copy.clone_from(&set);
    let drained: hash_set::Drain<'_, u32> = copy.drain();
    say(&drained.len());
    drop(drained);
    copy.clear();
    let (iter, owned): (hash_set::Iter<'_, u32>, hash_set::IntoIter<u32>) = (set.iter(), set.clone().into_iter());
    say(&(iter.len(), owned.len(), HashSet::from([1]) == HashSet::from([1])));
    let state: hash_map::RandomState = hash_map::RandomState::new();
    say(&HashSet::<u8, _>::with_hasher(state).is_empty());
    said
}

pub fn btree_map() -> Vec<String> {
    use btree_map::Entry;

    let mut said = Vec::new();
    let mut say = |what: &dyn std::fmt::Debug| said.push(format!("{what:?}"));
    is_thread_safe::<BTreeMap<u32, u32>>();
    let mut map: BTreeMap<String, u32> = BTreeMap::new();
    for number in 0..100 {
        say(&(map.insert(word(number % 70), number), map.len(), map.is_empty()));
    }
    say(&(map.get("word 3"), map.get(&word(99)), map.get_key_value("word 4"), map.contains_key("word 5")));
    if let Some(value) = map.get_mut("word 6") {
        *value += 1;
    }
    say(&(map["word 6"], map.remove("word 6"), map.remove_entry("word 7"), map.remove("none")));
    say(&(map.first_key_value(), map.last_key_value()));
    say(&(map.pop_first(), map.pop_last()));
    if let Some(mut first) = map.first_entry() {
        *first.get_mut() += 1;
    }
    say(&map.first_entry());
    say(&map.last_entry().map(|last| last.remove()));
    *map.entry(word(1)).or_insert(7) += 1;
    *map.entry(word(201)).or_insert_with(|| 8) += 1;
    *map.entry(word(202)).or_insert_with_key(|key| key.len() as u32) += 1;
    *map.entry(word(203)).or_default() += 1;
    map.entry(word(203)).and_modify(|value| *value *= 9).or_insert(1);
    say(map.entry(word(204)).and_modify(|value| *value *= 9).key());
    say(&map.entry(word(204)).insert_entry(11).remove_entry());
    say(&map.entry(word(1)));
    say(&map.entry(word(205)));
    if let Entry::Occupied(mut there) = map.entry(word(1)) {
        say(&(there.key(), there.get(), &there));
        say(&there.insert(5));
        *there.into_mut() += 1;
    }
    if let Entry::Vacant(none) = map.entry(word(2)) {
        say(&(none.key(), &none));
        say(&none.into_key());
    }
    if let Entry::Vacant(none) = map.entry(word(400)) {
        *none.insert(3) += 1;
    }
    if let Entry::Vacant(none) = map.entry(word(401)) {
        say(&none.insert_entry(3).get());
    }
    let (keys, values): (btree_map::Keys<_, _>, btree_map::Values<_, _>) = (map.keys(), map.values());
    say(&(keys.len(), values.clone().count(), keys, values));
    map.values_mut().for_each(|value| *value += 1);
    map.iter_mut().for_each(|(_, value)| *value += 1);
    for (_, value) in &mut map {
        *value += 1;
    }
    for (key, value) in &map {
        say(&(key, value));
    }
    let range: btree_map::Range<'_, String, u32> = map.range(word(3)..word(5));
    say(&(range.clone().next_back(), range, map.range::<str, _>(..).count()));
    map.range_mut(word(3)..).for_each(|(_, value)| *value += 1);
    map.retain(|_, value| *value % 3 > 0);
    say(&map.extract_if(word(1)..word(4), |_, value| *value % 3 > 1).collect::<Vec<_>>());
    say(&format!("{:?}", map.extract_if(.., |_, _| false)).contains("ExtractIf"));
    map.extend([(word(300), 1), (word(301), 2)]);
    let mut numbers = BTreeMap::from([(1, 2), (3, 4)]);
    numbers.extend(&BTreeMap::from([(5, 6)]));
    let mut more = BTreeMap::from([(3, 5), (7, 8)]);
    numbers.append(&mut more);
    let rest = numbers.split_off(&4);
    say(&(&numbers, rest, more, numbers.clone() < BTreeMap::new(), numbers.cmp(&numbers)));
    let mut hasher = hash_map::DefaultHasher::new();
    std::hash::Hash::hash(&numbers, &mut hasher);
    say(&std::hash::Hasher::finish(&hasher));
    let mut copy = map.clone();
    say(&(copy == map, copy.partial_cmp(&map)));
    copy.clone_from(&BTreeMap::default());
    say(&copy);
    copy.clear();
    say(&(map.clone().into_keys().collect::<Vec<_>>(), map.clone().into_values().collect::<Vec<_>>()));
    let again: BTreeMap<String, u32> = map.clone().into_iter().collect();
    let entries: btree_map::IntoIter<String, u32> = again.clone().into_iter();
    say(&(again == map, entries.len()));
    LAZY.lock().unwrap().insert(1, "one");
    say(&LAZY.lock().unwrap());
    let mut holder = Holder::default();
    holder.sorted.entry(3).or_default().push(1);
    holder.by_name.insert(word(3), 3);
    holder.numbers.insert(3);
    say(&(holder.clone() == holder, holder));
    said
}
