//! `go-classic` and its variants against a plain model, against the census, against known numbers, and while ranges
//! walk them.

use crate::go_map;
/// Does something with `go-classic` and with each variant of it as the type named.
macro_rules! each_variant {
    ($family:ident => $do:expr) => {
        each_variant!($family => $do, GoClassic, GoClassicInline, GoClassicSlab, GoClassicPooled);
    };
    ($family:ident => $do:expr, $($variant:ident),*) => {$({
        type $family = mapscope::maps::go::$variant;
        $do;
    })*};
}

mod census;
mod exact;
mod model;
mod ranges;
mod variants;
