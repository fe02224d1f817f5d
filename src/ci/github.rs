//! GitHub Actions: workflow commands, which become annotations, and the step summary.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// As many annotations of each severity does GitHub show of a step.
pub const ANNOTATIONS_MAX: usize = 10;
/// As large may a step's summary be, all that the step appended to it together.
pub const SUMMARY_BYTES_MAX: usize = 1 << 20;
/// The environment variable that names the file of the step's summary.
pub const SUMMARY_VARIABLE: &str = "GITHUB_STEP_SUMMARY";

/// How grave an annotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Red.
    Error,
    /// Yellow.
    Warning,
    /// Neither.
    Notice,
}

impl Severity {
    const ALL: [(Severity, &str); 3] =
        [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Notice, "notice")];
}

/// One annotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// How grave it is.
    pub severity: Severity,
    /// One line.
    pub title: String,
    /// Any text; GitHub keeps its line breaks.
    pub message: String,
    /// The file, from the root of the repository, and the line that it is of.
    pub at: Option<(String, String)>,
}

/// The workflow commands of `annotations`, one a line, the gravest first; those of one severity stay in their order.
///
/// Where there are more of a severity than [`ANNOTATIONS_MAX`], the last that is shown says how many are not.
pub fn commands(annotations: &[Annotation]) -> String {
    let mut text = String::new();
    for (severity, command) in Severity::ALL {
        let all: Vec<&Annotation> = annotations.iter().filter(|annotation| annotation.severity == severity).collect();
        let shown = if all.len() > ANNOTATIONS_MAX { ANNOTATIONS_MAX - 1 } else { all.len() };
        for Annotation { title, message, at, .. } in &all[..shown] {
            let at = at.as_ref().map(|(file, line)| format!("file={},line={},", property(file), property(line)));
            let at = at.unwrap_or_default();
            text += &format!("::{command} {at}title={}::{}\n", property(title), data(message));
        }
        if let Some(more @ 1..) = all.len().checked_sub(shown) {
            text += &format!("::{command} title={more} more::GitHub shows {ANNOTATIONS_MAX} of each kind: ");
            text += "the step summary and the report have them all.\n";
        }
    }
    text
}

/// A command's text, as GitHub's toolkit escapes it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A command's property, as GitHub's toolkit escapes it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// As many whole lines of `markdown` as fit into `bytes_max`, with a word on those that don't. Nothing where not even
/// that word fits.
pub fn cut(markdown: &str, bytes_max: usize) -> String {
    if markdown.len() <= bytes_max {
        return markdown.to_owned();
    }
    let word = |lines: usize| {
        let lines = if lines == 1 { "1 line".to_owned() } else { format!("{lines} lines") };
        format!("\n**Cut here**: {lines} more. GitHub shows 1 MiB of a step summary; the report has them all.\n")
    };
    let lines: Vec<&str> = markdown.split_inclusive('\n').collect();
    // The longest that the word can be.
    let room = bytes_max.saturating_sub(word(lines.len()).len());
    let mut kept = String::new();
    let mut count = 0;
    for line in &lines {
        if kept.len() + line.len() > room {
            break;
        }
        kept += line;
        count += 1;
    }
    let text = kept + &word(lines.len() - count);
    if text.len() > bytes_max { String::new() } else { text }
}

/// Appends `markdown` to the step's summary in the file `path`, cut to what GitHub shows of it. False where there was no
/// room for a word any more.
///
/// # Errors
///
/// The system's word, without the path.
pub fn append_summary(path: &Path, markdown: &str) -> io::Result<bool> {
    // A pipe that nobody reads is refused, not waited for.
    let mut file = OpenOptions::new().append(true).create(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    let there = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    // What is there may end in the middle of a line.
    let text = cut(&format!("\n{markdown}\n"), SUMMARY_BYTES_MAX.saturating_sub(there));
    file.write_all(text.as_bytes())?;
    Ok(!text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotation(severity: Severity, title: &str, message: &str) -> Annotation {
        Annotation { severity, title: title.to_owned(), message: message.to_owned(), at: None }
    }

    #[test]
    fn commands_are_escaped_as_githubs_toolkit_does() {
        let one = annotation(Severity::Error, "std zipfian(0.99): 5 %, worse", "100 %\r\n::error::no, this is: text");
        assert_eq!(
            commands(&[one]),
            "::error title=std zipfian(0.99)%3A 5 %25%2C worse::100 %25%0D%0A::error::no, this is: text\n"
        );
        // What is escaped already stays what it was.
        assert_eq!(commands(&[annotation(Severity::Notice, "%0A", "%25")]), "::notice title=%250A::%2525\n");
    }

    #[test]
    fn the_gravest_come_first_and_what_is_not_shown_is_counted() {
        let many = |severity, n| (0..n).map(move |at| annotation(severity, &at.to_string(), "x"));
        let mixed: Vec<_> =
            many(Severity::Notice, 1).chain(many(Severity::Warning, 10)).chain(many(Severity::Error, 12)).collect();
        let text = commands(&mixed);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 10 + 10 + 1);
        assert_eq!(lines[0], "::error title=0::x");
        assert_eq!(lines[8], "::error title=8::x");
        assert!(lines[9].starts_with("::error title=3 more::GitHub shows 10 of each kind: "), "{}", lines[9]);
        assert_eq!(
            (lines[10], lines[19], lines[20]),
            ("::warning title=0::x", "::warning title=9::x", "::notice title=0::x")
        );
        assert_eq!(commands(&[]), "");
    }

    #[test]
    fn a_summary_is_cut_between_rows() {
        let rows: String = (0..1000).map(|row| format!("| row {row} | é |\n")).collect();
        assert_eq!(cut(&rows, rows.len()), rows);
        for bytes_max in [rows.len() - 1, 5000, 301, 200] {
            let text = cut(&rows, bytes_max);
            assert!(text.len() <= bytes_max, "{bytes_max}: {}", text.len());
            let (kept, word) = text.split_once("\n**Cut here**: ").expect("a word");
            let kept_lines = kept.lines().count();
            assert!(rows.starts_with(kept) && (kept.is_empty() || kept.ends_with("|\n")), "{bytes_max}");
            assert!(word.starts_with(&format!("{} lines more. ", 1000 - kept_lines)), "{word}");
        }
        assert_eq!(cut(&rows, 50), "", "no room for a word");
        assert_eq!(cut("one line that is far too long", 10), "");
    }

    #[test]
    fn a_summary_is_appended_and_its_limit_is_that_of_the_whole_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary.md");
        std::fs::write(&path, "first").unwrap();
        assert!(append_summary(&path, "second").unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "first\nsecond\n");
        assert!(append_summary(&path, &"| row |\n".repeat(200_000)).unwrap());
        assert!(std::fs::metadata(&path).unwrap().len() <= SUMMARY_BYTES_MAX as u64);
        assert!(!append_summary(&path, &"| row |\n".repeat(200_000)).unwrap(), "it is full");
        assert!(append_summary(folder.path(), "a folder").is_err());
    }
}
