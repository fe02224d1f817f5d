//! The record itself.

use std::io;

use super::{Emit, Format};
use crate::record::Results;

pub(super) const FORMAT: Format =
    Format { name: "json", summary: "results.json: the whole record, from which every other format renders", render };

fn render(results: &Results, emit: &mut Emit<'_>) -> io::Result<()> {
    let mut bytes = serde_json::to_vec_pretty(results)?;
    bytes.push(b'\n');
    emit("results.json", &bytes)
}
