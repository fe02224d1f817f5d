//! What went on over the operations of a cell: its memory, and when which latencies occurred.

use serde::Serialize;

use super::super::figures::Figures;
use super::super::group::Group;
use crate::record::{HeatMap, Timeline};

/// As recorded.
#[derive(Serialize)]
pub(super) struct Course<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    timeline: Option<&'a Timeline>,
    #[serde(skip_serializing_if = "Option::is_none")]
    heat: Option<&'a HeatMap>,
}

/// Of each cell of a group; `None` where nothing was kept of any.
pub(super) fn of<'a>(group: &Group<'a>) -> Option<Vec<Course<'a>>> {
    let of = |row: &Figures<'a>| Course {
        timeline: row.cell.count.as_ref().and_then(|count| count.timeline.as_ref()),
        heat: row.cell.time.as_ref().and_then(|time| time.heat.as_ref()),
    };
    let courses: Vec<Course<'_>> = group.rows.iter().map(of).collect();
    courses.iter().any(|course| course.timeline.is_some() || course.heat.is_some()).then_some(courses)
}
