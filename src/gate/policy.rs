//! The policy: how much worse a metric may get, and what follows when it does. The module above has the table.

use globset::GlobMatcher;
use serde::Deserialize;
use toml::Spanned;

use super::names::{Alternatives, glob, glob_or_all, instead, nearest, with_nearest};
use super::slo::{Slo, WireSlo};
use super::verdict::{Kind, Level};
use crate::record::metrics::{Better, Metric, Rank};
use crate::text::shown;

/// How much slower a time must be to be called worse when no rule says.
const TIMES_RELATIVE: f64 = 0.10;
/// The same of what one build executes, which fails.
const BUILD_COSTS_RELATIVE: f64 = 0.005;
/// The same of an undisturbed time, which fails: what another build does to the code's place in memory is less.
const UNDISTURBED_TIMES_RELATIVE: f64 = 0.25;
/// The same of one that two builds took by turns: nothing but the build differs.
const TURNS_RELATIVE: f64 = 0.03;
/// Rules for this metric hold for turns, too.
const TURNS_METRIC: &str = "undisturbed_ns_per_op";

/// What is allowed to get worse. The default allows nothing to costs but half a per cent to those of a build, warns of times
/// and informs of descriptions.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    file: String,
    rules: Vec<Rule>,
    slos: Vec<Slo>,
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
    /// The gate lists it, better or worse: it is no fault.
    Inform,
    /// The metric is not compared.
    Ignore,
}

impl Action {
    const ALL: [Action; 4] = [Action::Fail, Action::Warn, Action::Inform, Action::Ignore];

    /// The word in a policy.
    pub const fn name(self) -> &'static str {
        match self {
            Action::Fail => "fail",
            Action::Warn => "warn",
            Action::Inform => "inform",
            Action::Ignore => "ignore",
        }
    }
}

/// What the policy says of one metric of one map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Decision {
    limits: Limits,
    pub(crate) action: Action,
    /// Whether a rule asks for a failure: then what can't be judged has not passed.
    pub(super) must_be_judged: bool,
}

impl Decision {
    /// Whether a worsening by `by`, in the metric's unit, from `before` is within the limits.
    pub(super) fn allows(&self, before: f64, by: f64) -> bool {
        let allowance = (self.limits.relative * before.abs()).max(self.limits.absolute);
        // 29 % of 100 comes out just below 29, and the limit itself is meant to be within.
        by <= allowance * (1.0 + 4.0 * f64::EPSILON)
    }

    /// What a figure is that is worse by `by`, which is not 0, and how much of it that is; `level` where it is beyond its
    /// limits.
    pub(crate) fn judge(&self, before: f64, by: f64, level: Level) -> (Kind, Level, f64) {
        let share = if before == 0.0 { by.signum() * f64::INFINITY } else { by / before.abs() };
        match (by < 0.0, level) {
            (true, Level::Inform) => (Kind::Better, level, share),
            (true, _) => (Kind::Better, Level::Better, share),
            (false, Level::Inform) => (Kind::Worse, level, share),
            (false, _) if self.allows(before, by) => (Kind::Worse, Level::Allowed, share),
            (false, _) => (Kind::Worse, level, share),
        }
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
    #[serde(default)]
    slo: Vec<Spanned<WireSlo>>,
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
    /// metric, a limit that is negative or not finite or that the rule can't use; an objective that is none, or of a metric
    /// that there isn't or that has another unit or direction.
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
        let slo = |slo: Spanned<WireSlo>| {
            let line = at(slo.span().start, String::new()).line;
            Slo::new(slo.into_inner(), metrics, format!("{file}:{line}")).map_err(|(offset, what)| at(offset, what))
        };
        let rules = wire.rule.into_iter().map(rule).collect::<Result<_, _>>()?;
        let slos = wire.slo.into_iter().map(slo).collect::<Result<_, _>>()?;
        Ok(Policy { file: file.to_owned(), rules, slos })
    }

    /// The objectives that the current record is held against.
    pub(super) fn slos(&self) -> &[Slo] {
        &self.slos
    }

    /// Whether it has objectives.
    pub(crate) fn has_objectives(&self) -> bool {
        !self.slos.is_empty()
    }

