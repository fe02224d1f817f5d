//! What a recorded program is written in.

/// A language whose programs can be recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    /// Its runtime is patched when the program is built.
    #[default]
    Go,
    /// The program names the maps of the crate mapscope-record.
    Rust,
    /// Its JVM loads an agent.
    Java,
}

impl Language {
    /// Its name, small.
    pub fn name(self) -> &'static str {
        match self {
            Language::Go => "go",
            Language::Rust => "rust",
            Language::Java => "java",
        }
    }

    /// Its name in a sentence.
    pub(super) fn title(self) -> &'static str {
        match self {
            Language::Go => "Go",
            Language::Rust => "Rust",
            Language::Java => "Java",
        }
    }

    /// That of this number in a file.
    pub(super) fn numbered(number: u32) -> Result<Language, String> {
        match number {
            0 => Ok(Language::Go),
            1 => Ok(Language::Rust),
            2 => Ok(Language::Java),
            other => {
                Err(format!("is of a language that this mapscope does not know (number {other}): install a newer one"))
            }
        }
    }
}
