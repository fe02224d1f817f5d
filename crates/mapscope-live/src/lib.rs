//! A small HTTP server for what a program's maps cost: `/maps` as JSON, `/map` for the inside of one, `/metrics` as
//! OpenMetrics, and a page that reads these. It knows nothing of maps: a [`Source`] gives it the bytes.
//!
//! ```
//! use mapscope_live::{Server, Settings, Source};
//!
//! struct Nothing;
//! impl Source for Nothing {
//!     fn maps(&mut self) -> Result<Vec<u8>, String> {
//!         Ok(b"{}".to_vec())
//!     }
//!     fn metrics(&mut self) -> Result<Vec<u8>, String> {
//!         Ok(b"# EOF\n".to_vec())
//!     }
//! }
//!
//! let server = Server::start(Settings::at("127.0.0.1:0"), Nothing)?;
//! println!("http://{}/ with the token {}", server.address(), server.token().reveal());
//! # Ok::<(), mapscope_live::LiveError>(())
//! ```
//!
//! # Invariants
//!
//! - Nothing but the page, which has no data, is answered without the token; it is compared in constant time, is read from
//!   the header `Authorization` alone, and is never logged: nothing is.
//! - No other origin is answered, nor a request that came by another name than this machine's (DNS rebinding).
//! - Whoever connects takes at most one thread of [`Limits::connections`], a few KiB of memory, and no more time than
//!   [`Limits`] say; but what a [`Source`] or a [`Look`] takes to answer is theirs, and one request at a time asks each.
//! - A connection is of one request: nothing that one sends is taken for the beginning of the next.

mod answer;
mod inside;
mod rate;
mod request;
mod server;
mod token;

pub use inside::{By, Look, NoMap, Wanted};
pub use request::{Head, Refusal, parse};
pub use server::{Bound, Limits, LiveError, Server, Settings};
pub use token::Token;

/// What is served. One request at a time asks it.
pub trait Source: Send + 'static {
    /// The maps as JSON.
    ///
    /// # Errors
    /// Why there is nothing to show now, in words for whoever asks: they are answered with 503.
    fn maps(&mut self) -> Result<Vec<u8>, String>;

    /// Their figures as OpenMetrics text.
    ///
    /// # Errors
    /// As of [`Source::maps`].
    fn metrics(&mut self) -> Result<Vec<u8>, String>;

    /// Changes what is recorded from now on: `{"sample": "1/100"}`, `"all"` or `"off"`. Gives what it is now, as JSON.
    ///
    /// # Errors
    /// Why it can't be changed, in words for whoever asks: they are answered with 400, and nothing is changed.
    fn record(&mut self, body: &[u8]) -> Result<Vec<u8>, String> {
        let _ = body;
        Err("what is recorded can't be changed here".to_owned())
    }

    /// What looks into single maps, if anything here can. It is asked for once, when the server starts.
    fn look(&self) -> Option<Box<dyn Look>> {
        None
    }
}
