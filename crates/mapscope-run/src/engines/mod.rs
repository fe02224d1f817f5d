//! Runtimes whose maps can't be compiled in: each has a program that works them, which is driven over a pipe, one folder an
//! engine.

mod cache;
pub mod go;

use std::path::PathBuf;
use std::rc::Rc;

pub use cache::Cache;

use crate::subject::Subject;

/// Every engine.
pub const ENGINES: &[Engine] = &[go::ENGINE];

/// A runtime, and the toolchains that bring it.
pub struct Engine {
    /// The flag that names a toolchain, without dashes.
    pub flag: &'static str,
    /// What the flag's help says.
    pub help: &'static str,
    /// The kinds of map that it has. A kind's name stands for that map of each toolchain found, which is called
    /// `KIND@VERSION`.
    pub kinds: &'static [&'static str],
    /// The maps that model what it has, for what can't be asked of it.
    pub models: &'static [&'static str],
    /// A subject of each kind without a toolchain: in a plan it says why there is none, or how to get one; in a cell's process
    /// it opens what was prepared.
    pub unfound: fn(Option<&str>) -> Rows,
    /// Subjects of every kind of each toolchain at the paths given; without any, of the one on the PATH, if there is one.
    pub found: fn(&[PathBuf]) -> Result<Rows, String>,
}

/// Rows of the registry.
pub type Rows = Vec<Rc<dyn Subject>>;
