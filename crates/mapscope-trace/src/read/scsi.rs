//! SCSI's codes for what is done with blocks.

use super::{Action, Verb};

/// What a code of an operation asks for; none of what is no such code.
pub(super) fn verb(code: u64) -> Option<Verb> {
    Some(match code {
        // READ (6), (10), (12), (16).
        0x08 | 0x28 | 0xa8 | 0x88 => &[Action::Get],
        // WRITE (6), (10), (12), (16), and WRITE AND VERIFY (10), (12), (16).
        0x0a | 0x2a | 0xaa | 0x8a | 0x2e | 0xae | 0x8e => &[Action::Insert],
        // About no block: TEST UNIT READY, INQUIRY, MODE SENSE, SYNCHRONIZE CACHE, UNMAP and the like.
        0x00..=0xff => &[Action::Nothing],
        _ => return None,
    })
}
