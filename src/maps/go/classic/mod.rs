//! stub

use super::super::{Family, FixedFold, Hashing, Info, LoadFactors, Map, Options};
use crate::probe::event::{Cause, Probe};
use crate::spec::Term;
use crate::workload::{Key, Value};

/// See the module.
pub struct GoClassic;

impl Family for GoClassic {
    const INFO: Info = Info {
        term: Term::plain(
            "go-classic",
            "model of Go's runtime map, Go 1.0 to 1.23",
            "go.dev/src/runtime/map.go (Go 1.23)",
        ),
        version: "Go 1.23",
        load_factor: Some(LoadFactors { min: 1.0, max: 8.0, default: 6.5 }),
        hint: true,
        exact: true,
        alloc_cause: Cause::AllocOther,
        events: true,
    };
    type Hasher = FixedFold;
    type Map<K: Key, V: Value, S: Hashing, P: Probe> = std::collections::BTreeMap<K, V>;

    fn build<K: Key, V: Value, S: Hashing, P: Probe>(_: &Options, _: S, _: P) -> Self::Map<K, V, S, P> {
        todo!()
    }
}
#[allow(dead_code)]
fn unused<K: Key, V: Value>(_: &dyn Map<K, V>) {}
