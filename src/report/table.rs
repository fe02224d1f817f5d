//! stub

use crate::record::Results;

/// The table on the terminal.
pub fn summary(_: &Results, _width: usize, _colour: bool) -> String {
    String::new()
}

/// What stands out.
pub fn standout(_: &Results) -> Option<String> {
    None
}
