//! A recording's first line: `# name=value ...`, which says what was recorded.

use super::shapes::{SHAPES, Shape, shape};
use crate::workload::input::{decimal, quote};

/// What a recording says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The whole first line; empty when there is none.
    pub line: String,
    /// What recorded it, as it calls itself: `go1.25.5`; `None` where that is not said.
    pub go: Option<String>,
    /// The layout of the map: `classic`; `None` in a plain trace.
    pub layout: Option<String>,
    /// The shape of its entries.
    pub shape: Option<&'static str>,
    /// The hint it was built with.
    pub hint: usize,
    /// The largest key identity allowed.
    pub key_max: u64,
}

/// What no first line may lack that says what was recorded.
const REQUIRED: [&str; 5] = ["layout", "type", "hint", "key_size", "elem_size"];

/// Keys and elems of more bytes are stored by their addresses.
const INLINE_MAX_BYTES: u64 = 128;
const POINTER_BYTES: u64 = 8;
/// Of a classic bucket, and of a swiss group.
const SLOTS: u64 = 8;

impl About {
    /// A plain trace, which says nothing.
    pub fn nothing() -> About {
        About { line: String::new(), go: None, layout: None, shape: None, hint: 0, key_max: u64::MAX }
    }

    /// Reads the first line. One that names none of what is required is a comment.
    ///
    /// # Errors
    ///
    /// What is missing, can't be read or contradicts the type or the layout, in words.
    pub fn parse(line: &str) -> Result<About, String> {
        let value = |name: &str| line.split(' ').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let number = |name: &str, text: &str| {
            decimal(text.as_bytes())
                .ok_or_else(|| format!("{name} is {}; expected a decimal number", quote(text.as_bytes())))
        };
        let about = About { line: line.to_owned(), ..About::nothing() };
        if REQUIRED.iter().all(|name| value(name).is_none()) {
            return Ok(about);
        }
        let required = |name| {
            let example = "# layout=classic type=u64/u64 hint=0 key_size=8 elem_size=8";
            value(name)
                .ok_or_else(|| format!("no {name} in the first line of a recording; expected such as `{example}`"))
        };
        let [layout, name, hint, ..] = REQUIRED.map(required);
        let (layout, name, hint) = (layout?, name?, number("hint", hint?)?);
        let shape = shape(name).ok_or_else(|| {
            let known = SHAPES.iter().map(|shape| shape.name).collect::<Vec<_>>().join(", ");
            format!("type={name} is not known; known are {known}")
        })?;
        required("key_size")?;
        required("elem_size")?;
        for (what, expected) in sizes(layout, &shape) {
            let Some(text) = value(what) else { continue };
            let found = number(what, text)?;
            if found != expected {
                return Err(format!("{what}={found}, but type={name} has {expected}: one of them is wrong"));
            }
        }
        Ok(About {
            go: value("go").map(str::to_owned),
            layout: Some(layout.to_owned()),
            shape: Some(shape.name),
            hint: hint as usize,
            key_max: shape.key_max,
            ..about
        })
    }
}

/// What a first line can only say of a shape, as far as the layout is known.
fn sizes(layout: &str, shape: &Shape) -> Vec<(&'static str, u64)> {
    /// Bytes, alignment, and whether only the address is stored.
    fn stored(bytes: u64, align: u64) -> (u64, u64, bool) {
        if bytes > INLINE_MAX_BYTES { (POINTER_BYTES, POINTER_BYTES, true) } else { (bytes, align, false) }
    }
    let (key, key_align, indirect_key) = stored(shape.key_size, shape.key_align);
    let (elem, elem_align, indirect_elem) = stored(shape.elem_size, shape.elem_align);
    let pointers = u64::from(shape.pointers || indirect_key || indirect_elem);
    let mut sizes = vec![("key_size", shape.key_size), ("elem_size", shape.elem_size)];
    match layout {
        // A tophash for each slot, the keys, the elems, the overflow bucket's address.
        "classic" => sizes.extend([
            ("bucket_size", SLOTS + SLOTS * key + SLOTS * elem + POINTER_BYTES),
            ("bucket_pointers", pointers),
            ("indirect_key", indirect_key.into()),
            ("indirect_elem", indirect_elem.into()),
        ]),
        // A control byte for each slot, then slots of a key and an elem; an elem of no bytes still has an address.
        "swiss" => {
            let slot = (key.next_multiple_of(elem_align) + elem.max(1)).next_multiple_of(key_align.max(elem_align));
            sizes.extend([("group_size", SLOTS + SLOTS * slot), ("group_pointers", pointers)]);
        }
        _ => {}
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the real recordings.
    const LINES: [&str; 7] = [
        "# go=go1.23.9 layout=classic type=u64/u64 hint=1000 key_size=8 elem_size=8 bucket_size=144 bucket_pointers=0 indirect_key=0 indirect_elem=0",
        "# go=go1.23.9 layout=classic type=big/u64 hint=0 key_size=200 elem_size=8 bucket_size=144 bucket_pointers=1 indirect_key=1 indirect_elem=0",
        "# go=go1.23.9 layout=classic type=u16/none hint=0 key_size=2 elem_size=0 bucket_size=32 bucket_pointers=0 indirect_key=0 indirect_elem=0",
        "# go=go1.27.3 layout=swiss type=u16/none hint=0 key_size=2 elem_size=0 group_size=40 group_pointers=0",
        "# go=go1.27.3 layout=swiss type=u32/u8 hint=100 key_size=4 elem_size=1 group_size=72 group_pointers=0",
        "# go=go1.27.3 layout=swiss type=mid/ptr hint=0 key_size=40 elem_size=8 group_size=392 group_pointers=1",
        "# go=go1.27.3 layout=swiss type=u64/big hint=0 key_size=8 elem_size=200 group_size=136 group_pointers=1",
    ];

    #[test]
    fn first_lines_of_real_recordings_are_right() {
        for line in LINES {
            let about = About::parse(line).unwrap();
            assert_eq!((about.line.as_str(), about.layout.is_some()), (line, true));
        }
        let about = About::parse(LINES[0]).unwrap();
        assert_eq!((about.shape, about.hint, about.key_max), (Some("u64/u64"), 1000, u64::MAX));
        assert_eq!(about.go.as_deref(), Some("go1.23.9"));
        let unsaid = LINES[0].replace("go=go1.23.9 ", "");
        assert_eq!(About::parse(&unsaid).unwrap().go, None);
        assert_eq!(About::parse(LINES[2]).unwrap().key_max, 65_535);
    }

    #[test]
    fn each_pair_that_is_missing_or_wrong_is_named() {
        for line in LINES {
            for pair in line.split(' ').skip(2) {
                let (name, value) = pair.split_once('=').unwrap();
                let without = About::parse(&line.replace(&format!(" {pair}"), ""));
                match REQUIRED.contains(&name) {
                    true => {
                        assert!(without.unwrap_err().starts_with(&format!("no {name} in the first line")), "{line}")
                    }
                    false => assert!(without.is_ok(), "{line}"),
                }
                if value.parse::<u64>().is_ok() && name != "hint" {
                    let wrong = line.replace(&format!(" {pair}"), &format!(" {name}=7"));
                    assert!(About::parse(&wrong).unwrap_err().starts_with(&format!("{name}=7, but type=")), "{line}");
                }
            }
        }
    }

    #[test]
    fn a_comment_says_nothing() {
        let about = About::parse("# made by hand, x=1").unwrap();
        assert_eq!(about, About { line: "# made by hand, x=1".to_owned(), ..About::nothing() });
    }
}
