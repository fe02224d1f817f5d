//! Integers by name: what was counted of a cell.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

/// Integers by name. What a cell doesn't have is not there, and never 0.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Quantities(#[serde(deserialize_with = "each_once")] BTreeMap<String, u64>);

impl Quantities {
    /// The integer called `name`.
    pub fn get(&self, name: &str) -> Option<u64> {
        self.0.get(name).copied()
    }

    /// The integer called `name`, to be changed; it begins at 0.
    pub fn entry(&mut self, name: &str) -> &mut u64 {
        self.0.entry(name.to_owned()).or_default()
    }

    /// Sets an integer; `None` makes it absent.
    pub fn set(&mut self, name: &str, value: Option<u64>) {
        match value {
            Some(value) => _ = self.0.insert(name.to_owned(), value),
            None => _ = self.0.remove(name),
        }
    }

    /// Every integer that there is, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(name, &value)| (&**name, value))
    }
}

impl<'a> FromIterator<(&'a str, u64)> for Quantities {
    fn from_iter<I: IntoIterator<Item = (&'a str, u64)>>(named: I) -> Quantities {
        Quantities(named.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

/// Reads an object in which each name comes once. serde's own maps take the last of several.
pub(super) fn each_once<'de, D: Deserializer<'de>, V: Deserialize<'de>>(
    from: D,
) -> Result<BTreeMap<String, V>, D::Error> {
    struct EachOnce<V>(PhantomData<V>);

    impl<'de, V: Deserialize<'de>> Visitor<'de> for EachOnce<V> {
        type Value = BTreeMap<String, V>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("figures by name")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<BTreeMap<String, V>, A::Error> {
            let mut once = BTreeMap::new();
            while let Some(name) = fields.next_key::<String>()? {
                if once.contains_key(&name) {
                    return Err(Error::custom(format!("duplicate field `{name}`")));
                }
                once.insert(name, fields.next_value()?);
            }
            Ok(once)
        }
    }

    from.deserialize_map(EachOnce(PhantomData))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_is_not_there() {
        let mut quantities = Quantities::from_iter([("live_bytes", 0)]);
        assert_eq!((quantities.get("live_bytes"), quantities.get("peak_bytes")), (Some(0), None));
        assert_eq!(serde_json::to_string(&quantities).unwrap(), r#"{"live_bytes":0}"#);
        quantities.set("live_bytes", None);
        *quantities.entry("peak_bytes") += 7;
        assert_eq!(quantities.iter().collect::<Vec<_>>(), [("peak_bytes", 7)]);
    }
}
