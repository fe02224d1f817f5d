//! `go-swiss` against a plain model, against the census, against known numbers, and while ranges walk it.

mod census;
mod exact;
#[path = "../go_map/mod.rs"]
mod go_map;
mod model;
mod ranges;
