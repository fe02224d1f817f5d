//! The beginning of a file, by which its format is told.

use super::{Units, quote};

/// The beginning of a file, unpacked, without a byte-order mark.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// As it is.
    pub bytes: &'a [u8],
    /// Whether it is all of the file.
    pub whole: bool,
    /// The file's name without folders; it counts only among binary formats, whose bytes can say too little.
    pub name: &'a str,
    /// Whether a few of its rows may be bad, or it may end within a record: what reads it says so, then.
    damaged: bool,
}

impl<'a> Sample<'a> {
    /// The sample of a file that may be whole.
    pub fn new(bytes: &'a [u8], whole: bool, name: &'a str) -> Sample<'a> {
        Sample { bytes, whole, name, damaged: false }
    }

    /// The same, where no format has all of it: what a format has most of.
    pub(super) fn damaged(self) -> Sample<'a> {
        Sample { damaged: true, ..self }
    }

    /// Whether it is text: with next to no control characters, and in UTF-8 but for a few bytes, as old encodings have them.
    /// Text that is damaged remains text, so that its bad row is named.
    pub fn is_text(&self) -> bool {
        let controls = self.bytes.iter().filter(|&&byte| is_control(byte) && ![0x0c, 0x1b].contains(&byte)).count();
        let strange: usize = self.bytes.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
        controls <= 1 + self.bytes.len() / 64 && (controls + strange) * 8 <= self.bytes.len()
    }

    /// Its whole lines, blank ones left out, if it is text.
    pub fn lines(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let text = if self.is_text() { self.bytes } else { b"" };
        let end = match text.iter().rposition(|&byte| byte == b'\n') {
            Some(at) if !self.whole => at,
            _ => text.len(),
        };
        let lines = text[..end].split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        lines.filter(|line| !line.is_empty())
    }

    /// Whether there are lines and this holds of each; where it is damaged, of the first, which is no header then, and of
    /// all but one or one in ten.
    pub(super) fn all_lines(&self, is: impl Fn(&[u8]) -> bool) -> bool {
        let most_bad = if self.damaged { (self.lines().count() / 10).max(1) } else { 0 };
        self.lines().next().is_some_and(&is)
            && self.lines().filter(|line| !is(line)).take(most_bad + 1).count() <= most_bad
    }

    /// Its whole records of `N` bytes; none of text, and of a file that ends within one unless it is damaged.
    pub(super) fn records<const N: usize>(&self) -> &'a [[u8; N]] {
        let (records, rest) = self.bytes.as_chunks();
        if self.is_text() || self.whole && !rest.is_empty() && !self.damaged { &[] } else { records }
    }

    /// Whether `units` are what it can be cut into.
    pub(super) fn fits(&self, units: Units) -> bool {
        match units {
            Units::Lines => self.is_text(),
            Units::Records(_) => !self.is_text(),
            Units::Rows => true,
        }
    }
}

/// Whether a byte is a control character that no text has: none of tab and the ends of lines.
fn is_control(byte: u8) -> bool {
    byte < b' ' && ![b'\t', b'\n', b'\r'].contains(&byte)
}

/// Refuses a line of text that has a control character.
///
/// # Errors
///
/// What was found and what to do.
#[inline]
pub(super) fn without_controls(line: &[u8]) -> Result<(), String> {
    // Without an early end, so that the compiler makes wide instructions of it. Few lines have so much as a tab.
    match line.iter().fold(false, |any, &byte| any | (byte < b' ')) && line.iter().any(|&byte| is_control(byte)) {
        true => Err(control(line)),
        false => Ok(()),
    }
}

#[cold]
fn control(line: &[u8]) -> String {
    let found = line.iter().position(|&byte| is_control(byte)).map_or(&[][..], |at| &line[at..=at]);
    format!(
        "the control character {} in {}; expected text: mend the row, or give the format of binary data with --trace-format \
         (`mapscope list traces`)",
        quote(found),
        quote(line)
    )
}
