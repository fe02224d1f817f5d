//! The calls a user makes of terms: `zipfian(0.99)`, `mix(insert=50,get=50)`, `file:keys.txt`.

use std::fmt;
use std::path::PathBuf;

use mapscope_maps::values::YES;
use serde::{Deserialize, Serialize};

use super::{Arg, Name, Param, Term, kept, kept_all};
use crate::text::{quoted, shown};

/// A validated use of a [`Term`]: the name and a value for every parameter, in the term's order.
///
/// Its `Display` is the canonical form, which is part of a cell's identity: two spellings of one call print alike.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The term's name.
    #[serde(deserialize_with = "kept")]
    pub name: Name,
    /// One value per parameter, in order; `None` where the term derives its own, or takes its default word.
    pub args: Vec<Option<Arg>>,
    /// The parameters' names, for the canonical form, when the term is [`Term::named`]; otherwise empty.
    #[serde(deserialize_with = "kept_all")]
    pub arg_names: Vec<Name>,
    /// The file of a [`Term::file`] term.
    pub path: Option<PathBuf>,
}

/// Why a text is no call of any term.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// No term has that name.
    #[error("{0}")]
    Unknown(UnknownName),
    /// A parenthesis is missing, or something follows the last one.
    #[error("{} is not of the form NAME or NAME(ARGUMENT,...)", quoted(.0))]
    Form(String),
    /// The term takes a file and none was given.
    #[error("{0} needs a file: {0}:PATH")]
    NoFile(&'static str),
    /// An argument that the term does not have.
    #[error("{term}: {unknown}")]
    UnknownArgument {
        /// The term.
        term: &'static str,
        /// The argument.
        unknown: UnknownName,
    },
    /// An argument given twice.
    #[error("{term}: {argument} is given twice")]
    Duplicate {
        /// The term.
        term: &'static str,
        /// The argument.
        argument: &'static str,
    },
    /// More arguments than parameters.
    #[error("{term} takes {takes}, got {got} arguments")]
    TooMany {
        /// The term.
        term: &'static str,
        /// What it takes, in words.
        takes: String,
        /// How many were given.
        got: usize,
    },
    /// A required argument is missing.
    #[error("{term} needs {argument}: {range}")]
    Missing {
        /// The term.
        term: &'static str,
        /// The argument.
        argument: &'static str,
        /// Its range, in words.
        range: String,
    },
    /// A positional argument after a named one.
    #[error("{term}: write {} as NAME=VALUE, because it follows a named argument", quoted(got))]
    Unnamed {
        /// The term.
        term: &'static str,
        /// The argument as written.
        got: String,
    },
    /// A value that the parameter does not take.
    #[error("{term}: {argument} must be {range}, got {}", shown(got))]
    OutOfRange {
        /// The term.
        term: &'static str,
        /// The argument.
        argument: &'static str,
        /// Its range, in words.
        range: String,
        /// The value as written.
        got: String,
    },
}

/// A name that is not among the valid ones.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("unknown {what} {}{} Valid: {}.", quoted(got), hint(*.nearest), .valid.join(", "))]
pub struct UnknownName {
    /// What was looked for: `map`, `key`.
    pub what: &'static str,
    /// The name as written.
    pub got: String,
    /// The valid name that it was most likely meant to be.
    pub nearest: Option<&'static str>,
    /// Every valid name.
    pub valid: Vec<&'static str>,
}

fn hint(nearest: Option<&'static str>) -> String {
    nearest.map_or(".".to_owned(), |name| format!(", did you mean \"{name}\"?"))
}

impl UnknownName {
    /// The error for `got`, which is not in `valid`.
    pub fn new(what: &'static str, got: &str, valid: impl IntoIterator<Item = &'static str>) -> UnknownName {
        let valid: Vec<_> = valid.into_iter().collect();
        // One slip is always meant; jaro-winkler below the threshold would be a guess.
        let similarity = |name| match strsim::damerau_levenshtein(got, name) {
            0 | 1 => 1.0,
            _ => strsim::jaro_winkler(got, name),
        };
        // Nobody meant a name that long; comparing takes as long as the product of the lengths.
        let nearest = valid
            .iter()
            .filter(|name| got.len() <= 2 * name.len() + 8)
            .map(|&name| (similarity(name), name))
            .filter(|&(similarity, _)| similarity >= 0.75)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, name)| name);
        UnknownName { what, got: got.to_owned(), nearest, valid }
    }
}

impl Call {
    /// The word that its first argument is, unless it is the default one.
    pub fn first_word(&self) -> Option<&str> {
        self.args.first()?.as_ref()?.word()
    }

