//! The profiles that ship, and how a PROFILE argument finds its file.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::UnknownName;
use super::place::{Place, PlanError};
use super::wire::Profile;
use crate::intake;
use crate::text;

/// A profile of more bytes is none.
const BYTES_MAX: u64 = 16 << 20;

/// A profile that ships inside the binary.
#[derive(Debug, Clone, Copy)]
pub struct Shipped {
    /// The name: `run NAME`.
    pub name: &'static str,
    /// Its TOML, as it stands in `profiles/`.
    pub text: &'static str,
}

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        &[$(Shipped { name: $name, text: include_str!(concat!("../../../../profiles/", $name, ".toml")) }),*]
    };
}

/// The registry: one row a file of `profiles/`. The first is the one that runs when none is named.
pub static SHIPPED: &[Shipped] = shipped![
    "quick",
    "load-factors",
    "go-load-factor-table",
    "growth",
    "key-distributions",
    "churn",
    "drain",
    "slot-reuse",
    "presize",
    "small-maps",
    "write-amplification",
    "ycsb",
    "worst-insert",
    "go-models",
    "go-map-vs-syncmap",
    "go-gc",
    "every-map",
    "threads",
    "ci",
];

impl Shipped {
    /// Its `summary`.
    pub fn summary(&self) -> String {
        let parsed = self.parse().ok();
        let summary = parsed.and_then(|mut profile| profile.settings.lists.remove("summary")?.pop());
        summary.map(|raw| raw.text).unwrap_or_default()
    }

    fn written(&self) -> Written {
        let path = PathBuf::from(format!("profiles/{}.toml", self.name));
        Written { name: self.name.to_owned(), path, text: self.text.to_owned() }
    }

    pub(super) fn parse(&self) -> Result<Profile, PlanError> {
        self.written().parse()
    }
}

/// The text of a profile, and where it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    name: String,
    path: PathBuf,
    text: String,
}

impl Written {
    /// The profile that `argument` means: a file when there is one or when it is written like one, else a shipped name.
    ///
    /// # Errors
    ///
    /// A name that doesn't ship; a file that can't be read.
    pub fn find(argument: &str) -> Result<Written, PlanError> {
        let path = Path::new(argument);
        if path.is_file() || argument.contains('/') || argument.ends_with(".toml") {
            let place = Place::File { path: path.to_owned(), line: 1, key: String::new() };
            let refuse = |what: String| PlanError { place: None, what: format!("{}: {what}", text::path(path)) };
            let bytes =
                intake::whole(path, BYTES_MAX).map_err(|error| refuse(format!("can't read the profile: {error}")))?;
            let text = String::from_utf8(bytes).map_err(|_| place.error("not a profile: TOML is UTF-8 text"))?;
            let name = text::path(Path::new(path.file_stem().unwrap_or_default()));
            return Ok(Written { name, path: path.to_owned(), text });
        }
        SHIPPED.iter().find(|shipped| shipped.name == argument).map(Shipped::written).ok_or_else(|| {
            let unknown = UnknownName::new("profile", argument, SHIPPED.iter().map(|shipped| shipped.name));
            PlanError { place: None, what: format!("{unknown} A file is written with a / or ends in .toml.") }
        })
    }

    pub(super) fn parse(&self) -> Result<Profile, PlanError> {
        Profile::parse(&self.name, &self.text, &self.path)
    }
}
