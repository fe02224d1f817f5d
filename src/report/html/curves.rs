//! Latencies as curves over the share of operations, for every kind of operation and cause.

use serde::Serialize;

use super::super::figures::Figures;
use super::super::group::Group;
use crate::record::metrics::latency::{decode, shown_first};
use crate::record::{Cause, Cell, OpKind};

/// Points for each further nine of the quantile.
const POINTS_A_NINE: u32 = 12;
/// Nines of the highest quantile: 99.999 %.
const NINES_MAX: u32 = 5;

/// The latencies of some operations of a cell.
#[derive(Serialize)]
pub(super) struct Curve {
    /// The kind of operation; absent for writes of every kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<OpKind>,
    /// Absent for all causes together.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'static str>,
    /// Operations recorded.
    count: u64,
    /// The latency at each of the [`quantiles`] that so many operations can tell, in nanoseconds.
    ns: Vec<u64>,
    max_ns: u64,
}

/// The quantiles that curves have points at, from 0.0 up; as far from each other as a logarithmic axis of what lies above
/// shows them.
pub(super) fn quantiles() -> impl Iterator<Item = f64> {
    let nines = |point: u32| f64::from(point) / f64::from(POINTS_A_NINE);
    (0..=POINTS_A_NINE * NINES_MAX).map(move |point| 1.0 - 10f64.powf(-nines(point)))
}

/// The curves of each cell of a group; `None` where none was timed.
pub(super) fn of(group: &Group<'_>) -> Option<Vec<Vec<Curve>>> {
    let curves: Vec<Vec<Curve>> = group.rows.iter().map(of_row).collect();
    curves.iter().any(|curves| !curves.is_empty()).then_some(curves)
}

/// None of a failed cell, even where it was timed: what it did is not what was asked for.
fn of_row(row: &Figures<'_>) -> Vec<Curve> {
    if row.failed() { Vec::new() } else { of_cell(row.cell) }
}

fn of_cell(cell: &Cell) -> Vec<Curve> {
    let encoded = shown_first(cell).iter();
    let parts: Vec<Part> = encoded.filter_map(|part| Some((part.kind, part.cause, decode(part)?))).collect();
    let writes = OpKind::is_write;
    let kinds = OpKind::ALL.into_iter().filter(|&kind| parts.iter().any(|part| part.0 == kind));
    let several = kinds.clone().filter(|&kind| writes(kind)).count() > 1;
    let selections = several.then_some(None).into_iter().chain(kinds.map(Some));
    let mut curves = Vec::new();
    for kind in selections {
        let selected = |part: &&Part| kind.map_or(writes(part.0), |kind| kind == part.0);
        let mut causes: Vec<Cause> = parts.iter().filter(selected).map(|part| part.1).collect();
        causes.sort_unstable();
        causes.dedup();
        for cause in std::iter::once(None).chain(causes.into_iter().map(Some)) {
            let of_cause = |part: &&Part| cause.is_none_or(|cause| cause == part.1);
            curves.extend(curve(kind, cause, parts.iter().filter(selected).filter(of_cause)));
        }
    }
    curves
}

type Histogram = hdrhistogram::Histogram<u64>;
type Part = (OpKind, Cause, Histogram);

fn curve<'a>(kind: Option<OpKind>, cause: Option<Cause>, parts: impl Iterator<Item = &'a Part>) -> Option<Curve> {
    let mut sum: Option<Histogram> = None;
    for (.., part) in parts {
        match &mut sum {
            None => sum = Some(part.clone()),
            Some(sum) => {
                sum.auto(true);
                sum.add(part).ok()?;
            }
        }
    }
    let sum = sum.filter(|sum| !sum.is_empty())?;
    let count = sum.len();
    let told = quantiles().take_while(|quantile| count as f64 * (1.0 - quantile) >= 1.0 - 1e-6);
    let ns = told.map(|quantile| sum.value_at_quantile(quantile)).collect();
    Some(Curve { kind, cause: cause.map(Cause::name), count, ns, max_ns: sum.max() })
}
