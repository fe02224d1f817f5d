//! The forms that systems of continuous integration read. Reports and the gate fill them.

pub mod github;
pub mod junit;
pub mod sarif;
