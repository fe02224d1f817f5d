//! Learns of each block that counts, for the map's [blocks] and for the recorder of [stacks].

use counting_alloc::harness::{self, Watch};

use super::{blocks, stacks};

static WATCH: Watch = Watch { on: || blocks::on() || stacks::on(), allocated, freed };

/// Begins to watch, for whichever of the two is on by now.
pub(super) fn begin() {
    harness::watch(&WATCH);
}

fn allocated(block: *mut u8, bytes: usize) {
    if blocks::on() {
        blocks::allocated(block, bytes);
    }
    if stacks::on() {
        stacks::allocated(block, bytes);
    }
}

fn freed(block: *mut u8) {
    if blocks::on() {
        blocks::freed(block);
    }
    if stacks::on() {
        stacks::freed(block);
    }
}
