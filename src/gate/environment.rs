//! What else differs between two cells besides what is compared.

use crate::record::{Cell, Results};

/// The fields that exact metrics may depend on: the map's own code, the layout of its types, whether a realloc moves.
const EXACT_DEPENDS_ON: [&str; 4] = ["rustc", "target", "allocator", "mapscope"];

/// Something that differs between the circumstances of two cells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Circumstance {
    /// What: a field of [`Environment`](crate::record::Environment), or [`Circumstance::MAP_VERSION`].
    pub name: &'static str,
    /// What it was.
    pub before: String,
    /// What it is now.
    pub after: String,
    /// Whether exact metrics may depend on it.
    pub bears_on_exact: bool,
    /// Whether times may.
    pub bears_on_times: bool,
}

impl Circumstance {
    /// The name of the one that is no field of an environment.
    pub const MAP_VERSION: &str = "map version";
}

/// What differs in the circumstances of the two records of one cell; `None` where either record doesn't say.
pub fn circumstances(before: (&Results, &Cell), after: (&Results, &Cell)) -> Option<Vec<Circumstance>> {
    let (a, b) = (before.0.environments.get(before.1.environment)?, after.0.environments.get(after.1.environment)?);
    let mut found = Vec::new();
    let fields: Vec<_> = if a == b { Vec::new() } else { a.fields().into_iter().zip(b.fields()).collect() };
    for ((name, before), (_, after)) in fields.into_iter().filter(|((_, a), (_, b))| a != b) {
        let bears_on_exact = EXACT_DEPENDS_ON.contains(&name);
        found.push(Circumstance { name, before, after, bears_on_exact, bears_on_times: true });
    }
    let [before, after] = [before.1, after.1].map(|cell| cell.map_version.clone());
    if before != after {
        let name = Circumstance::MAP_VERSION;
        found.push(Circumstance { name, before, after, bears_on_exact: true, bears_on_times: false });
    }
    Some(found)
}

/// In words: ``cpu `A` -> `B`, kernel `C` -> `D` ``. Empty where there is nothing to say.
pub(super) fn words<'a>(circumstances: impl Iterator<Item = &'a Circumstance>) -> String {
    let word = |of: &Circumstance| format!("{} `{}` -> `{}`", of.name, of.before, of.after);
    circumstances.map(word).collect::<Vec<_>>().join(", ")
}
