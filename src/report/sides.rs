//! The small tables beside the figures, in order.

use super::side::Side;
use super::{parts, rates, responses};

/// All of them.
pub(super) static SIDES: [Side; 3] = [parts::SIDE, responses::SIDE, rates::SIDE];
