//! Replay: recorded operations drive a model of the map that they were recorded from, hash by hash.
//!
//! [`Recording`] reads, [`player()`] makes a model with its types erased, [`Comparison`] finds where the two differ.
//! [`Traced`] writes traces, of a map in your own program.
//!
//! It takes no memory that grows with the operations: 16 to 32 bytes for each key that has a recorded hash, beside the
//! map, and at most 256 where the identities leave most numbers out.

mod about;
mod check;
mod guarded;
mod hashes;
#[cfg(feature = "builtin")]
mod models;
mod player;
mod recording;
mod shapes;

pub use about::About;
pub use check::{Comparison, Differing, NOVERFLOW_EXACT_BELOW_B, columns};
pub use guarded::Guarded;
pub use hashes::{EitherHashing, Recorded, Replaying};
pub use mapscope_trace::Traced;
#[cfg(feature = "builtin")]
pub use models::{model_of, player_of_layout, player_of_shape};
pub use player::{ALLOCATED, Action, Entries, Play, PlayError, Row, Setup, Told, player};
pub use recording::Recording;
pub use shapes::{SHAPES, Shape, Shapes, Words, shape};
