//! What went on over the operations of a cell: its memory, when which latencies occurred, and what did it.

use std::cmp::Reverse;

use serde::Serialize;

use super::super::figures::Figures;
use super::super::group::Group;
use crate::record::{Cause, HeatMap, Moment, Moments, OpKind, Timeline};

/// As recorded, save that of moments only what marks a chart is kept.
#[derive(Serialize)]
pub(super) struct Course<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    timeline: Option<&'a Timeline>,
    #[serde(skip_serializing_if = "Option::is_none")]
    heat: Option<&'a HeatMap>,
    #[serde(skip_serializing_if = "Option::is_none")]
    marks: Option<Marks>,
}

/// Operations that took long, and stretches of moves.
#[derive(Serialize)]
struct Marks {
    /// `[operation, cause (or the kind of one about all entries), nanoseconds]`, steady ones only where they took longest.
    operations: Vec<(u64, &'static str, u64)>,
    /// `[first operation, last operation, entries moved]`.
    spells: Vec<(u64, u64, u64)>,
}

/// Of each cell of a group; `None` where nothing was kept of any.
pub(super) fn of<'a>(group: &Group<'a>) -> Option<Vec<Course<'a>>> {
    let of = |row: &Figures<'a>| {
        // Of a failed cell nothing is shown, as in the table.
        let count = row.cell.count.as_ref().filter(|_| !row.failed());
        let time = row.cell.time.as_ref().filter(|_| !row.failed());
        Course {
            timeline: count.and_then(|count| count.timeline.as_ref()),
            heat: time.and_then(|time| time.heat.as_ref()),
            marks: time.and_then(|time| time.moments.as_ref()).map(marks),
        }
    };
    let courses: Vec<Course<'_>> = group.rows.iter().map(of).collect();
    courses.iter().any(|course| course.timeline.is_some() || course.heat.is_some()).then_some(courses)
}

fn marks(moments: &Moments) -> Marks {
    /// Of the operations of one cause; the longest tell most.
    const MARKS_MAX: usize = 64;
    let mut operations = Vec::new();
    // What is about all entries stands for itself where it did no structural work.
    let name = |moment: &Moment| match moment.cause {
        Cause::Steady if !moment.kind.has_key() => moment.kind.name(),
        cause => cause.name(),
    };
    let whole = OpKind::ALL.into_iter().filter(|kind| !kind.has_key()).map(OpKind::name);
    for mark in Cause::ALL.map(Cause::name).into_iter().chain(whole) {
        let mut of_mark: Vec<_> = moments.operations.iter().filter(|moment| name(moment) == mark).collect();
        of_mark.sort_by_key(|moment| (Reverse(moment.ns), moment.op));
        operations.extend(of_mark.iter().take(MARKS_MAX).map(|moment| (moment.op, mark, moment.ns)));
    }
    operations.sort_unstable();
    let spells = moments.spells.iter().map(|spell| (spell.first_op, spell.last_op, spell.moved_entries)).collect();
    Marks { operations, spells }
}
