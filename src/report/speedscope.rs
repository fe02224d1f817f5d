//! A file for speedscope, the viewer of flame graphs: one for each cell, with a profile each of bytes allocated, bytes
//! copied and processor time, between which the viewer switches.
//!
//! Shape: every frame once, with file and line (`shared.frames`); profiles of the type `sampled`, which pair a stack
//! (indices of frames, root first) with a weight. Weights are bytes, or nanoseconds: a sample of the processor counts
//! for its period, as in the pprof profile. All frames are kept.
//!
//! Source: the schema that the file names, which ships with the npm package `speedscope`.

use std::io;

use serde::Serialize;

use super::stacks::short_name;
use super::{Emit, Format};
use crate::record::{Cell, Profile, Results};

pub(super) const FORMAT: Format = Format {
    name: "speedscope",
    summary: "cells/*/stacks.speedscope.json: bytes allocated, bytes copied and processor time, for speedscope",
    always: false,
    render,
};

/// A whole file. The names are the format's.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct File<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    shared: Shared<'a>,
    profiles: Vec<Sampled<'a>>,
    name: String,
    active_profile_index: usize,
    exporter: &'static str,
}

#[derive(Serialize)]
struct Shared<'a> {
    frames: Vec<SharedFrame<'a>>,
}

#[derive(Serialize)]
struct SharedFrame<'a> {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
}

/// Stacks and their weights, which lie end to end between the start and the end value.
#[derive(Serialize)]
#[serde(tag = "type", rename = "sampled", rename_all = "camelCase")]
struct Sampled<'a> {
    name: String,
    unit: &'static str,
    start_value: u64,
    end_value: u64,
    samples: Vec<&'a [u32]>,
    weights: Vec<u64>,
}

fn render(results: &Results, emit: &mut Emit<'_>) -> io::Result<()> {
    for cell in &results.cells {
        let Some(profile) = &cell.profile else { continue };
        let profiles = profiles(cell, profile);
        if profiles.is_empty() {
            continue;
        }
        let frames = profile.frames.iter().map(|frame| SharedFrame {
            name: short_name(&frame.function).into_owned(),
            file: frame.file.as_deref(),
            line: frame.line,
        });
        let file = File {
            schema: "https://www.speedscope.app/file-format-schema.json",
            shared: Shared { frames: frames.collect() },
            profiles,
            name: cell.id.to_string(),
            active_profile_index: 0,
            exporter: concat!(env!("CARGO_PKG_NAME"), "@", env!("CARGO_PKG_VERSION")),
        };
        emit(&format!("cells/{}/stacks.speedscope.json", cell.id.file_stem()), &serde_json::to_vec(&file)?)?;
    }
    Ok(())
}

/// Those of the three that have weight.
fn profiles<'a>(cell: &Cell, profile: &'a Profile) -> Vec<Sampled<'a>> {
    let sampled = |what: &str, unit, stacks: Vec<(&'a [u32], u64)>| {
        let (samples, weights): (Vec<_>, Vec<_>) = stacks.into_iter().filter(|&(_, weight)| weight > 0).unzip();
        let end_value = weights.iter().sum();
        Sampled { name: format!("{}: {what}", cell.id.map), unit, start_value: 0, end_value, samples, weights }
    };
    let alloc = profile.alloc.iter().map(|x| (&*x.stack, x.alloc_bytes)).collect();
    let copy = profile.copy.iter().map(|x| (&*x.stack, x.moved_bytes)).collect();
    let cpu = profile.cpu.iter().map(|x| (&*x.stack, x.samples.saturating_mul(profile.cpu_period_ns()))).collect();
    let all = [
        sampled("bytes allocated", "bytes", alloc),
        sampled("bytes copied", "bytes", copy),
        sampled("processor time", "nanoseconds", cpu),
    ];
    all.into_iter().filter(|sampled| !sampled.weights.is_empty()).collect()
}
