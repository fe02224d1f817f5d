//! Models of Go's maps, and of the heap they live on.

pub mod classic;
pub mod heap;
mod slice;

pub use classic::GoClassic;
