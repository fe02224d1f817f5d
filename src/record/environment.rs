//! The machine and the build that a record comes from.

use serde::{Deserialize, Serialize};

/// What a figure may depend on besides the cell: compared by the gate, shown by every report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// Processor model.
    pub cpu: String,
    /// Processors available.
    pub cpus: u64,
    /// Operating system and kernel release.
    pub kernel: String,
    /// Page size in bytes.
    pub page_bytes: u64,
    /// The compiler that built mapscope.
    pub rustc: String,
    /// The target triple.
    pub target: String,
    /// The allocator under the counter.
    pub allocator: String,
    /// mapscope's own version.
    pub mapscope: String,
}
