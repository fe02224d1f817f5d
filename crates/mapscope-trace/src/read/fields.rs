//! The fields of a row, with quotes or without.

use super::quote;

/// What separates the columns of a row whose quotes have been removed: no line of text has it.
pub(super) const UNIT_SEPARATOR: u8 = 0x1f;

/// A field without the spaces around it, which few have.
#[inline]
pub(super) fn trimmed(field: &[u8]) -> &[u8] {
    match field {
        [first, .., last] if *first > b' ' && *last > b' ' => field,
        _ => field.trim_ascii(),
    }
}

/// The cells of a header, trimmed and without quotes.
pub(super) fn cells(line: &[u8], separator: u8) -> impl Iterator<Item = Vec<u8>> {
    let mut row = Vec::new();
    // A quote that is not closed closes at the end of a header.
    let _ = plain(line, separator, &mut row);
    let cells: Vec<_> = row.split(|&byte| byte == UNIT_SEPARATOR).map(|cell| cell.trim_ascii().to_vec()).collect();
    cells.into_iter()
}

/// Appends a row as it is without quotes, its columns separated by [`UNIT_SEPARATOR`], and without the spaces around what is
/// not in quotes. A quote is one only where a field begins: `5" disk` has none.
pub(super) fn plain(line: &[u8], separator: u8, row: &mut Vec<u8>) -> Result<(), String> {
    let mut rest = if separator == b' ' { line.trim_ascii() } else { line };
    loop {
        // Spaces before a field, and several where they separate. A tab that does ends a field, however empty.
        let blank = |byte: &&u8| byte.is_ascii_whitespace() && (**byte != separator || separator == b' ');
        rest = &rest[rest.iter().take_while(blank).count()..];
        let is_quoted = rest.starts_with(b"\"");
        if let Some(quoted) = rest.strip_prefix(b"\"") {
            rest = unquoted(quoted, row).ok_or_else(|| {
                format!("a quote that is not closed in {}: a row is one line, and so are its fields", quote(line))
            })?;
        }
        let end = rest.iter().position(|&byte| byte == separator);
        let text = rest[..end.unwrap_or(rest.len())].trim_ascii_end();
        if is_quoted && !text.is_empty() {
            return Err(format!(
                "{} after a closing quote in {}; a quote within a field is doubled",
                quote(text),
                quote(line)
            ));
        }
        row.extend_from_slice(text);
        let Some(end) = end else { return Ok(()) };
        row.push(UNIT_SEPARATOR);
        rest = &rest[end + 1..];
    }
}

/// Appends what is in quotes, of which two are one; what follows the last.
fn unquoted<'a>(mut rest: &'a [u8], row: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        let end = rest.iter().position(|&byte| byte == b'"');
        row.extend_from_slice(&rest[..end.unwrap_or(rest.len())]);
        let end = end?;
        rest = &rest[end + 1..];
        match rest.strip_prefix(b"\"") {
            Some(after) => {
                row.push(b'"');
                rest = after;
            }
            None => return Some(rest),
        }
    }
}
