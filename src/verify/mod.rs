//! x
mod scenario;
pub use scenario::Scenario;
