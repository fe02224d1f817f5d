//! What a client has to know.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use constant_time_eq::constant_time_eq;

/// The secret of a server. It shows itself nowhere by accident.
#[derive(Clone)]
pub struct Token(String);

const BYTES_MIN: usize = 16;
const BYTES_MAX: usize = 256;

impl Token {
    /// 256 random bits, in hexadecimal.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn random() -> Result<Token, String> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| format!("no random token can be made: {error}"))?;
        Ok(Token(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// One that somebody chose: 16 to 256 visible characters of ASCII.
    ///
    /// # Errors
    /// What it has to be.
    pub fn new(text: &str) -> Result<Token, String> {
        let is_token =
            (BYTES_MIN..=BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        match is_token {
            true => Ok(Token(text.to_owned())),
            false => Err(format!(
                "a token has {BYTES_MIN} to {BYTES_MAX} visible characters of ASCII; make one by: openssl rand -hex 32"
            )),
        }
    }

    /// That of a file that nobody else can read; a line's end after it is not part of it.
    ///
    /// # Errors
    /// What is wrong with the file, and what to do.
    pub fn read(path: &Path) -> Result<Token, String> {
        // A pipe without a writer would be waited for.
        let about = std::fs::metadata(path).map_err(|error| error.to_string())?;
        if !about.is_file() {
            return Err("it is no file".to_owned());
        }
        let file = File::open(path).map_err(|error| error.to_string())?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            const OTHERS: u32 = 0o077;
            // Of what was opened, not of what has its name now.
            let mode = file.metadata().map_err(|error| error.to_string())?.permissions().mode() & 0o777;
            if mode & OTHERS != 0 {
                return Err(format!("others than its owner can use it (mode {mode:03o}): chmod 600 it"));
            }
        }
        let mut text = String::new();
        file.take(BYTES_MAX as u64 + 3).read_to_string(&mut text).map_err(|error| error.to_string())?;
        let line = text.strip_suffix('\n').map_or(&*text, |line| line.strip_suffix('\r').unwrap_or(line));
        Token::new(line)
    }

    /// It, to be shown to whoever may use it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether it is that, in a time that doesn't depend on where they differ.
    pub(crate) fn is(&self, other: &[u8]) -> bool {
        constant_time_eq(self.0.as_bytes(), other)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_one_is_long_and_another_each_time() {
        let [a, b] = [(); 2].map(|()| Token::random().expect("random"));
        assert_eq!(a.reveal().len(), 64);
        assert_ne!(a.reveal(), b.reveal());
        assert!(a.is(a.reveal().as_bytes()) && !a.is(b.reveal().as_bytes()) && !a.is(b""));
        assert!(!a.is(&a.reveal().as_bytes()[1..]));
    }

    #[test]
    fn one_that_is_shown_by_accident_shows_nothing() {
        assert_eq!(format!("{:?}", Token::new("0123456789abcdef")), "Ok(Token(..))");
    }

    #[test]
    fn one_that_is_short_or_no_word_is_refused() {
        for text in
            ["", "0123456789abcde", "0123456789 abcdef", "0123456789abcdef\n", &"x".repeat(257), "ä123456789abcdef"]
        {
            assert!(Token::new(text).is_err_and(|why| why.starts_with("a token has 16 to 256")), "{text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::fs::{Permissions, set_permissions, write};
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        for (content, mode, expected) in [
            ("0123456789abcdef\n", 0o600, Ok("0123456789abcdef")),
            ("0123456789abcdef\r\n", 0o400, Ok("0123456789abcdef")),
            ("0123456789abcdef", 0o640, Err("others than its owner can use it (mode 640): chmod 600 it")),
            ("0123456789abcdef", 0o604, Err("others than its owner can use it (mode 604): chmod 600 it")),
            ("short", 0o600, Err("a token has 16 to 256")),
        ] {
            let _ = std::fs::remove_file(&path);
            write(&path, content).expect("written");
            set_permissions(&path, Permissions::from_mode(mode)).expect("set");
            match (Token::read(&path), expected) {
                (Ok(token), Ok(expected)) => assert_eq!(token.reveal(), expected),
                (Err(why), Err(expected)) => assert!(why.starts_with(expected), "{why}"),
                (other, _) => panic!("{content:?} {mode:o}: {other:?}"),
            }
        }
        assert_eq!(Token::read(folder.path()).expect_err("a folder"), "it is no file");
        assert!(Token::read(Path::new("/nowhere")).is_err());
    }
}
