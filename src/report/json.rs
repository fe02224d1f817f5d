//! `results.json`: the record itself, laid out so that two of them can be compared line by line.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use super::{Emit, Format};
use crate::record::Results;

pub(super) const FORMAT: Format = Format {
    name: "json",
    summary: "results.json: the whole record; every other format derives from it",
    always: true,
    render,
};

fn render(results: &Results, emit: &mut Emit<'_>) -> io::Result<()> {
    let mut bytes = Vec::new();
    results.serialize(&mut Serializer::with_formatter(&mut bytes, Layout::default()))?;
    bytes.push(b'\n');
    emit("results.json", &bytes)
}

/// Indents objects down to a cell's fields; a list inside a cell (histograms, frames, stacks) has one element a line,
/// and each element stays on its line.
#[derive(Default)]
struct Layout {
    pretty: PrettyFormatter<'static>,
    /// Indented arrays and objects around the current position.
    depth: usize,
    /// Arrays around the current position.
    arrays: usize,
    /// Objects around the current position that are written on one line.
    inline: usize,
    /// Whether the current list inside a cell holds objects, so that its bracket closes on a line of its own.
    lines: bool,
}

impl Layout {
    /// Whether the position is inside a list inside a cell.
    fn compact(&self) -> bool {
        self.arrays > 1
    }

    fn line<W: ?Sized + Write>(&self, out: &mut W, depth: usize) -> io::Result<()> {
        write!(out, "\n{:1$}", "", 2 * depth)
    }
}

impl Formatter for Layout {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.arrays += 1;
        if self.compact() {
            return out.write_all(b"[");
        }
        self.depth += 1;
        self.pretty.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        let compact = self.compact();
        self.arrays -= 1;
        if !compact {
            self.depth -= 1;
            return self.pretty.end_array(out);
        }
        if self.arrays == 1 && std::mem::take(&mut self.lines) {
            self.line(out, self.depth)?;
        }
        out.write_all(b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        match self.compact() {
            true if first => Ok(()),
            true => out.write_all(b","),
            false => self.pretty.begin_array_value(out, first),
        }
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        match self.compact() {
            true => Ok(()),
            false => self.pretty.end_array_value(out),
        }
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        if !self.compact() {
            self.depth += 1;
            return self.pretty.begin_object(out);
        }
        self.inline += 1;
        if self.inline == 1 {
            self.lines = true;
            self.line(out, self.depth + 1)?;
        }
        out.write_all(b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        if !self.compact() {
            self.depth -= 1;
            return self.pretty.end_object(out);
        }
        self.inline -= 1;
        out.write_all(b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        match self.compact() {
            true if first => Ok(()),
            true => out.write_all(b", "),
            false => self.pretty.begin_object_key(out, first),
        }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        match self.compact() {
            true => Ok(()),
            false => self.pretty.end_object_value(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = include_str!("../../tests/golden_cells/record.json");

    fn text(results: &Results) -> String {
        let mut text = String::new();
        render(results, &mut |path, bytes| {
            assert_eq!(path, "results.json");
            text = String::from_utf8(bytes.to_vec()).unwrap();
            Ok(())
        })
        .unwrap();
        text
    }

    #[test]
    fn reads_back_as_the_same_record() {
        let results: Results = serde_json::from_str(RECORD).unwrap();
        assert_eq!(serde_json::from_str::<Results>(&text(&results)).unwrap(), results);
    }

    #[test]
    fn a_frame_a_stack_and_a_histogram_take_one_line_each() {
        let results: Results = serde_json::from_str(RECORD).unwrap();
        let text = text(&results);
        let of = |what: &str| text.lines().filter(|line| line.trim_start().starts_with(what)).count();
        let histograms: usize = results.cells.iter().flat_map(|cell| &cell.time).map(|t| t.histograms.len()).sum();
        let profiles = || results.cells.iter().flat_map(|cell| &cell.profile);
        let stacks: usize = profiles().map(|p| p.alloc.len() + p.copy.len() + p.cpu.len()).sum();
        assert!(histograms > 0 && stacks > 0);
        assert_eq!(of("{\"kind\": "), histograms);
        assert_eq!(of("{\"function\": "), profiles().map(|profile| profile.frames.len()).sum::<usize>());
        assert_eq!(of("{\"stack\": ["), stacks);
        assert_eq!(of("\"map\": "), results.cells.len(), "a cell's own fields have a line each");
    }
}
