//! Models of Go's maps.

pub mod classic;

pub use classic::GoClassic;
