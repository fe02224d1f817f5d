//! What a count pass counted, as a record has it: integers by name, or, in records of schema 1 and the first of schema 2, a
//! field each, those of the map's structure in an object of their own.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::{Count, metrics};

/// What an older record calls otherwise, and the quantity that it is.
const RENAMED: [(&str, &str); 5] = [
    ("hit_probes", "hit_lookup_keys"),
    ("miss_probes", "miss_lookup_keys"),
    ("hit_groups", "hit_lookup_groups"),
    ("miss_groups", "miss_lookup_groups"),
    ("miss_groups_of", "miss_lookups"),
];

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
        let mut count = Count::default();
        while let Some(field) = fields.next_key::<Cow<'_, str>>()? {
            match &*field {
                "quantities" => count.quantities = fields.next_value()?,
                "declared" => count.declared = fields.next_value()?,
                "causes" => count.causes = fields.next_value()?,
                "distributions" => count.distributions = fields.next_value()?,
                "timeline" => count.timeline = Some(fields.next_value()?),
                "searches" => count.searches = fields.next_value()?,
                "structure" => {
                    let structure: BTreeMap<Cow<'_, str>, Structural> = fields.next_value()?;
                    structure.into_iter().try_for_each(|(field, value)| count.older(&field, value))?;
                }
                _ => count.older(&field, Structural::Integer(fields.next_value()?))?,
            }
        }
        Ok(count)
    }
}

impl Count {
    /// Takes a field of an older record.
    fn older<E: serde::de::Error>(&mut self, field: &str, value: Structural) -> Result<(), E> {
        let name = RENAMED.iter().find(|(older, _)| *older == field).map_or(field, |(_, name)| name);
        let distributions = &mut self.distributions;
        let distribution = match name {
            "occupancy" => Some(&mut distributions.occupancy),
            "chain_lengths" => Some(&mut distributions.chain_lengths),
            "hit_probe_lengths" => Some(&mut distributions.hit_probe_lengths),
            "hit_group_lengths" => Some(&mut distributions.hit_group_lengths),
            _ => None,
        };
        match (value, distribution) {
            (Structural::Distribution(list), Some(distribution)) => *distribution = Some(list),
            (Structural::Integer(value), None) if metrics::counted(name).is_some() => {
                self.quantities.set(name, Some(value));
            }
            _ => return Err(E::custom(format!("unknown field `{field}`"))),
        }
        Ok(())
    }
}
