//! Java: an agent that every JVM which the command starts loads, and that has its maps record what they do.
//!
//! The agent is compiled once, by `build.sh` beside its sources: who builds mapscope needs no JDK. It puts calls into the
//! user's own `java.util.HashMap` and `ConcurrentHashMap` while the JVM starts, by the means that each JDK has inside.

mod attach;

pub use attach::Attached;

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::RecordingError;
use crate::engines::Cache;

const AGENT: &[u8] = include_bytes!("agent.jar");

/// What each JVM reads as part of its command line.
pub(super) const OPTIONS: &str = "JAVA_TOOL_OPTIONS";

/// The agent as a file. It stays there: a daemon of a build may start JVMs long after the command has ended.
///
/// # Errors
/// Where it can't be kept in the user's cache.
fn agent() -> Result<PathBuf, RecordingError> {
    let cache = Cache::open().map_err(|what| RecordingError::at("the agent for Java", what))?;
    let name = format!("agent-{}.jar", &blake3::hash(AGENT).to_hex()[..16]);
    if let Some(kept) = cache.get(&name) {
        return Ok(kept);
    }
    let put = || {
        let mut file = tempfile::Builder::new().tempfile_in(cache.folder())?;
        file.write_all(AGENT)?;
        let (_, path) = file.keep().map_err(|error| error.error)?;
        cache.put(&name, &path)
    };
    put().map_err(|error| RecordingError::at(cache.folder(), error))
}

/// The user's own options, and the one that loads the agent.
///
/// # Errors
/// Where there is no path to the agent that a JVM could read.
pub(super) fn options(own: Option<OsString>) -> Result<OsString, RecordingError> {
    let agent = agent()?;
    let option = option(&agent).ok_or_else(|| {
        RecordingError::at(&agent, "a JVM can't read this path: name another folder with XDG_CACHE_HOME")
    })?;
    let mut options = own.filter(|own| !own.is_empty()).unwrap_or_default();
    if !options.is_empty() {
        options.push(" ");
    }
    options.push(option);
    Ok(options)
}

/// Whether a command is a JVM, at any path.
pub(super) fn is_java(command: &OsStr) -> bool {
    Path::new(command).file_name().is_some_and(|name| name == "java")
}

/// JVMs part their options at blanks, and know quotes; what follows `=` is for the agent.
fn option(agent: &Path) -> Option<String> {
    let path = agent.to_str().filter(|path| !path.contains(['"', '=']))?;
    Some(match path.contains(char::is_whitespace) {
        true => format!("\"-javaagent:{path}\""),
        false => format!("-javaagent:{path}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_blanks_is_quoted_and_one_that_no_jvm_reads_is_refused() {
        let of = |path: &str| option(Path::new(path));
        assert_eq!(of("/a/b.jar").as_deref(), Some("-javaagent:/a/b.jar"));
        assert_eq!(of("/a b/it's.jar").as_deref(), Some("\"-javaagent:/a b/it's.jar\""));
        assert_eq!(of("/a=b.jar"), None);
    }
}
