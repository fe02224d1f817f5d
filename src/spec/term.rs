//! The terms a registry offers and the calls a user makes of them: `zipfian(0.99)`, `mix(insert=50,get=50)`,
//! `file:keys.txt`.

/// One row of a registry as the user meets it: a name, what it is, where it comes from, its parameters.
///
/// Maps, key distributions, mixes, entries, metrics and formats each carry one; `list`, validation and the "did you mean" hints
/// derive from it.
#[derive(Debug, Clone, Copy)]
pub struct Term {
    /// The name as typed, unique in its registry.
    pub name: &'static str,
    /// One line for `list`.
    pub summary: &'static str,
    /// The paper, specification or code base that defines it; empty where the summary says it all.
    pub source: &'static str,
    /// Its parameters, in positional order.
    pub params: &'static [Param],
    /// Whether the canonical form names its arguments (`mix(insert=50)`) or not (`zipfian(0.99)`).
    pub named: bool,
    /// Whether the term takes a file, written `name:PATH`.
    pub file: bool,
}

impl Term {
    /// A term without parameters.
    pub const fn plain(name: &'static str, summary: &'static str, source: &'static str) -> Term {
        Term { name, summary, source, params: &[], named: false, file: false }
    }
}

/// A numeric parameter of a [`Term`].
#[derive(Debug, Clone, Copy)]
pub struct Param {
    /// The name, as in `theta`.
    pub name: &'static str,
    /// One line for `list`.
    pub summary: &'static str,
    /// The values allowed.
    pub range: Range,
    /// The value when it is not given. `None` with `required == false` means that the term derives one itself
    /// (from the number of operations, say), and that the canonical form leaves it out.
    pub default: Option<f64>,
    /// Whether it must be given.
    pub required: bool,
}

/// The values a [`Param`] allows: an interval with open or closed ends, of reals or of integers.
#[derive(Debug, Clone, Copy)]
pub struct Range {
    /// Lower end.
    pub min: f64,
    /// Upper end.
    pub max: f64,
    /// Whether `min` itself is excluded.
    pub above_min: bool,
    /// Whether `max` itself is excluded.
    pub below_max: bool,
    /// Whether only whole numbers are allowed.
    pub integer: bool,
}

/// A validated use of a [`Term`]: the name and a value for every parameter, in the term's order.
///
/// Its `Display` is the canonical form, which is part of a cell's identity: two spellings of one call print alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The term's name.
    pub name: &'static str,
    /// One value per parameter, in order; `None` where the term derives its own.
    pub args: Vec<Option<f64>>,
    /// The parameters' names, for the canonical form, when the term is [`Term::named`]; otherwise empty.
    pub arg_names: Vec<&'static str>,
    /// The file of a [`Term::file`] term.
    pub path: Option<std::path::PathBuf>,
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)?;
        if let Some(path) = &self.path {
            write!(f, ":{}", path.display())?;
        }
        let mut before = "(";
        for (i, arg) in self.args.iter().enumerate() {
            let Some(arg) = arg else { continue };
            match self.arg_names.get(i) {
                Some(name) => write!(f, "{before}{name}={arg}")?,
                None => write!(f, "{before}{arg}")?,
            }
            before = ",";
        }
        if before == "," { f.write_str(")") } else { Ok(()) }
    }
}
