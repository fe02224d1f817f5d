//! Replay: recorded operations drive a model of the map that they were recorded from, hash by hash.

mod hashes;
mod player;
mod shapes;

pub use player::{ALLOCATED, Action, Play, PlayError, Row, player};
pub use shapes::{SHAPES, Shape, Sized, shape, with_shape};
