//! Models of Go's maps, and of the heap they live on.

mod aside;
pub mod classic;
pub mod heap;
mod kept;
mod slice;
mod stored;
pub mod swiss;
pub mod syncmap;

pub use classic::{GoClassic, GoClassicInline, GoClassicPooled, GoClassicSlab};
pub use swiss::GoSwiss;
pub use syncmap::GoSyncMap;