    /// Parses `text` as a call of one of `terms`; `what` they are, as in `mix`, is for the error.
    ///
    /// A text that is a term's whole name is that term: names may contain parentheses.
    pub fn parse(text: &str, what: &'static str, terms: &[Term]) -> Result<Call, CallError> {
        let text = text.trim();
        let exact = terms.iter().find(|term| term.name == text).map(|term| (term, ""));
        let file = || text.split_once(':').and_then(|(name, path)| Some((file_term(name, terms)?, path)));
        if let Some((term, path)) = exact.filter(|(term, _)| term.file).or_else(file) {
            if path.is_empty() {
                return Err(CallError::NoFile(term.name));
            }
            return Ok(Call { name: term.name, args: vec![], arg_names: vec![], path: Some(path.into()) });
        }
        if let Some((term, _)) = exact {
            return arguments(term, "");
        }
        let (name, rest) = match text.find('(') {
            Some(open) => (text[..open].trim_end(), &text[open..]),
            None => (text, "()"),
        };
        let Some(term) = terms.iter().find(|term| term.name == name) else {
            return Err(CallError::Unknown(UnknownName::new(what, name, terms.iter().map(|term| term.name))));
        };
        match rest[1..].strip_suffix(')') {
            Some(inner) if !inner.contains(['(', ')']) => arguments(term, inner),
            _ => Err(CallError::Form(text.to_owned())),
        }
    }
}

fn file_term<'a>(name: &str, terms: &'a [Term]) -> Option<&'a Term> {
    terms.iter().find(|term| term.file && term.name == name)
}

fn arguments(term: &Term, inner: &str) -> Result<Call, CallError> {
    let given: Vec<&str> = if inner.trim().is_empty() { vec![] } else { inner.split(',').map(str::trim).collect() };
    if given.len() > term.params.len() {
        let names: Vec<_> = term.params.iter().map(|param| param.name).collect();
        let takes = if names.is_empty() { "no arguments".to_owned() } else { format!("({})", names.join(",")) };
        return Err(CallError::TooMany { term: term.name, takes, got: given.len() });
    }
    let mut args = vec![None; term.params.len()];
    let mut named = false;
    for (position, text) in given.into_iter().enumerate() {
        let is_flag = |param: &Param| param.name == text && param.values.is_flag();
        let (index, value) = match (text.split_once('='), term.params.iter().position(is_flag)) {
            (Some((name, value)), _) => {
                named = true;
                (index_of(term, name.trim())?, value.trim())
            }
            // The name alone sets it.
            (None, Some(flag)) => {
                named = true;
                (flag, YES)
            }
            (None, None) if named => return Err(CallError::Unnamed { term: term.name, got: text.to_owned() }),
            (None, None) => (position, text),
        };
        let value = argument(term, &term.params[index], value)?;
        if args[index].replace(value).is_some() {
            return Err(CallError::Duplicate { term: term.name, argument: term.params[index].name });
        }
    }
    for (param, arg) in term.params.iter().zip(&mut args) {
        if arg.is_none() && param.required {
            let range = param.values.to_string();
            return Err(CallError::Missing { term: term.name, argument: param.name, range });
        }
        let default = param.values.default();
        if param.values.says_default() {
            *arg = arg.take().or(default);
        } else if *arg == default {
            *arg = None;
        }
    }
    let arg_names = if term.named { term.params.iter().map(|param| param.name).collect() } else { vec![] };
    Ok(Call { name: term.name, args, arg_names, path: None })
}

fn index_of(term: &Term, name: &str) -> Result<usize, CallError> {
    term.params.iter().position(|param| param.name == name).ok_or_else(|| CallError::UnknownArgument {
        term: term.name,
        unknown: UnknownName::new("argument", name, term.params.iter().map(|param| param.name)),
    })
}

fn argument(term: &Term, param: &Param, text: &str) -> Result<Arg, CallError> {
    param.values.parse(text).ok_or_else(|| CallError::OutOfRange {
        term: term.name,
        argument: param.name,
        range: param.values.to_string(),
        got: if text.is_empty() { "nothing".to_owned() } else { text.to_owned() },
    })
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        if let Some(path) = &self.path {
            return write!(f, ":{}", crate::text::path(path));
        }
        let mut separator = '(';
        for (index, value) in self.args.iter().enumerate() {
            let Some(value) = value else { continue };
            write!(f, "{separator}")?;
            if let Some(name) = self.arg_names.get(index) {
                write!(f, "{name}=")?;
            }
            write!(f, "{value}")?;
            separator = ',';
        }
        if separator == ',' { f.write_str(")") } else { Ok(()) }
    }
}

