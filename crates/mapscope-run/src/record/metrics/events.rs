//! Structural steps, and what the most expensive single write did.

use super::{Column, Formula::Counted, Metric, Shown::Nowhere, cost, description, rows};

/// Steps of a map that has such.
const fn steps(name: &'static str, summary: &'static str) -> Metric {
    description(name, "count", summary, Counted)
}

rows! {
    GROW_EVENTS = steps("grow_events", "Larger tables allocated, the first one included.");
    SAME_SIZE_GROW_EVENTS =
        steps("same_size_grow_events", "Tables of the same size allocated, to shed tombstones or chains.");
    SPLIT_EVENTS = steps("split_events", "Tables replaced by two, each with half of the hashes.");
    DIRECTORY_GROW_EVENTS = steps("directory_grow_events", "Times that the directory of tables was made larger.");
    PRUNE_EVENTS = steps("prune_events", "Times that a table's tombstones were cleared in place.");
    PROMOTE_EVENTS =
        steps("promote_events", "Times that the table written to under a lock became the one read without.");
    DIRTY_COPY_EVENTS = steps(
        "dirty_copy_events",
        "Times that a table to be written to under a lock was made and given every live entry.",
    );
    REHASH_EVENTS = steps("rehash_events", "Chains linked into another table, their entries where they were.");
    LOCK_WAIT_EVENTS = steps(
        "lock_wait_events",
        "Operations that waited for a lock that another thread held, each time they did.",
    )
    .shown(Nowhere);
    MAX_MOVES_IN_ONE_WRITE =
        cost("max_moves_in_one_write", "count", "The most entries that a single write moved.", Counted)
            .column(Column::new(35, "most moves", "in a write", "most moves: by the dearest single write"));
    MAX_ALLOC_BYTES_IN_ONE_WRITE =
        cost("max_alloc_bytes_in_one_write", "bytes", "The most bytes that a single write allocated.", Counted);
}