    /// What holds for `metric` of `map`.
    pub(crate) fn decide(&self, metric: &Metric, map: &str) -> Decision {
        let rule = self.rule(metric.name, map);
        let (relative, action) = match metric.rank {
            Rank::Work | Rank::Cost => (0.0, Action::Fail),
            Rank::BuildCost => (BUILD_COSTS_RELATIVE, Action::Fail),
            Rank::Description => (0.0, Action::Inform),
            Rank::Time => (TIMES_RELATIVE, Action::Warn),
            Rank::UndisturbedTime => (UNDISTURBED_TIMES_RELATIVE, Action::Fail),
            Rank::UndisturbedTail => (UNDISTURBED_TIMES_RELATIVE, Action::Warn),
        };
        let asked = rule.and_then(|rule| rule.action);
        Decision {
            limits: rule.and_then(|rule| rule.limits).unwrap_or(Limits { relative, absolute: 0.0 }),
            action: asked.unwrap_or(action),
            must_be_judged: asked == Some(Action::Fail),
        }
    }

    /// What follows when a map takes `ratio` times the `before` nanoseconds an operation, as two builds by turns show;
    /// `None` within its limits.
    pub fn by_turns(&self, map: &str, before: f64, ratio: f64) -> Option<Action> {
        let rule = self.rule(TURNS_METRIC, map);
        let limits = rule.and_then(|rule| rule.limits).unwrap_or(Limits { relative: TURNS_RELATIVE, absolute: 0.0 });
        let action = rule.and_then(|rule| rule.action).unwrap_or(Action::Fail);
        let decision = Decision { limits, action, must_be_judged: false };
        (!decision.allows(before, (ratio - 1.0) * before)).then_some(action)
    }

    fn rule(&self, metric: &str, map: &str) -> Option<&Rule> {
        self.rules.iter().rfind(|rule| rule.metric.is_match(metric) && rule.map.is_match(map))
    }

    /// The rules whose map is none of `maps`, as `file:line`.
    pub(crate) fn rules_for_none_of<'a>(&self, maps: impl Iterator<Item = &'a str> + Clone) -> Vec<String> {
        let idle = self.rules.iter().filter(|rule| !maps.clone().any(|map| rule.map.is_match(map)));
        idle.map(|rule| format!("{}:{}", self.file, rule.line)).collect()
    }
}

/// The rule, or the byte offset of what is wrong with it and what that is.
fn validate(wire: WireRule, metrics: &[Metric], line: usize) -> Result<Rule, (usize, String)> {
    let metric = glob(&wire.metric)?;
    let matched: Vec<&Metric> = metrics.iter().filter(|m| metric.is_match(m.name)).collect();
    if matched.is_empty() {
        let name = wire.metric.get_ref();
        let what = format!("no metric matches `{}`{}", shown(name), instead(name, metrics));
        return Err((wire.metric.span().start, what));
    }
    let map = glob_or_all(wire.map.as_ref(), "map", "maps")?;
    let relative = wire.relative.as_ref().map(|value| limit("relative", value)).transpose()?;
    let absolute = wire.absolute.as_ref().map(|value| limit("absolute", value)).transpose()?;
    let limits = (relative.is_some() || absolute.is_some())
        .then(|| Limits { relative: relative.unwrap_or(0.0), absolute: absolute.unwrap_or(0.0) });
    let action = wire.action.as_ref().map(action).transpose()?;
    if let Some(limit) = wire.relative.as_ref().or(wire.absolute.as_ref()) {
        if let Some(action @ (Action::Ignore | Action::Inform)) = action {
            let what = format!("a limit beside action \"{}\" means nothing: take one of them out", action.name());
            return Err((limit.span().start, what));
        }
        if action.is_none() && matched.iter().all(|metric| metric.rank == Rank::Description) {
            let name = shown(wire.metric.get_ref());
            let what = format!("`{name}` describes, and only informs: add action = \"fail\" or \"warn\" to the limit");
            return Err((limit.span().start, what));
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

fn limit(name: &str, value: &Spanned<f64>) -> Result<f64, (usize, String)> {
    let x = *value.get_ref();
    if x.is_finite() && x >= 0.0 {
        return Ok(x);
    }
    Err((value.span().start, format!("`{name}` is {x}: expected 0 or more; to allow anything say action = \"ignore\"")))
}

fn action(word: &Spanned<String>) -> Result<Action, (usize, String)> {
    let found = Action::ALL.into_iter().find(|action| action.name() == word.get_ref());
    found.ok_or_else(|| {
        let names = Action::ALL.map(Action::name);
        let (unknown, hint) = (shown(word.get_ref()), nearest(word.get_ref(), names.into_iter()));
        let what = format!("unknown action `{unknown}`{hint}: expected {}", Alternatives(names.to_vec()));
        (word.span().start, what)
    })
}
