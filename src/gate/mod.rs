//! The gate: did this change make a write more expensive? Two records in, a verdict, its Markdown and its exit code
//! out.
//!
//! Cells are matched by identity, metrics by name; both come from the record and its registry, so that a new metric is
//! gated from the day it exists.
//!
//! # What each difference means
//!
//! | difference | level | why |
//! |---|---|---|
//! | a [cost](crate::record::metrics::Rank) is worse, beyond its limits | fail | they repeat bit for bit: any change is real |
//! | a cost is worse, within its limits | allowed | named all the same, so that a slow creep shows |
//! | a cost of a build (instructions) is another in another build | inform | another compiler makes other code |
//! | a metric that describes the work (`Better::Neither`) differs | fail | the two runs did different things |
//! | a description is other than it was | inform | it explains costs and is none |
//! | a metric has a value in the baseline only | as if worse | a figure that nobody looks at can't get worse |
//! | a map declares a quantity otherwise (unit, class, direction) | as if worse, and new | it is another figure |
//! | a metric has a value in the current record only | note | nothing to compare it with |
//! | a time is worse, beyond chance and size ([below](#times)) | warn | unless a rule says `fail` |
//! | an undisturbed time is worse, by more than its limits after each number of repetitions | fail (tails: warn) | |
//! | a metric is beyond an objective of the policy | fail | whatever it was before |
//! | no cell has the metric of an objective | unjudged | a limit that nothing is held against is not kept |
//! | anything else is better | better | never fails |
//! | a cell is missing | fail | unjudged, when the current record is partial |
//! | a cell fails now | fail | new cells that fail as well |
//! | a cell fails in both records, or was not run | unjudged | there are no figures |
//! | a cell failed in the baseline only | better | |
//! | a cell is new | note | |
//! | either record is partial; they have different schemas; no cell in common | unjudged | |
//! | nothing else fails, and not one metric was compared | unjudged | nobody looked at anything |
//! | the times' environment differs | note | times are not compared; unjudged where a rule says that times fail |
//! | the map's version, rustc, target, allocator or mapscope differs | note | exact metrics are compared all the same |
//!
//! In a cell that either record calls `exact = false`, exact metrics warn where they would fail.
//!
//! The outcome is a *regression* (exit code 1) when anything fails; otherwise *unjudged* (2) when anything could not be
//! judged; otherwise a *pass* (0).
//!
//! # Policy
//!
//! ```toml
//! [[rule]]
//! metric = "alloc_bytes*"   # a glob over metric names; required
//! map = "go-*"              # a glob over maps; default "*"
//! relative = 0.01           # may get worse by 1 % of the baseline's value
//! absolute = 0.5            # or by this much, in the metric's unit
//! action = "fail"           # fail | warn | inform | ignore
//!
//! [[slo]]
//! limit = "get_p999_ns <= 500 ns"  # NAME <= NUMBER or NAME >= NUMBER, with the unit or without; required
//! cells = "std *"                  # a glob over the cells' names; default "*"
//! ```
//!
//! | question | answer |
//! |---|---|
//! | several rules match | the last one counts, whole: nothing is taken over from earlier ones |
//! | both limits are given | the larger allowance counts: worse means beyond *both* |
//! | one limit is given | it alone counts |
//! | no limit is given | exact: no worsening at all, costs of a build 0.5 %; times: 10 %, undisturbed ones 25 % |
//! | no action is given | costs and undisturbed times: `fail`; their tails and other times: `warn`; descriptions: `inform` |
//! | exactly at the limit | within it |
//! | the baseline's value is 0 | a relative limit allows nothing; give an absolute one |
//! | the metric describes the work | limits are refused: it must not change; `warn` and `ignore` apply |
//! | a description | a limit needs an action beside it: without one it only informs |
//! | `inform` | any change is listed, for better or worse; limits beside it are refused |
//! | `ignore` | the metric is not compared, vanishing included; limits beside it are refused |
//!
//! # Times
//!
//! A time is called worse or better only when all of this holds:
//!
//! 1. Both cells come from equal [`Environment`](crate::record::Environment)s.
//! 2. Both have at least [`REPETITIONS_MIN`] repetitions, and a value of this time for each.
//! 3. Chance: the repetitions' values rank apart by the test of Mann and Whitney, two-sided, at [`ALPHA`], to the side to
//!    which the time changed.
//! 4. Size: it changed by more than its limits.
//!
//! An undisturbed time is one figure of all repetitions: of 2 and 3 it needs instead that its figures after equally many
//! repetitions, of which both records have some, went the same way by more than the limits, each of them.
//!
//! Of many observed times, some rank apart by chance alone: [`Chance`] says how many are to be expected, and how many did.

mod baseline;
mod by_cell;
mod compare;
mod environment;
mod format;
mod github;
mod json;
mod junit;
mod mann_whitney;
mod markdown;
mod names;
pub(crate) mod number;
mod policy;
mod self_test;
mod slo;
mod subject;
mod timing;
mod verdict;

pub use baseline::{Refusal, Terms, accept};
pub use compare::{compare, compare_pairs};
pub use environment::{Circumstance, circumstances};
pub use format::{FORMATS, Format, Judged, find};
pub use mann_whitney::{ALPHA, REPETITIONS_MIN};
pub use policy::{Action, Policy, PolicyError};
pub use self_test::{SelfTest, Slip, self_test};
pub use slo::Bound;
pub use subject::{PlaceId, Subject};
pub use timing::Incomparable;
pub use verdict::{Chance, Change, Kind, Level, Outcome, Tally, Verdict, What};
