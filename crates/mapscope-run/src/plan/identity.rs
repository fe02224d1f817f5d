//! What cells are called: names and keys, from the columns of the axes.

use std::fmt;

use super::CellId;
use super::axes::{AXES, Axis, Column, Value};

impl CellId {
    /// Its value on each axis; `None` where it has none.
    pub fn values(&self) -> [Option<Value<'_>>; AXES.len()] {
        AXES.each_ref().map(|axis| axis.column.as_ref().and_then(|column| (column.value)(self)))
    }

    /// All of it as one ordered value: equal keys, same cell.
    pub fn key(&self) -> impl Ord + Copy + '_ {
        self.values()
    }

    /// The axes that a name mentions, and its values there.
    fn said(&self) -> impl Iterator<Item = (&'static Axis, &'static Column, Value<'_>)> {
        let values = AXES.iter().zip(self.values());
        let there = values.filter_map(|(axis, value)| Some((axis, axis.column.as_ref()?, value?)));
        there.filter(|(_, column, value)| column.unsaid.is_none_or(|unsaid| value.to_string() != unsaid))
    }

    /// Everything but the map and its load factor, in words: `uniform fill u64/u64 ops=1000 seed=1`.
    pub fn workload(&self) -> String {
        let whole = CellId { load_factor: None, ..self.clone() }.to_string();
        whole.strip_prefix(&self.map).map_or_else(|| whole.clone(), |rest| rest.trim_start().to_owned())
    }

    /// How many threads, and how keys are dealt to them; `None` for one that has the map to itself.
    pub fn crew(&self) -> Option<(u32, &str)> {
        Some((self.threads?, self.thread_keys.as_deref()?))
    }

    /// The identity as a file name of at most 128 bytes: lower-case letters, digits, `.`, `-`, `_`.
    ///
    /// Different identities have different names: where characters had to be replaced, or the name cut, a digest of the
    /// identity ends it.
    pub fn file_stem(&self) -> String {
        const LENGTH_MAX: usize = 128;
        const DIGEST_LENGTH: usize = 8;
        let mut text = String::new();
        for (axis, column, value) in self.said() {
            let value = value.to_string();
            // `u64/u64` has one `/` and no `-`, so this can be read back.
            let value = if axis.key == "entry" { value.replacen('/', "-", 1) } else { value };
            text.push_str(if axis.key == "map" || column.stem.starts_with('-') { "" } else { "_" });
            text.push_str(&column.stem.replacen("{}", &value, 1));
        }
        let mut stem = String::new();
        for c in text.chars() {
            let c = if c.is_ascii_alphanumeric() || matches!(c, '.' | '_') { c.to_ascii_lowercase() } else { '-' };
            if c == '_' && stem.ends_with('-') {
                stem.pop();
            }
            if !(c == '-' && stem.ends_with(['-', '_'])) {
                stem.push(c);
            }
        }
        // An `_` of its own in a field could be taken for one between fields.
        let holds = |value: Option<Value<'_>>| matches!(value, Some(Value::Text(text)) if text.contains('_'));
        let ambiguous = self.values().into_iter().any(holds) || self.entry.contains('-');
        if stem != text || ambiguous || stem.len() > LENGTH_MAX {
            let digest = blake3::hash(self.to_string().as_bytes()).to_hex();
            stem.truncate(LENGTH_MAX - 1 - DIGEST_LENGTH);
            stem = format!("{}_{}", stem.trim_end_matches(['-', '_']), &digest[..DIGEST_LENGTH]);
        }
        stem
    }
}

impl CellId {
    /// Keys and mix for a heading; a trace is both.
    pub fn work(&self) -> String {
        if self.mix == "trace" { self.keys.clone() } else { format!("{} {}", self.keys, self.mix) }
    }
}

impl fmt::Display for CellId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (axis, column, value) in self.said() {
            f.write_str(if axis.key == "map" { "" } else { " " })?;
            f.write_str(&column.whole.replacen("{}", &value.to_string(), 1))?;
        }
        Ok(())
    }
}
