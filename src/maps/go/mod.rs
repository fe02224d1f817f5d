//! Models of Go's maps, and of the heap they live on.

mod aside;
pub mod classic;
pub mod heap;
mod slice;
pub mod syncmap;

pub use classic::GoClassic;
pub use syncmap::GoSyncMap;
