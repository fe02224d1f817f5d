//! Text that is not ours, made fit to be shown. What comes from a file, a name or a program may hold anything: sequences
//! that move a terminal's cursor, marks that turn the direction of reading, line breaks that begin a line which some
//! system takes for a command, a megabyte where a word was expected.
//!
//! ```text
//! record, label, file name --clean--> one line of plain text, wherever a report puts it
//! message of an error   --message--> standard error
//! table, verdict, answer  --screen--> standard output
//! ```
//!
//! Whatever enters a record is clean ([`clean`]; on reading, [`clean_json`]), so that no form of report needs to think of
//! it: each escapes only what has a meaning in that form. What leaves for a terminal or a log passes [`screen`] or
//! [`message`] besides.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;

/// As much of a foreign value does an error repeat, in characters.
const SHOWN_MAX: usize = 60;
/// As long may a line of an error be, in characters, before its middle is left out.
const LINE_MAX: usize = 2000;

/// Whether a character does something else than to be seen: controls, marks of direction, line and paragraph separators,
/// invisible ones, and what is no character (which XML can't hold).
pub fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{feff}' | '\u{fdd0}'..='\u{fdef}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
        || u32::from(c) & 0xfffe == 0xfffe
}

/// One line of plain text: whatever [`acts`] is written as an escape, `\n` or `\u{1b}`. Clean text stays as it is.
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if acts(c) { cleaned.extend(c.escape_default()) } else { cleaned.push(c) }
    }
    Cow::Owned(cleaned)
}

/// `text`, and spaces after it up to `width` characters. Unlike a width in a format string, one of any size.
pub fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", room(text, width))
}

/// `text`, and spaces before it up to `width` characters.
pub fn pad_start(text: &str, width: usize) -> String {
    format!("{}{text}", room(text, width))
}

fn room(text: &str, width: usize) -> String {
    " ".repeat(width.saturating_sub(text.chars().count()))
}

/// The lines of a program's output as one line of plain text.
pub fn one_line(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(clean).collect();
    lines.join("; ")
}

/// A path as plain text, whatever bytes it has.
pub fn path(path: &Path) -> String {
    clean(&path.to_string_lossy()).into_owned()
}

/// A pattern of names as the crate `globset` takes it: `*`, `?` and `{a,b}` are wild. Brackets are themselves, and so are
/// braces with no comma between them: `map[string]struct{}` is a name.
pub fn pattern(text: &str) -> String {
    let mut glob = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['[', '{', '}', '\\']) {
        glob.push_str(&rest[..at]);
        let (found, after) = rest[at..].split_at(1);
        let alternatives = after.split_once(['{', '}']).map_or("", |(inside, _)| inside);
        let closed = after[alternatives.len()..].starts_with('}');
        if found == "{" && closed && alternatives.contains(',') {
            glob.extend(["{", &alternatives.replace('[', "[[]").replace('\\', "[\\]"), "}"]);
            rest = &after[alternatives.len() + 1..];
        } else {
            glob.extend(["[", found, "]"]);
            rest = after;
        }
    }
    glob + rest
}

/// A value from outside as an error repeats it: clean, and cut where it is long.
pub fn shown(text: &str) -> String {
    around("", text)
}

/// The same in quotes.
pub fn quoted(text: &str) -> String {
    around("\"", text)
}

fn around(quote: &str, text: &str) -> String {
    match text.char_indices().nth(SHOWN_MAX) {
        None => format!("{quote}{}{quote}", clean(text)),
        Some((end, _)) => format!("{quote}{}…{quote} ({} bytes)", clean(&text[..end]), text.len()),
    }
}

/// What goes to standard output, line by line: escape sequences other than styles of ours, and whatever else [`acts`] but
/// the ends of lines, are written as escapes.
pub fn screen(text: &str) -> Cow<'_, str> {
    if !text.contains(|c| acts(c) && c != '\n') {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = style(rest) {
            cleaned.push_str(&rest[..rest.len() - after.len()]);
            rest = after;
            continue;
        }
        if acts(c) && c != '\n' {
            cleaned.extend(c.escape_default())
        } else {
            cleaned.push(c)
        }
        rest = &rest[c.len_utf8()..];
    }
    Cow::Owned(cleaned)
}

