//! What a count pass counted, as a record has it: integers by name, or, in records of schema 1 and the first of schema 2,
//! a field each, those of the map's structure in an object of their own. A count has one of these forms, whole, and each
//! field of it once.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::quantities::each_once;
use super::{Count, metrics};
use metrics::Metric;
use metrics::allocs::{ALLOC_BYTES, ALLOC_COUNT};
use metrics::events::MAX_ALLOC_BYTES_IN_ONE_WRITE;
use metrics::memory::{DRAINED_BYTES, LIVE_BYTES};
use metrics::structure::{
    BUCKETS, CHAIN_LENGTH_MAX, DIRECTORY_ENTRIES, HIT_LOOKUP_GROUPS, HIT_LOOKUP_KEYS, IN_USE_BYTES, MISS_LOOKUP_GROUPS,
    MISS_LOOKUP_KEYS, MISS_LOOKUPS, OVERFLOW_BUCKETS, PROBE_GROUPS_MAX, TABLES, TOMBSTONES,
};

/// What every count pass counts, of whatever map.
const ALWAYS: [Metric; 5] = [ALLOC_COUNT, ALLOC_BYTES, LIVE_BYTES, DRAINED_BYTES, MAX_ALLOC_BYTES_IN_ONE_WRITE];

/// Fields of today's form alone, the one that marks it first.
const OF_TODAY: [&str; 3] = [QUANTITIES, "declared", "distributions"];
const QUANTITIES: &str = "quantities";

/// Fields of both forms.
const OF_BOTH: [&str; 3] = ["causes", "timeline", "searches"];

/// The integers of an older record's structure, as it calls them.
const STRUCTURE: [(&str, Metric); 13] = [
    ("buckets", BUCKETS),
    ("overflow_buckets", OVERFLOW_BUCKETS),
    ("chain_length_max", CHAIN_LENGTH_MAX),
    ("in_use_bytes", IN_USE_BYTES),
    ("hit_probes", HIT_LOOKUP_KEYS),
    ("miss_probes", MISS_LOOKUP_KEYS),
    ("hit_groups", HIT_LOOKUP_GROUPS),
    ("miss_groups", MISS_LOOKUP_GROUPS),
    ("miss_groups_of", MISS_LOOKUPS),
    ("probe_groups_max", PROBE_GROUPS_MAX),
    ("tables", TABLES),
    ("directory_entries", DIRECTORY_ENTRIES),
    ("tombstones", TOMBSTONES),
];

#[derive(Deserialize)]
#[serde(transparent)]
struct Structure(#[serde(deserialize_with = "each_once")] BTreeMap<String, Structural>);

/// A field of the structure.
#[derive(Deserialize)]
#[serde(untagged)]
enum Structural {
    Integer(u64),
    Distribution(Vec<u64>),
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Count, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Count;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what a count pass counted")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Count, A::Error> {
        let (mut count, mut seen) = (Count::default(), BTreeSet::new());
        while let Some(field) = fields.next_key::<Cow<'_, str>>()? {
            match &*field {
                _ if seen.contains(&*field) => return Err(Error::custom(format!("duplicate field `{field}`"))),
                QUANTITIES => count.quantities = fields.next_value()?,
                "declared" => count.declared = fields.next_value()?,
                "causes" => count.causes = fields.next_value()?,
                "distributions" => count.distributions = fields.next_value()?,
                "timeline" => count.timeline = Some(fields.next_value()?),
                "searches" => count.searches = fields.next_value()?,
                "structure" => count.take_structure(fields.next_value()?)?,
                name if is_field(name) => count.quantities.set(name, Some(fields.next_value()?)),
                _ => return Err(unknown(&field)),
            }
            seen.insert(field.into_owned());
        }
        let today = seen.contains(QUANTITIES);
        let of_the_other = |field: &&str| !OF_BOTH.contains(field) && OF_TODAY.contains(field) != today;
        if let Some(field) = seen.iter().map(String::as_str).find(of_the_other) {
            let word = if today { "beside" } else { "without" };
            return Err(Error::custom(format!("field `{field}` {word} `{QUANTITIES}`")));
        }
        let required = ["causes", if today { "distributions" } else { "structure" }];
        let uncounted =
            || ALWAYS.map(|metric| metric.name).into_iter().find(|name| count.quantities.get(name).is_none());
        let missing = required.into_iter().find(|field| !seen.contains(*field)).or_else(uncounted);
        missing.map_or(Ok(()), |field| Err(Error::missing_field(field)))?;
        Ok(count)
    }
}

/// Whether an older record has this integer in a field of its own beside the structure.
fn is_field(name: &str) -> bool {
    metrics::counted(name).is_some() && STRUCTURE.iter().all(|(_, part)| part.name != name)
}

fn unknown<E: Error>(field: &str) -> E {
    E::custom(format!("unknown field `{field}`"))
}

impl Count {
    /// Takes the structure of an older record.
    fn take_structure<E: Error>(&mut self, Structure(fields): Structure) -> Result<(), E> {
        for (field, value) in fields {
            let distributions = &mut self.distributions;
            let distribution = match &*field {
                "occupancy" => Some(&mut distributions.occupancy),
                "chain_lengths" => Some(&mut distributions.chain_lengths),
                "hit_probe_lengths" => Some(&mut distributions.hit_probe_lengths),
                "hit_group_lengths" => Some(&mut distributions.hit_group_lengths),
                _ => None,
            };
            let integer = STRUCTURE.iter().find(|(older, _)| *older == field);
            match (value, distribution, integer) {
                (Structural::Distribution(list), Some(distribution), _) => *distribution = Some(list),
                (Structural::Integer(value), _, Some((_, quantity))) => self.quantities.set(quantity.name, Some(value)),
                _ => return Err(unknown(&field)),
            }
        }
        Ok(())
    }
}
