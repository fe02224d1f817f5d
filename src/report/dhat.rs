//! DHAT's files, version 2, for Valgrind's viewer (`dh_view.html`), which sorts program points by what they cost and
//! leaves out what matters little. One file says who allocated, one, in DHAT's copy mode, who copied entries.
//!
//! Shape: `pps` are the program points, one for each distinct call stack: bytes (`tb`) and blocks (`tbk`) in total, and
//! the stack (`fs`), leaf first, as indices into `ftbl`, whose first string stands for the root. Lifetimes and accesses
//! of blocks weren't recorded (`bklt`, `bkacc`); bytes and blocks in use at the end were, and are given (`eb`, `ebk`),
//! though the viewer shows them only beside lifetimes. Those of a modelled heap are not known. In the copy file a block is an entry moved.
//!
//! Time is counted in measured operations, so that the viewer's rates are bytes for a million of them, and exact.
//! Frames lack DHAT's `0xADDRESS: ` in front, since a record has no addresses. No process has the id 0.
//!
//! Source: the comment on the format in Valgrind's `dhat/dh_main.c`, and what `dhat/dh_view.js` demands.

use std::collections::{BTreeMap, HashMap};
use std::io;

use serde::Serialize;

use super::stacks::short_name;
use super::{Emit, Format};
use crate::record::{Cell, Frame, Profile, Results};

pub(super) const FORMAT: Format = Format {
    name: "dhat",
    summary: "cells/*/dhat.{heap,copy}.json: who allocated and who copied, for Valgrind's DHAT viewer, dh_view.html",
    always: false,
    render,
};

/// A whole file. The names are the format's.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct File {
    dhat_file_version: u32,
    mode: &'static str,
    /// Before the frames of a program point: `Allocated at {`.
    verb: &'static str,
    /// Whether lifetimes of blocks are known.
    bklt: bool,
    /// Whether accesses to blocks are known.
    bkacc: bool,
    /// What a block is called.
    bksu: &'static str,
    /// The unit of time, and a million of them.
    tu: &'static str,
    #[serde(rename = "Mtu")]
    mtu: &'static str,
    cmd: String,
    pid: u32,
    /// The time at the end.
    te: u64,
    pps: Vec<ProgramPoint>,
    ftbl: Vec<String>,
}

/// One call stack.
#[derive(Serialize)]
struct ProgramPoint {
    #[serde(flatten)]
    weight: Weight,
    fs: Vec<u32>,
}

/// What one call stack cost.
#[derive(Default, Serialize)]
struct Weight {
    /// Bytes and blocks in total.
    tb: u64,
    tbk: u64,
    /// Bytes and blocks at the end; a copy has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    eb: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ebk: Option<u64>,
}

fn render(results: &Results, emit: &mut Emit<'_>) -> io::Result<()> {
    for cell in &results.cells {
        let Some(profile) = &cell.profile else { continue };
        let heap = profile.alloc.iter().map(|x| {
            let (tb, tbk) = (x.alloc_bytes, x.alloc_count);
            (&*x.stack, Weight { tb, tbk, eb: x.live_bytes, ebk: x.live_count })
        });
        let copy = profile
            .copy
            .iter()
            .map(|x| (&*x.stack, Weight { tb: x.moved_bytes, tbk: x.moved_entries, ..Weight::default() }));
        for (mode, file) in [
            ("heap", build(cell, profile, ("heap", "Allocated", "blocks"), heap)),
            ("copy", build(cell, profile, ("copy", "Copied", "entries"), copy)),
        ] {
            if !file.pps.is_empty() {
                emit(&format!("cells/{}/dhat.{mode}.json", cell.id.file_stem()), &serde_json::to_vec(&file)?)?;
            }
        }
    }
    Ok(())
}

fn build<'a>(
    cell: &Cell,
    profile: &Profile,
    (mode, verb, bksu): (&'static str, &'static str, &'static str),
    weights: impl Iterator<Item = (&'a [u32], Weight)>,
) -> File {
    let mut frames = Frames::default();
    // The viewer takes no call stack twice, and frames that look alike are one.
    let mut points = BTreeMap::<Vec<u32>, Weight>::new();
    for (stack, weight) in weights.filter(|(_, weight)| weight.tb > 0 || weight.tbk > 0) {
        let fs = stack.iter().rev().map(|&frame| frames.index(&profile.frames[frame as usize])).collect();
        points.entry(fs).or_default().add(weight);
    }
    File {
        dhat_file_version: 2,
        mode,
        verb,
        bklt: false,
        bkacc: false,
        bksu,
        tu: "ops",
        mtu: "Mop",
        cmd: cell.id.to_string(),
        pid: 0,
        te: cell.id.ops,
        pps: points.into_iter().map(|(fs, weight)| ProgramPoint { weight, fs }).collect(),
        ftbl: frames.table,
    }
}

impl Weight {
    fn add(&mut self, other: Weight) {
        let sum = |a: Option<u64>, b: Option<u64>| b.map(|b| a.unwrap_or(0).saturating_add(b));
        self.tb = self.tb.saturating_add(other.tb);
        self.tbk = self.tbk.saturating_add(other.tbk);
        self.eb = sum(self.eb, other.eb);
        self.ebk = sum(self.ebk, other.ebk);
    }
}

/// The frames that occur, each as it is shown, after the root.
struct Frames {
    table: Vec<String>,
    indices: HashMap<String, u32>,
}

impl Default for Frames {
    fn default() -> Frames {
        Frames { table: vec!["[root]".to_owned()], indices: HashMap::new() }
    }
}

impl Frames {
    fn index(&mut self, frame: &Frame) -> u32 {
        let shown = shown(frame);
        *self.indices.entry(shown).or_insert_with_key(|shown| {
            self.table.push(shown.clone());
            self.table.len() as u32 - 1
        })
    }
}

/// As DHAT prints a frame, without an address: `function (file:line)`.
fn shown(frame: &Frame) -> String {
    let name = short_name(&frame.function);
    match (&frame.file, frame.line) {
        (Some(file), Some(line)) => format!("{name} ({file}:{line})"),
        (Some(file), None) => format!("{name} ({file})"),
        (None, _) => name.into_owned(),
    }
}