/// What follows a style at the start of `text`: colours and weights, which is all that reports use.
fn style(text: &str) -> Option<&str> {
    let codes = text.strip_prefix("\x1b[")?;
    codes.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').strip_prefix('m')
}

/// The message of an error as it goes to standard error: clean, no line of it longer than a screen, and none but the
/// first at the start of a line, where GitHub would look for a command.
pub fn message(text: &str) -> String {
    let mut shown = String::new();
    for (number, line) in text.lines().enumerate() {
        let line = clean(line).replace("##[", "## [");
        let length = line.chars().count();
        let start = if number == 0 { "" } else { "\n  | " };
        if length <= LINE_MAX {
            let _ = write!(shown, "{start}{line}");
        } else {
            let head: String = line.chars().take(LINE_MAX / 2).collect();
            let tail: String = line.chars().skip(length - LINE_MAX / 4).collect();
            let left_out = length - LINE_MAX / 2 - LINE_MAX / 4;
            let _ = write!(shown, "{start}{head} … ({left_out} characters left out) … {tail}");
        }
    }
    shown
}

/// JSON whose strings are [`clean`]: the same bytes where they are. Nothing but strings is touched, so that lines and
/// mistakes stay where they were.
pub fn clean_json(json: &[u8]) -> Cow<'_, [u8]> {
    let mut cleaned = Vec::new();
    // What lies before is in `cleaned`.
    let mut copied = 0;
    let mut at = 0;
    while at < json.len() {
        match unclean_at(json, at) {
            Some((c, length)) => {
                cleaned.extend(&json[copied..at]);
                // The backslash of the escape is a character of the string, and so escaped itself.
                cleaned.extend(c.escape_default().to_string().replace('\\', "\\\\").bytes());
                at += length;
                copied = at;
            }
            // An escaped backslash is not the beginning of the next escape.
            None if json[at] == b'\\' => at += 2,
            None => at += 1,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(json);
    }
    cleaned.extend(&json[copied..]);
    Cow::Owned(cleaned)
}

