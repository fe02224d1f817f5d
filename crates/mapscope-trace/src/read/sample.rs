//! The beginning of a file, by which its format is told.

use super::Units;

/// The beginning of a file, unpacked, without a byte-order mark.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// As it is.
    pub bytes: &'a [u8],
    /// Whether it is all of the file.
    pub whole: bool,
    /// The file's name without folders; it counts only among binary formats, whose bytes can say too little.
    pub name: &'a str,
}

impl<'a> Sample<'a> {
    /// Whether it is text: without control characters, and in UTF-8 but for a few bytes, as old encodings have them.
    pub fn is_text(&self) -> bool {
        let control = |&byte: &u8| byte < b' ' && ![b'\t', b'\n', b'\r', 0x0c, 0x1b].contains(&byte);
        if self.bytes.iter().any(control) {
            return false;
        }
        let strange: usize = self.bytes.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
        strange * 8 <= self.bytes.len()
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

    /// Whether there are lines and this holds of each.
    pub(super) fn all_lines(&self, is: impl Fn(&[u8]) -> bool) -> bool {
        self.lines().next().is_some() && self.lines().all(is)
    }

    /// Its whole records of `N` bytes; none of text, and of a file that ends within one.
    pub(super) fn records<const N: usize>(&self) -> &'a [[u8; N]] {
        let (records, rest) = self.bytes.as_chunks();
        if self.is_text() || self.whole && !rest.is_empty() { &[] } else { records }
    }

    /// Whether `units` are what it can be cut into.
    pub(super) fn fits(&self, units: Units) -> bool {
        (units == Units::Lines) == self.is_text()
    }
}
