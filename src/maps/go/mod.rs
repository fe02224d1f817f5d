//! Models of Go's maps, and of the heap they live on.

pub mod classic;
pub mod heap;
mod kept;
mod slice;
mod stored;
pub mod swiss;

pub use classic::GoClassic;
pub use swiss::GoSwiss;
