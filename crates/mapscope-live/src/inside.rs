//! `/map`: the inside of a single map. It takes so long that one request at a time looks, and none waits for it.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use super::answer::Answer;

/// Looks into single maps. One request at a time asks it, while others go on asking the [`Source`](crate::Source).
pub trait Look: Send + Sync + 'static {
    /// The inside of that map as JSON.
    ///
    /// # Errors
    /// Why there is none, in words for whoever asks.
    fn map(&self, wanted: &Wanted) -> Result<Vec<u8>, NoMap>;
}

/// Which map is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// By what it is known.
    pub by: By,
    /// Its process, where there may be several.
    pub pid: Option<u32>,
}

/// By what a map is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// Its address.
    At(u64),
    /// The largest that is alive of a place, and of a type, if that is named.
    Place {
        /// As `/maps` shows it, or the number of its row there, from 1.
        place: String,
        /// As `/maps` shows it.
        ty: Option<String>,
    },
}

/// Why the inside of a map is not shown.
#[derive(Debug)]
pub enum NoMap {
    /// What is asked for could be several, or nothing: 400.
    Unclear(String),
    /// There is no such map: 404.
    None(String),
    /// It may not be looked at: 403.
    Refused(String),
    /// There may be later: 503.
    NotNow(String),
}

impl Wanted {
    /// Of `at=0xc000012340`, or `place=main.go:7` with or without `type=map[string]int`; with `pid=4711` or without. Values may be
    /// percent-encoded.
    pub(crate) fn parse(query: &str) -> Result<Wanted, String> {
        let usage = "give at=0xADDRESS, or place=PLACE as /maps has it, and type=TYPE and pid=NUMBER where these are to be told apart";
        let [mut at, mut place, mut ty, mut pid] = [None, None, None, None];
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or(usage)?;
            let field = match name {
                "at" => &mut at,
                "place" => &mut place,
                "type" => &mut ty,
                "pid" => &mut pid,
                _ => return Err(usage.to_owned()),
            };
            if field
                .replace(decoded(value).ok_or_else(|| format!("{name}: expected UTF-8, percent-encoded"))?)
                .is_some()
            {
                return Err(format!("{name} comes once: {usage}"));
            }
        }
        let pid =
            pid.map(|pid| pid.parse().map_err(|_| "pid: expected the number of a process".to_owned())).transpose()?;
        let by = match (at, place, ty) {
            (Some(at), None, None) => By::At(address(&at).ok_or("at: expected an address, as 0xc000012340")?),
            (None, Some(place), ty) => By::Place { place, ty },
            _ => return Err(usage.to_owned()),
        };
        Ok(Wanted { by, pid })
    }
}

fn address(text: &str) -> Option<u64> {
    let digits = text.strip_prefix("0x")?;
    u64::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))
}

/// `a%2Fb` as `a/b`.
fn decoded(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        bytes.push(byte);
        if byte == b'%' {
            let (digits, after) = rest.split_first_chunk::<2>()?;
            let digit = |digit: u8| char::from(digit).to_digit(16);
            *bytes.last_mut()? = u8::try_from(digit(digits[0])? * 16 + digit(digits[1])?).ok()?;
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

/// What looks, if anything does, and whether it is at it.
pub(crate) struct Looking {
    look: Option<Box<dyn Look>>,
    is_at_it: AtomicBool,
}

/// Ends with the request that looks, however it does.
struct Turn<'a>(&'a AtomicBool);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.store(false, SeqCst);
    }
}

impl Looking {
    pub(crate) fn new(look: Option<Box<dyn Look>>) -> Looking {
        Looking { look, is_at_it: AtomicBool::new(false) }
    }

    pub(crate) fn answer(&self, query: &str) -> Answer {
        let Some(look) = &self.look else {
            let why = "the inside of a map is shown of Go programs that mapscope record --serve or maps --serve shows, \
                       and not of a program that shows itself";
            return Answer::error(404, why);
        };
        let wanted = match Wanted::parse(query) {
            Ok(wanted) => wanted,
            Err(why) => return Answer::error(400, &why),
        };
        if self.is_at_it.swap(true, SeqCst) {
            return Answer::error(
                503,
                "another request looks into a map, and one at a time does: ask again in a second",
            );
        }
        let _turn = Turn(&self.is_at_it);
        match look.map(&wanted) {
            Ok(json) => Answer::json(json),
            Err(NoMap::Unclear(why)) => Answer::error(400, &why),
            Err(NoMap::None(why)) => Answer::error(404, &why),
            Err(NoMap::Refused(why)) => Answer::error(403, &why),
            Err(NoMap::NotNow(why)) => Answer::error(503, &why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_asked_for_by_its_address_or_its_place() {
        let at = |at, pid| Ok(Wanted { by: By::At(at), pid });
        assert_eq!(Wanted::parse("at=0xc000012340"), at(0xc0_0001_2340, None));
        assert_eq!(Wanted::parse("pid=7&at=0x10"), at(16, Some(7)));
        let place = |place: &str, ty: Option<&str>| {
            Ok(Wanted { by: By::Place { place: place.to_owned(), ty: ty.map(str::to_owned) }, pid: None })
        };
        assert_eq!(Wanted::parse("place=main.go:7"), place("main.go:7", None));
        assert_eq!(
            Wanted::parse("place=a%2Fb+c.go%3A7&type=map%5Bint%5d%F0%9F%98%80"),
            place("a/b+c.go:7", Some("map[int]\u{1f600}"))
        );
        for wrong in [
            "",
            "&",
            "at",
            "at=",
            "at=12",
            "at=0x",
            "at=0x+1",
            "at=0x10000000000000000",
            "x=1",
            "at=0x1&at=0x1",
            "type=a",
            "at=0x1&place=a",
            "at=0x1&type=a",
            "place=%",
            "place=%4",
            "place=%4g",
            "place=%ff",
            "place=a&pid=-1",
            "place=a&pid=",
        ] {
            assert!(Wanted::parse(wrong).is_err(), "{wrong}");
        }
    }
}