/// The character at a place of JSON that [`acts`], written as it is or as an escape, and how many bytes it takes there.
fn unclean_at(json: &[u8], at: usize) -> Option<(char, usize)> {
    let rest = &json[at..];
    let (c, length) = match rest {
        [b'\\', b'u', ..] => {
            let unit = |at: usize| {
                let digits = rest.get(at..at + 6)?.strip_prefix(b"\\u")?;
                u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
            };
            let first = unit(0)?;
            match char::decode_utf16([first, unit(6).unwrap_or(0)]).next()? {
                Ok(c) => (c, 6 * c.len_utf16()),
                Err(_) => return None,
            }
        }
        [b'\\', escape, ..] => {
            let c = match escape {
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                _ => return None,
            };
            (c, 2)
        }
        // Between strings, JSON has spaces and ends of lines.
        [0x00..=0x7e, ..] => return None,
        [0x7f, ..] => ('\u{7f}', 1),
        [0xc0..=0xff, ..] => {
            let text = &rest[..rest.len().min(4)];
            let valid = match std::str::from_utf8(text) {
                Ok(text) => text,
                Err(error) => std::str::from_utf8(&text[..error.valid_up_to()]).ok()?,
            };
            let c = valid.chars().next()?;
            (c, c.len_utf8())
        }
        _ => return None,
    };
    acts(c).then_some((c, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTING: &str = "a\u{1b}[31mred\u{202e}x\nb\u{fffe}\u{85}\u{7f}\tz";

    #[test]
    fn nothing_that_acts_is_left_and_the_rest_stays() {
        assert_eq!(clean(ACTING), r"a\u{1b}[31mred\u{202e}x\nb\u{fffe}\u{85}\u{7f}\tz");
        for plain in ["", "trace:a@1", "Ünïcödé 表 👩‍💻 \\n \"q\"", "\u{e9}"] {
            assert!(matches!(clean(plain), Cow::Borrowed(same) if same == plain), "{plain}");
        }
        let every = (0..=0x10_ffff).filter_map(char::from_u32).collect::<String>();
        assert!(!clean(&every).contains(acts));
        assert_eq!(path(Path::new("a\nb")), "a\\nb");
        assert_eq!(one_line("# built\n\n  x.go:1: no\tt \r\n"), r"# built; x.go:1: no\tt");
    }

    #[test]
    fn a_long_value_is_cut_and_says_how_long_it_was() {
        assert_eq!((quoted("a\u{7}"), shown("a\u{7}")), ("\"a\\u{7}\"".to_owned(), "a\\u{7}".to_owned()));
        let long = "é".repeat(1 << 20);
        assert_eq!(quoted(&long), format!("\"{}…\" (2097152 bytes)", "é".repeat(60)));
        let message = message(&format!("{long}\n::error::x\n##[error]y"));
        assert!(message.len() < 5000 && message.contains("characters left out"), "{message}");
        assert!(message.ends_with("\n  | ::error::x\n  | ## [error]y"), "{message}");
    }

    #[test]
    fn a_pattern_s_brackets_are_themselves() {
        for (written, glob) in [
            ("", ""),
            ("*.go:* map[string]int", "*.go:* map[[]string]int"),
            ("*map[[2]int]struct{}", "*map[[][[]2]int]struct[{][}]"),
            ("{go,std}-*", "{go,std}-*"),
            ("{[]int,a}{", "{[[]]int,a}[{]"),
            ("struct { A int }, {b}}", "struct [{] A int [}], [{]b[}][}]"),
            ("{a{b,c}", "[{]a{b,c}"),
            ("a\\*", "a[\\]*"),
        ] {
            assert_eq!(pattern(written), glob, "{written}");
        }
    }

    #[test]
    fn a_column_may_be_wider_than_a_format_string_allows() {
        assert_eq!((pad("é", 3), pad_start("é", 3), pad("long", 2)), ("é  ".into(), "  é".into(), "long".into()));
        assert_eq!(pad("", 1 << 17).len(), 1 << 17);
    }

    #[test]
    fn a_screen_keeps_lines_and_styles_and_nothing_else() {
        assert_eq!(screen("\x1b[1mbold\x1b[0m\n\x1b[38;5;1mx"), "\x1b[1mbold\x1b[0m\n\x1b[38;5;1mx");
        assert_eq!(screen("\x1b]0;title\x07 \x1b[2J \r"), r"\u{1b}]0;title\u{7} \u{1b}[2J \r");
        assert_eq!(screen("\x1b["), r"\u{1b}[");
    }

    #[test]
    fn strings_of_json_are_cleaned_whichever_way_they_are_written() {
        let text = serde_json::to_string_pretty(&[ACTING, "plain \\ \"q\" 表"]).unwrap();
        for json in [text.clone(), text.replace('\u{202e}', "\\u202E").replace('\u{fffe}', "\\uFFFE")] {
            let cleaned: Vec<String> = serde_json::from_slice(&clean_json(json.as_bytes())).unwrap();
            assert_eq!(cleaned, [&*clean(ACTING), "plain \\ \"q\" 表"]);
        }
        let tag = r#"["\udb40\udc41", "\\n", "\ud83d\ude00", "\\\n"]"#;
        let cleaned: Vec<String> = serde_json::from_slice(&clean_json(tag.as_bytes())).unwrap();
        assert_eq!(cleaned, [r"\u{e0041}", r"\n", "😀", r"\\n"]);
        let plain = br#"{"a": "\u00e9 \\ \"", "b": [1,
            2]}"#;
        assert!(matches!(clean_json(plain), Cow::Borrowed(same) if same == plain));
    }

    proptest::proptest! {
        #[test]
        fn what_json_says_is_what_it_said_but_clean(text in "\\PC{0,8}[\\x00-\\x1f\u{202a}-\u{202e}\\\\\"\u{e0020}]{0,6}\\PC{0,4}") {
            for json in [serde_json::to_string(&text).unwrap(), text.chars().fold("\"".to_owned(), |mut json, c| {
                let mut units = [0; 2];
                c.encode_utf16(&mut units).iter().for_each(|unit| json += &format!("\\u{unit:04x}"));
                json
            }) + "\""] {
                let cleaned: String = serde_json::from_slice(&clean_json(json.as_bytes())).unwrap();
                proptest::prop_assert_eq!(&cleaned, &*clean(&text));
            }
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(0u8.., 0..40)) {
            let _ = clean_json(&bytes);
        }
    }
}
