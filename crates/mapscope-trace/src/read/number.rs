//! Numbers in text, and text in errors.

/// An unsigned decimal number: digits and nothing else, at most `u64::MAX`.
#[inline]
pub fn decimal(digits: &[u8]) -> Option<u64> {
    // Nineteen digits always fit, and are checked all at once.
    let (head, tail) = digits.split_at(digits.len().min(19));
    let (mut number, mut other) = (0u64, false);
    for byte in head {
        let digit = byte.wrapping_sub(b'0');
        other |= digit > 9;
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
    }
    if other || digits.is_empty() {
        return None;
    }
    tail.iter().try_fold(number, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 { None } else { number.checked_mul(10)?.checked_add(u64::from(digit)) }
    })
}

/// Exactly 16 hexadecimal digits.
pub fn hexadecimal(digits: &[u8]) -> Option<u64> {
    /// By byte: the digit's value, or `NONE`. A table, because whether a digit of a hash is a letter can't be predicted.
    const DIGITS: [u8; 256] = {
        let mut digits = [NONE; 256];
        let mut value = 0;
        while value < 16 {
            digits[b"0123456789abcdef"[value] as usize] = value as u8;
            digits[b"0123456789ABCDEF"[value] as usize] = value as u8;
            value += 1;
        }
        digits
    };
    const NONE: u8 = 0xff;

    let digits: &[u8; 16] = digits.try_into().ok()?;
    let (mut number, mut all) = (0, 0);
    for &byte in digits {
        let digit = DIGITS[usize::from(byte)];
        number = number << 4 | u64::from(digit);
        all |= digit;
    }
    (all != NONE).then_some(number)
}

/// Up to 16 hexadecimal digits.
pub(super) fn hex(digits: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u64::from_str_radix(text, 16).ok()
}

/// Bytes as an error shows them: in backquotes, escaped, and no longer than a line on a terminal.
pub fn quote(bytes: &[u8]) -> String {
    const SHOWN: usize = 40;
    let (shown, more) = bytes.split_at(bytes.len().min(SHOWN));
    if shown.is_empty() {
        return "nothing".to_owned();
    }
    let mut quoted = String::from("`");
    for &byte in shown {
        match byte {
            b'"' | b'\'' => quoted.push(char::from(byte)),
            _ => quoted.extend(byte.escape_ascii().map(char::from)),
        }
    }
    quoted + if more.is_empty() { "`" } else { "...`" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_digits_and_fit() {
        assert_eq!(decimal(b"0"), Some(0));
        assert_eq!(decimal(b"0018446744073709551615"), Some(u64::MAX));
        for bad in [&b""[..], b"18446744073709551616", b"-1", b"+1", b" 1", b"1 ", b"1.0", b"0x1"] {
            assert_eq!(decimal(bad), None, "{}", quote(bad));
        }
    }

    #[test]
    fn hashes_are_sixteen_digits() {
        assert_eq!(hexadecimal(b"0123456789abcDEF"), Some(0x0123_4567_89ab_cdef));
        assert_eq!(hexadecimal(b"ffffffffffffffff"), Some(u64::MAX));
        for bad in [&b""[..], b"0123456789abcde", b"0123456789abcdef0", b"0123456789abcdeg", b"0x23456789abcdef"] {
            assert_eq!(hexadecimal(bad), None, "{}", quote(bad));
        }
    }

    #[test]
    fn quotes_escape_and_stay_short() {
        assert_eq!(quote(b""), "nothing");
        assert_eq!(quote(b"a\x00\xff\\"), "`a\\x00\\xff\\\\`");
        assert_eq!(quote(b"'a' \"b\""), "`'a' \"b\"`");
        assert_eq!(quote(&[b'x'; 100]).len(), 45);
    }
}
