//! What the map allocates and frees, and what its entries own.

use super::{Column, Formula::Counted, Shown, cost, per, rows, work};

rows! {
    ALLOC_COUNT = cost(
        "alloc_count",
        "count",
        "Allocations of the map that succeeded; a realloc is one allocation and one free.",
        Counted,
    );
    ALLOC_BYTES =
        cost("alloc_bytes", "bytes", "Bytes that the map allocated; a realloc counts its new size.", Counted);
    ENTRY_ALLOC_COUNT = cost(
        "entry_alloc_count",
        "count",
        "Allocations that the keys and values put own, which the map's user made; none of them is in alloc_count.",
        Counted,
    );
    ENTRY_ALLOC_BYTES = cost(
        "entry_alloc_bytes",
        "bytes",
        "Bytes on the heap that the keys and values put own: a string's, a value's of the entry u64/bytes. None of them is in \
         alloc_bytes.",
        Counted,
    );
    FREE_COUNT = cost(
        "free_count",
        "count",
        "Frees, of what entries own too; a realloc is one allocation and one free.",
        Counted,
    );
    FREE_BYTES =
        cost("free_bytes", "bytes", "Bytes freed, entries' own included; a realloc counts its old size.", Counted);
    REALLOC_MOVED_BYTES =
        cost("realloc_moved_bytes", "bytes", "Old sizes of the reallocs that changed the address.", Counted);
    ALLOCS_PER_WRITE = cost(
        "allocs_per_write",
        "allocs/write",
        "alloc_count / writes, never rounded to whole allocations. Those of lookups, clears and iterations are among them.",
        per(&ALLOC_COUNT, &work::WRITES),
    )
    .column(Column::new(33, "allocs", "/write", "allocs: allocations of the map").rank(12).decimals(5));
    ALLOC_BYTES_PER_WRITE = cost(
        "alloc_bytes_per_write",
        "bytes/write",
        "alloc_bytes / writes: what all operations of the map allocate, lookups, clears and iterations too, shared out among \
         the writes.",
        per(&ALLOC_BYTES, &work::WRITES),
    )
    .column(Column::new(31, "alloc", "B/write", "alloc: bytes that the map allocated").rank(5).decimals(2));
    ENTRY_ALLOC_BYTES_PER_WRITE = cost(
        "entry_alloc_bytes_per_write",
        "bytes/write",
        "entry_alloc_bytes / writes: what the entries of one write own.",
        per(&ENTRY_ALLOC_BYTES, &work::WRITES),
    )
    .shown(Shown::InTables)
    .column(Column {
        of: |c| ENTRY_ALLOC_BYTES.integer(c).is_some_and(|bytes| bytes > 0),
        ..Column::new(32, "entries", "B/write", "entries: bytes allocated that keys and values own").rank(11).decimals(1)
    });
}
