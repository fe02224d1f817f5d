//! `go-swiss` against a plain model, against the census, against known numbers, and while ranges walk it.

mod census;
mod exact;
mod model;
mod ranges;

use crate::go_map;
