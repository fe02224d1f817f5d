//! The gate and the reading of records, from outside.

mod comparing;
pub mod fixture;
mod formats;
mod markdown;
mod policy;
mod rank;
mod reading;
mod self_test;
mod slo;
mod undisturbed;
