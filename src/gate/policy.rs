//! The policy: how much worse a metric may get, and what follows when it does. The module above has the table.

use std::fmt;

use globset::{GlobBuilder, GlobMatcher};
use serde::Deserialize;
use toml::Spanned;

use crate::record::metrics::{Better, Class, Metric};
use crate::text::shown;

/// How much slower a time must be to be called worse when no rule says.
const TIMES_RELATIVE: f64 = 0.10;

/// What is allowed to get worse. The default allows nothing to exact metrics, and warns of times.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    file: String,
    rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    line: usize,
    metric: GlobMatcher,
    map: GlobMatcher,
    limits: Option<Limits>,
    action: Option<Action>,
}

/// Neither is negative nor NaN nor infinite.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Limits {
    relative: f64,
    absolute: f64,
}

/// What follows when a metric is worse beyond its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The gate fails.
    Fail,
    /// The gate says so.
    Warn,
    /// The metric is not compared.
    Ignore,
}

impl Action {
    const ALL: [(&'static str, Action); 3] =
        [("fail", Action::Fail), ("warn", Action::Warn), ("ignore", Action::Ignore)];
}

/// What the policy says of one metric of one map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Decision {
    limits: Limits,
    pub(super) action: Action,
}

impl Decision {
    /// Whether a worsening by `by`, in the metric's unit, from `before` is within the limits.
    pub(super) fn allows(&self, before: f64, by: f64) -> bool {
        let allowance = (self.limits.relative * before.abs()).max(self.limits.absolute);
        // 29 % of 100 comes out just below 29, and the limit itself is meant to be within.
        by <= allowance * (1.0 + 4.0 * f64::EPSILON)
    }
}

/// Why a policy can't be used: where, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct PolicyError {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What was found, what was expected, what to do.
    pub what: String,
}

/// The file as it is written; nothing in it is trusted yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WirePolicy {
    #[serde(default)]
    rule: Vec<Spanned<WireRule>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireRule {
    metric: Spanned<String>,
    map: Option<Spanned<String>>,
    relative: Option<Spanned<f64>>,
    absolute: Option<Spanned<f64>>,
    action: Option<Spanned<String>>,
}

impl Policy {
    /// Reads a policy and checks it against the metrics there are; `file` is for messages only.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong: no TOML, an unknown key or action, a glob that is none or that matches no
    /// metric, a limit that is negative or not finite or that the rule can't use.
    pub fn parse(text: &str, file: &str, metrics: &[Metric]) -> Result<Policy, PolicyError> {
        let at = |offset: usize, what: String| {
            let line = 1 + text.as_bytes()[..offset.min(text.len())].iter().filter(|&&byte| byte == b'\n').count();
            PolicyError { file: file.to_owned(), line, what }
        };
        let wire: WirePolicy = toml::from_str(text)
            .map_err(|error| at(error.span().map_or(0, |span| span.start), with_nearest(error.message())))?;
        let rule = |rule: Spanned<WireRule>| {
            let line = at(rule.span().start, String::new()).line;
            validate(rule.into_inner(), metrics, line).map_err(|(offset, what)| at(offset, what))
        };
        Ok(Policy { file: file.to_owned(), rules: wire.rule.into_iter().map(rule).collect::<Result<_, _>>()? })
    }

    /// What holds for `metric` of `map`.
    pub(super) fn decide(&self, metric: &Metric, map: &str) -> Decision {
        let rule = self.rules.iter().rfind(|rule| rule.metric.is_match(metric.name) && rule.map.is_match(map));
        let (relative, action) = match metric.class {
            Class::Exact => (0.0, Action::Fail),
            Class::Statistical => (TIMES_RELATIVE, Action::Warn),
        };
        Decision {
            limits: rule.and_then(|rule| rule.limits).unwrap_or(Limits { relative, absolute: 0.0 }),
            action: rule.and_then(|rule| rule.action).unwrap_or(action),
        }
    }

    /// The rules whose map is none of `maps`, as `file:line`.
    pub(super) fn rules_for_none_of<'a>(&self, maps: impl Iterator<Item = &'a str> + Clone) -> Vec<String> {
        let idle = self.rules.iter().filter(|rule| !maps.clone().any(|map| rule.map.is_match(map)));
        idle.map(|rule| format!("{}:{}", self.file, rule.line)).collect()
    }
}

