//! What systems of continuous integration read: the forms alone, whatever fills them. Reports and the gate do.

pub mod github;
pub mod junit;
