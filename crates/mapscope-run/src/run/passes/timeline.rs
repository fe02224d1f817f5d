//! Takes down how a pass goes, in few points: for charts, beside what the pass is for.

use crate::probe::event::Cause;
use crate::record::{HeatMap, TableEvent, Timeline};
use crate::subject::{Look, Seen};

/// What the count pass keeps of the map's size.
pub(super) struct Course {
    timeline: Timeline,
    ops: u64,
    /// Operations of the point at hand.
    in_point: u64,
    tells_capacity: bool,
}

impl Course {
    /// For so many measured operations.
    pub fn new(ops: u64) -> Course {
        let ops_per_point = ops.div_ceil(Timeline::POINTS_MAX).max(1);
        Course {
            timeline: Timeline { ops_per_point, ..Timeline::default() },
            ops: 0,
            in_point: 0,
            tells_capacity: true,
        }
    }

    /// After an operation.
    #[inline]
    pub fn add(&mut self, seen: &Seen, map: &mut dyn Look) {
        if remakes_a_table(seen.cause) {
            self.add_event(seen);
        }
        self.ops += 1;
        self.in_point += 1;
        if self.in_point == self.timeline.ops_per_point {
            self.end_point(map);
        }
    }

    #[cold]
    fn add_event(&mut self, seen: &Seen) {
        self.timeline.events.push(TableEvent {
            op: self.ops,
            cause: seen.cause,
            alloc_bytes: seen.work.allocs.bytes,
            moved_entries: seen.work.moved.map_or(0, |moved| moved.entries),
        });
    }

    #[cold]
    fn end_point(&mut self, map: &mut dyn Look) {
        self.in_point = 0;
        self.timeline.held_bytes.push(map.held_bytes());
        self.timeline.peak_bytes.push(map.take_recent_peak_bytes());
        self.timeline.entries.push(map.len() as u64);
        match map.capacity() {
            Some(capacity) => self.timeline.capacity.get_or_insert_default().push(capacity as u64),
            None => self.tells_capacity = false,
        }
    }

    /// After the last operation.
    pub fn finish(mut self, map: &mut dyn Look) -> Timeline {
        if self.in_point > 0 {
            self.end_point(map);
        }
        let mut timeline = self.timeline;
        timeline.capacity.take_if(|_| !self.tells_capacity);
        let left_out = timeline.events.len().saturating_sub(Timeline::EVENTS_MAX);
        if left_out > 0 {
            timeline.events.sort_by_key(|event| (std::cmp::Reverse(event.alloc_bytes), event.op));
            timeline.events.truncate(Timeline::EVENTS_MAX);
            timeline.events.sort_by_key(|event| event.op);
        }
        timeline.events_left_out = left_out as u64;
        timeline
    }
}

/// Whether a table was made or replaced, not a bucket or node.
#[inline]
pub(super) fn remakes_a_table(cause: Cause) -> bool {
    use Cause::{DirectoryGrow, DirtyCopy, Grow, SameSizeGrow, Shrink, Split};
    matches!(cause, Grow | SameSizeGrow | Shrink | Split | DirectoryGrow | DirtyCopy)
}

/// What the time pass keeps of when latencies occurred, all repetitions on each other.
pub(super) struct Heat {
    ops_per_column: u64,
    counts: Vec<[u64; HeatMap::BANDS as usize]>,
    ops: u64,
    op: u64,
}

impl Heat {
    /// For a workload of so many measured operations, done any number of times.
    pub fn new(ops: u64) -> Heat {
        let ops_per_column = ops.div_ceil(HeatMap::COLUMNS_MAX).max(1);
        Heat { ops_per_column, counts: Vec::new(), ops, op: 0 }
    }

    /// The next operation; its latency, where it is recorded.
    #[inline]
    pub fn add(&mut self, ns: Option<u64>) {
        let column = (self.op / self.ops_per_column) as usize;
        self.op = (self.op + 1) % self.ops;
        if self.counts.len() <= column {
            self.counts.resize(column + 1, [0; HeatMap::BANDS as usize]);
        }
        if let Some(ns) = ns {
            self.counts[column][HeatMap::band(ns) as usize] += 1;
        }
    }

    pub fn finish(self) -> HeatMap {
        let occurring = |bands: [u64; _]| (0..).zip(bands).filter(|&(_, count)| count > 0).collect();
        HeatMap { ops_per_column: self.ops_per_column, columns: self.counts.into_iter().map(occurring).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_lie_where_their_operations_are() {
        let mut heat = Heat::new(150);
        for _ in 0..2 {
            (0..150).for_each(|op| heat.add(Some(if op == 149 { 4096 } else { 16 }).filter(|_| op > 1)));
        }
        let map = heat.finish();
        assert_eq!((map.ops_per_column, map.columns.len()), (2, 75));
        assert_eq!(map.columns[0], [], "what is not recorded is not there");
        assert_eq!(map.columns[1], [(8, 4)]);
        assert_eq!(map.columns[74], [(8, 2), (24, 2)]);
    }

    #[test]
    fn no_operation_gives_an_empty_map() {
        assert_eq!(Heat::new(0).finish(), HeatMap { ops_per_column: 1, columns: Vec::new() });
    }
}
