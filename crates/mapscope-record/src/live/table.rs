//! Maps added up by the line that makes them and their type.

use std::collections::HashMap;
use std::path::Path;

use super::figures::Counts;
use crate::recorder::{Layout, Reader};

/// The maps of one place and one type.
pub(super) struct Row {
    /// `src/main.rs:12`.
    pub(super) place: String,
    /// Where only that is known of a place; else empty, as for all of Rust.
    pub(super) function: String,
    pub(super) ty: String,
    pub(super) counts: Counts,
}

/// A time in which one map of so many was recorded; 0 is none.
pub(super) struct Period {
    pub(super) since_unix_ms: u64,
    pub(super) one_of: u32,
    pub(super) counts: Counts,
}

/// All that is recorded by now.
pub(super) struct Table {
    pub(super) rows: Vec<Row>,
    pub(super) total: Counts,
    pub(super) periods: Vec<Period>,
    /// Maps, places, types and names that there was no room for.
    pub(super) dropped: [(&'static str, u64); 4],
    /// Whether lookups and iterations are counted.
    pub(super) has_lookups: bool,
}

impl Table {
    pub(super) fn read(from: Reader) -> Table {
        // First, because what they name was there before them.
        let maps: Vec<usize> = from.maps().iter().skip(1).map(|(_, at)| at).filter(|at| from.u32(*at) != 0).collect();
        let types: HashMap<u32, (String, Layout)> = types(from);
        let places = places(from);
        let mut periods: Vec<Period> = from.periods().iter().map(|(_, at)| period(from, at)).collect();
        let (mut rows, mut total): (HashMap<_, Counts>, _) = (HashMap::new(), Counts::default());
        for at in maps {
            let [place, ty, flags] = [0, 8, 12].map(|field| from.u32(at + field));
            let known = types.get(&ty);
            let layout = known.map(|(_, layout)| layout);
            let name = known.map_or("unknown", |(name, _)| name);
            let name = if ty == 0 { "never written" } else { name };
            let (function, at_line) = places.get(&place).map_or(("unknown", "unknown"), |(f, at)| (&**f, &**at));
            let row = rows.entry((at_line, function, name)).or_default();
            let period = periods.get_mut((flags >> 16) as usize).map(|period| &mut period.counts);
            for counts in [row, &mut total].into_iter().chain(period) {
                counts.count(from, at, layout);
            }
        }
        let row = |((place, function, ty), counts): ((&str, &str, &str), Counts)| Row {
            place: place.to_owned(),
            function: function.to_owned(),
            ty: ty.to_owned(),
            counts,
        };
        let mut rows: Vec<Row> = rows.into_iter().map(row).collect();
        let all = rows.iter_mut().map(|row| &mut row.counts).chain(periods.iter_mut().map(|period| &mut period.counts));
        all.chain([&mut total]).for_each(|counts| counts.sizes.sort_unstable());
        rows.sort_by(|a, b| {
            let by = |row: &Row| (row.counts.alloc_bytes(), row.counts.maps);
            by(b).cmp(&by(a)).then_with(|| (&a.place, &a.ty).cmp(&(&b.place, &b.ty)))
        });
        let [maps, places, frames, types, texts] = [124, 128, 132, 136, 140].map(|at| u64::from(from.u32(at)));
        let dropped = [("maps", maps), ("places", places), ("types", types), ("names", frames + texts)];
        Table { rows, total, periods, dropped, has_lookups: from.u32(12) > 1 }
    }
}

fn period(from: Reader, at: usize) -> Period {
    let since_unix_ms = from.u64(at) * 1000 + u64::from(from.u32(at + 8)) / 1_000_000;
    Period { since_unix_ms, one_of: from.u32(at + 12), counts: Counts::default() }
}

/// The name of each type by its number, and what its tables take.
fn types(from: Reader) -> HashMap<u32, (String, Layout)> {
    let types = from.types().iter().filter(|(_, at)| from.u32(at + 28) != 0 && from.u32(at + 8) != 0);
    let types = types.map(|(number, at)| {
        let short = |field| from.u32(at + field);
        let [key_bytes, value_bytes, slot_bytes, slot_align, entry_bytes] =
            [16, 20, 36, 40, 52].map(|field| short(field) as usize);
        let layout = Layout { kind: short(32), key_bytes, value_bytes, slot_bytes, slot_align, entry_bytes };
        (number as u32 + 1, (from.text(short(8)), layout))
    });
    types.collect()
}

/// The function and the line of each place by its number.
fn places(from: Reader) -> HashMap<u32, (String, String)> {
    let frames = from.frames().iter().filter(|(_, at)| from.u32(at + 12) != 0);
    let frames: HashMap<u64, String> = frames.map(|(_, at)| (from.u64(at), from.text(from.u32(at + 8)))).collect();
    let places = from.places().iter().filter(|(_, at)| from.u32(at + 8) != 0);
    let named = places.filter_map(|(number, at)| {
        let line = frames.get(&from.u64(at + 16))?.lines().next()?;
        Some((number as u32 + 1, named(line)?))
    });
    named.collect()
}

/// `function\tfile:line`: the function where the file is not known, and else the line.
fn named(line: &str) -> Option<(String, String)> {
    let (function, at) = line.split_once('\t')?;
    let (file, line) = at.rsplit_once(':')?;
    if file.is_empty() {
        return Some((function.to_owned(), function.to_owned()));
    }
    let short = in_crate(Path::new(file)).and_then(Path::to_str).unwrap_or(file);
    let line = if line == "0" { String::new() } else { format!(":{line}") };
    Some((String::new(), format!("{short}{line}")))
}

/// The path of a source of a crate that cargo has fetched, from that crate on: `petgraph-0.8.3/src/graphmap.rs`.
fn in_crate(file: &Path) -> Option<&Path> {
    if file.is_relative() {
        return None;
    }
    let mut parts = file.components();
    if file.starts_with("/rustc") {
        return parts.any(|part| part.as_os_str() == "library").then_some(parts.as_path());
    }
    parts.find(|part| part.as_os_str() == "registry")?;
    (parts.next()?.as_os_str() == "src").then(|| parts.next())??;
    Some(parts.as_path()).filter(|rest| !rest.as_os_str().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_line_or_where_none_is_known_a_function() {
        for (line, function, at) in [
            ("\tsrc/main.rs:12", "", "src/main.rs:12"),
            ("app::main\tsrc/main.rs:0", "", "src/main.rs"),
            ("app::f\t:0", "app::f", "app::f"),
            (
                "\t/home/me/.cargo/registry/src/index-1/petgraph-0.8.3/src/graphmap.rs:7",
                "",
                "petgraph-0.8.3/src/graphmap.rs:7",
            ),
        ] {
            assert_eq!(named(line), Some((function.to_owned(), at.to_owned())));
        }
        assert_eq!(named("no frame"), None);
    }
}