/// Splits at the commas outside parentheses and braces: `churn,mix(insert=1,get=2)` is two items.
pub(super) fn split_list(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let items = text.split(|c| {
        match c {
            '(' | '{' => depth += 1,
            ')' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    items.map(str::trim).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Range;

    const REAL: Range = Range { min: 0.0, max: 8.0, above_min: true, below_max: false, integer: false };
    const COUNT: Range = Range { min: 0.0, max: 1e6, above_min: false, below_max: false, integer: true };
    const fn param(name: &'static str, range: Range, default: Option<f64>, required: bool) -> Param {
        Param { required, ..Param::number(name, "", range, default) }
    }
    const TERMS: &[Term] = &[
        Term::plain("uniform", "", ""),
        Term::plain("string(24)/u64", "", ""),
        Term { params: &[param("theta", REAL, Some(0.99), false)], ..Term::plain("zipfian", "", "") },
        Term {
            params: &[param("set", REAL, None, true), param("share", REAL, None, true)],
            ..Term::plain("hotspot", "", "")
        },
        Term {
            params: &[param("insert", COUNT, Some(0.0), false), param("get", COUNT, Some(0.0), false)],
            named: true,
            ..Term::plain("mix", "", "")
        },
        Term { params: &[param("live", COUNT, None, false)], ..Term::plain("churn", "", "") },
        Term { file: true, ..Term::plain("file", "", "") },
        Term { params: &[Param::word("go", "", &["1.3", "1.30"])], named: true, ..Term::plain("swiss", "", "") },
        // No map takes these kinds yet.
        Term {
            params: &[
                Param::flag("sync", ""),
                Param::size("buffer", "", 4 << 10, 1 << 30, Some(64 << 10)),
                Param::path("folder", ""),
            ],
            named: true,
            ..Term::plain("store", "", "")
        },
    ];

    fn canonical(text: &str) -> String {
        Call::parse(text, "key distribution", TERMS).unwrap_or_else(|error| panic!("{text}: {error}")).to_string()
    }

    fn error(text: &str) -> String {
        Call::parse(text, "key distribution", TERMS).expect_err(text).to_string()
    }

    #[test]
    fn two_spellings_of_one_call_print_alike() {
        for text in ["zipfian", "zipfian()", "zipfian(0.990)", " zipfian( theta = 99e-2 ) "] {
            assert_eq!(canonical(text), "zipfian(0.99)");
        }
        for text in
            ["hotspot(set=0.2,share=0.8)", "hotspot(share=.8, set=.2)", "hotspot(0.2,0.8)", "hotspot(0.2,share=0.8)"]
        {
            assert_eq!(canonical(text), "hotspot(0.2,0.8)");
        }
        for text in ["mix(insert=50)", "mix(50)", "mix(get=-0,insert=5e1)"] {
            assert_eq!(canonical(text), "mix(insert=50,get=0)");
        }
        assert_eq!(canonical("churn"), "churn");
        assert_eq!(canonical("churn(100)"), "churn(100)");
    }

    #[test]
    fn a_word_is_taken_letter_for_letter_and_the_last_one_left_out() {
        for text in ["swiss", "swiss()", "swiss(1.30)", "swiss(go=1.30)"] {
            assert_eq!(canonical(text), "swiss");
        }
        assert_eq!(canonical("swiss( 1.3 )"), "swiss(go=1.3)");
        assert_eq!(error("swiss(1.300)"), "swiss: go must be one of 1.3, 1.30, got 1.300");
        assert_eq!(error("swiss(go=)"), "swiss: go must be one of 1.3, 1.30, got nothing");
    }

    #[test]
    fn flags_sizes_and_paths_have_one_form() {
        for text in ["store", "store(sync=no)", "store(no,65536)", "store(buffer=64KiB)", "store(buffer=6_5_536)"] {
            assert_eq!(canonical(text), "store(buffer=64KiB)");
        }
        for text in [
            "store(sync,buffer=1024KiB)",
            "store(yes,1MiB)",
            "store(buffer=1048576,sync)",
            "store(sync=yes,buffer=1MiB)",
        ] {
            assert_eq!(canonical(text), "store(sync=yes,buffer=1MiB)");
        }
        assert_eq!(canonical("store(buffer=4097,folder=a b/c.d)"), "store(buffer=4097,folder=a b/c.d)");
        assert_eq!(canonical("store(buffer=1GiB)"), "store(buffer=1GiB)");
        let sizes = "a size from 4KiB to 1GiB, as 4096, 4KiB or 1MiB";
        for size in ["4095", "1025MiB", "64KB", "1.5MiB", "-1", "", "KiB", "18446744073709551616", "17179869184GiB"] {
            let got = if size.is_empty() { "nothing" } else { size };
            assert_eq!(error(&format!("store(buffer={size})")), format!("store: buffer must be {sizes}, got {got}"));
        }
        assert_eq!(error("store(sync=true)"), "store: sync must be yes or no, got true");
        assert_eq!(error("store(folder=)"), "store: folder must be a path, got nothing");
        assert_eq!(
            error("store(sync,1MiB)"),
            "store: write \"1MiB\" as NAME=VALUE, because it follows a named argument"
        );
    }

    #[test]
    fn a_whole_name_comes_before_its_parentheses() {
        assert_eq!(canonical("string(24)/u64"), "string(24)/u64");
    }

    #[test]
    fn a_file_keeps_its_path_as_it_is() {
        let call = Call::parse("file:a(1),b:c.txt", "key distribution", TERMS).unwrap();
        assert_eq!(call.path.as_deref(), Some(std::path::Path::new("a(1),b:c.txt")));
        assert_eq!(call.to_string(), "file:a(1),b:c.txt");
        assert_eq!(error("file"), "file needs a file: file:PATH");
        assert_eq!(error("file:"), "file needs a file: file:PATH");
    }

    #[test]
    fn an_unknown_name_gets_the_nearest_and_the_list() {
        assert_eq!(
            error("zipfain(1)"),
            "unknown key distribution \"zipfain\", did you mean \"zipfian\"? Valid: uniform, string(24)/u64, zipfian, \
             hotspot, mix, churn, file, swiss, store."
        );
        assert!(error("q").starts_with("unknown key distribution \"q\". Valid: uniform,"));
        assert_eq!(
            error("mix(inserts=5)"),
            "mix: unknown argument \"inserts\", did you mean \"insert\"? Valid: insert, get."
        );
    }

    #[test]
    fn one_slip_is_forgiven_in_short_names_too() {
        let nearest = |got| UnknownName::new("map", got, ["std", "btree", "go-classic"]).nearest;
        assert_eq!(nearest("sdt"), Some("std"));
        assert_eq!(nearest("go"), Some("go-classic"));
        assert_eq!(nearest("swiss"), None);
    }

    #[test]
    fn an_error_names_the_argument_and_its_range() {
        assert_eq!(error("zipfian(9)"), "zipfian: theta must be > 0 and <= 8, got 9");
        assert_eq!(error("zipfian(nan)"), "zipfian: theta must be > 0 and <= 8, got nan");
        assert_eq!(error("zipfian(-inf)"), "zipfian: theta must be > 0 and <= 8, got -inf");
        assert_eq!(error("zipfian(0.9,)"), "zipfian takes (theta), got 2 arguments");
        assert_eq!(error("hotspot(,1)"), "hotspot: set must be > 0 and <= 8, got nothing");
        assert_eq!(error("mix(insert=1.5)"), "mix: insert must be a whole number >= 0 and <= 1000000, got 1.5");
        assert_eq!(error("hotspot(0.2)"), "hotspot needs share: > 0 and <= 8");
        assert_eq!(error("hotspot(0.2,set=0.2)"), "hotspot: set is given twice");
        assert_eq!(
            error("hotspot(set=0.2,0.8)"),
            "hotspot: write \"0.8\" as NAME=VALUE, because it follows a named argument"
        );
        assert_eq!(error("uniform(1)"), "uniform takes no arguments, got 1 arguments");
        for text in ["zipfian(1", "zipfian(1)x", "zipfian((1))", "zipfian(1))"] {
            assert_eq!(error(text), format!("\"{text}\" is not of the form NAME or NAME(ARGUMENT,...)"));
        }
    }

    #[test]
    fn lists_split_outside_parentheses() {
        assert_eq!(split_list("churn, mix(insert=1,get=2),fill"), ["churn", "mix(insert=1,get=2)", "fill"]);
        assert_eq!(split_list("go-{classic,swiss},std"), ["go-{classic,swiss}", "std"]);
        assert_eq!(split_list("a),b"), ["a)", "b"]);
        assert_eq!(split_list(""), [""]);
    }

    proptest::proptest! {
        #[test]
        fn the_canonical_form_is_a_call_of_itself(theta in 1e-300..8.0, insert in 0..1000, get in 0..1000) {
            for text in [format!("zipfian({theta:e})"), format!("mix(get={get},insert={insert})"), format!("churn({get})")] {
                let call = Call::parse(&text, "term", TERMS).unwrap();
                proptest::prop_assert_eq!(Call::parse(&call.to_string(), "term", TERMS).unwrap(), call);
            }
        }

        #[test]
        fn no_text_panics(text in "(zipfian|mix|file|\\S{0,3})[(:=,)a-z0-9.é-]{0,12}") {
            let _ = Call::parse(&text, "term", TERMS);
            proptest::prop_assert_eq!(split_list(&text).join(","), text);
        }
    }
}
