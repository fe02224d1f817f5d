//! What this program's maps cost, while it runs: a page, JSON and OpenMetrics, for whoever has the token.
//!
//! ```
//! use mapscope_record::HashMap;
//! use mapscope_record::live::{self, Settings};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // First of all: maps that were made before are not recorded.
//! let server = live::serve(Settings::at("127.0.0.1:0"))?;
//! println!("http://{}/ with the token {}", server.address(), server.token().reveal());
//! let mut counts = HashMap::new();
//! counts.insert("be", 2);
//! // It answers until `server` is dropped.
//! # Ok(())
//! # }
//! ```
//!
//! docs/LIVE.md of mapscope says what is served, and to whom. Under `mapscope record` it is the same recording; otherwise it
//! begins with [`serve`], and lies in the memory of this process alone: 128 bytes for each map that is made, dead ones
//! included, for at most 4,194,303. [`control::set_sample`](crate::control::set_sample) takes a sample once it has
//! begun, before the first map or later, and so does `POST /recording`.

mod figures;
mod forms;
mod table;

use std::num::NonZeroU32;

pub use mapscope_live::{Limits, LiveError, Server, Settings, Source, Token};

use self::table::Table;
use crate::control::set_sample;
use crate::recorder::{Reader, reader};

/// Answers until the server is dropped, on threads of its own, which are idle while nobody asks.
///
/// # Errors
/// The address can't be had ([`Settings::bind`]); or a map was made before this was called for the first time, in a program
/// that `mapscope record` does not record.
pub fn serve(settings: Settings) -> Result<Server, LiveError> {
    let bound = settings.bind()?;
    bound.serve(Own(reader().map_err(LiveError::new)?))
}

/// The recording of this process.
struct Own(Reader);

impl Source for Own {
    fn maps(&mut self) -> Result<Vec<u8>, String> {
        Ok(forms::json(self.0, &Table::read(self.0)))
    }

    fn metrics(&mut self) -> Result<Vec<u8>, String> {
        Ok(forms::openmetrics(self.0, &Table::read(self.0)))
    }

    fn record(&mut self, body: &[u8]) -> Result<Vec<u8>, String> {
        let wanted: serde_json::Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let sample = wanted.as_object().filter(|fields| fields.len() == 1).and_then(|fields| fields.get("sample"));
        let sample =
            sample.and_then(|sample| sample.as_str()).ok_or("expected {\"sample\": \"all\"}, \"1/N\" or \"off\"")?;
        let one_of = match sample {
            "all" => NonZeroU32::new(1),
            "off" => None,
            share => {
                let n = share.strip_prefix("1/").and_then(|n| n.parse().ok());
                Some(n.ok_or("give all, off or 1/N, N from 1 to 1000000, as 1/100")?)
            }
        };
        set_sample(one_of).map_err(|error| error.to_string())?;
        Ok(format!("{}\n", serde_json::json!({ "sample": sample })).into_bytes())
    }
}