/// The rule, or the byte offset of what is wrong with it and what that is.
fn validate(wire: WireRule, metrics: &[Metric], line: usize) -> Result<Rule, (usize, String)> {
    let start = |of: &Spanned<_>| of.span().start;
    let metric = glob(&wire.metric)?;
    let matched: Vec<&Metric> = metrics.iter().filter(|m| metric.is_match(m.name)).collect();
    if matched.is_empty() {
        let name = wire.metric.get_ref();
        let hint = nearest(name, metrics.iter().map(|metric| metric.name));
        let what = format!("no metric matches `{}`{hint}; `mapscope list metrics` shows them all", shown(name));
        return Err((start(&wire.metric), what));
    }
    let map = match &wire.map {
        Some(map) if map.get_ref().is_empty() => {
            return Err((start(map), "`map` is empty: leave it out for all maps".into()));
        }
        Some(map) => glob(map)?,
        None => glob(&Spanned::new(0..0, "*".to_owned()))?,
    };
    let relative = wire.relative.as_ref().map(|value| limit("relative", value)).transpose()?;
    let absolute = wire.absolute.as_ref().map(|value| limit("absolute", value)).transpose()?;
    let limits = (relative.is_some() || absolute.is_some())
        .then(|| Limits { relative: relative.unwrap_or(0.0), absolute: absolute.unwrap_or(0.0) });
    let action = wire.action.as_ref().map(action).transpose()?;
    if let Some(limit) = wire.relative.as_ref().or(wire.absolute.as_ref()) {
        if action == Some(Action::Ignore) {
            return Err((
                limit.span().start,
                "a limit beside action \"ignore\" means nothing: take one of them out".into(),
            ));
        }
        if matched.iter().all(|metric| metric.better == Better::Neither) {
            let what = format!(
                "`{}` describes the work and must not change at all: take the limit out",
                shown(wire.metric.get_ref())
            );
            return Err((limit.span().start, what));
        }
    }
    Ok(Rule { line, metric, map, limits, action })
}

/// The longest glob; one compiles to something of a size that depends on its length, and is refused by a panic when it is
/// too large.
const GLOB_BYTES_MAX: usize = 1000;

fn glob(pattern: &Spanned<String>) -> Result<GlobMatcher, (usize, String)> {
    let (text, bytes) = (shown(pattern.get_ref()), pattern.get_ref().len());
    if bytes > GLOB_BYTES_MAX {
        return Err((pattern.span().start, format!("`{text}` is too long: a glob has at most {GLOB_BYTES_MAX} bytes")));
    }
    match GlobBuilder::new(pattern.get_ref()).build() {
        Ok(glob) => Ok(glob.compile_matcher()),
        Err(error) => Err((pattern.span().start, format!("`{text}` is not a glob: {}", error.kind()))),
    }
}

fn limit(name: &str, value: &Spanned<f64>) -> Result<f64, (usize, String)> {
    let x = *value.get_ref();
    if x.is_finite() && x >= 0.0 {
        return Ok(x);
    }
    Err((value.span().start, format!("`{name}` is {x}: expected 0 or more; to allow anything say action = \"ignore\"")))
}

fn action(word: &Spanned<String>) -> Result<Action, (usize, String)> {
    let found = Action::ALL.iter().find(|(name, _)| name == word.get_ref());
    found.map(|&(_, action)| action).ok_or_else(|| {
        let hint = nearest(word.get_ref(), Action::ALL.iter().map(|&(name, _)| name));
        (word.span().start, format!("unknown action `{}`{hint}: expected fail, warn or ignore", shown(word.get_ref())))
    })
}

/// Adds the nearest valid key to serde's message of an unknown one, which lists them all in backticks.
fn with_nearest(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    match (message.strip_prefix("unknown field"), quoted.next()) {
        (Some(_), Some(key)) => {
            let hint = nearest(key, quoted.clone());
            format!("unknown key `{}`{hint}: expected {}", shown(key), Alternatives(quoted.collect()))
        }
        _ => message.to_owned(),
    }
}

/// Longer words are meant to be nothing that there is; comparing takes time and memory as the product of the lengths.
const NEAREST_BYTES_MAX: usize = 100;

struct Alternatives<'a>(Vec<&'a str>);

impl fmt::Display for Alternatives<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.split_last() {
            Some((last, [])) => f.write_str(last),
            Some((last, others)) => write!(f, "{} or {last}", others.join(", ")),
            None => Ok(()),
        }
    }
}

/// ` (did you mean `x`?)`, or nothing when nothing is near.
fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> String {
    let distance = |candidate: &str| strsim::damerau_levenshtein(word, candidate);
    let best = candidates.filter(|_| word.len() <= NEAREST_BYTES_MAX).min_by_key(|candidate| distance(candidate));
    best.filter(|best| distance(best) <= 1 + word.len() / 3)
        .map(|best| format!(" (did you mean `{best}`?)"))
        .unwrap_or_default()
}
