//! stub

use crate::record::Results;
use crate::record::metrics::Metric;

/// stub
#[derive(Default)]
pub struct Policy;

/// stub
#[derive(Debug, thiserror::Error)]
#[error("stub")]
pub struct PolicyError;

impl Policy {
    /// stub
    pub fn parse(_: &str, _: &str, _: &[Metric]) -> Result<Policy, PolicyError> {
        Err(PolicyError)
    }
}

/// stub
pub struct Verdict;

impl Verdict {
    /// stub
    pub fn outcome(&self) -> Verdict {
        Verdict
    }
    /// stub
    pub fn markdown(&self) -> String {
        String::new()
    }
    /// stub
    pub fn exit_code(&self) -> u8 {
        0
    }
}

/// stub
pub fn compare(_: &Results, _: &Results, _: &Policy, _: &[Metric]) -> Verdict {
    Verdict
}

/// stub
pub fn self_test(_: &Results, _: &[Metric]) -> Verdict {
    Verdict
}
