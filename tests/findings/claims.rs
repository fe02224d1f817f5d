//! Whether what a finding says is so: worked out from the record's own numbers, by nothing that reports use.

use mapscope::record::metrics::latency::decode;
use mapscope::record::{Cell, Results, Status, Undisturbed};

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Failures,
    Bytes,
    Tail,
    Time,
    Memory,
}

/// A finding whose figures are right.
#[derive(Debug)]
pub struct Claim<'a> {
    pub kind: Kind,
    /// The cells that have most and least of what it is about; none where it compares nothing.
    pub compared: Option<(Vec<&'a Cell>, Vec<&'a Cell>)>,
}

/// What a row is called.
pub fn label(cell: &Cell, results: &Results) -> String {
    let differ = |of: fn(&Cell) -> String| {
        results.cells.iter().any(|other| of(other) != of(cell) && other.id.map == cell.id.map)
    };
    let mut label = cell.id.map.clone();
    if let Some(x) = cell.id.load_factor.filter(|_| differ(|cell| format!("{:?}", cell.id.load_factor))) {
        label += &format!(" lf={x}");
    }
    if let Some(threads) = cell.id.threads.filter(|_| differ(|cell| format!("{:?}", cell.id.threads))) {
        label += &format!(" t={threads}");
    }
    if differ(|cell| cell.id.seed.to_string()) {
        label += &format!(" seed={}", cell.id.seed);
    }
    label
}

/// What a workload is called.
fn workload(cell: &Cell) -> String {
    let hint = if cell.id.hint > 0 { format!(" with hint {}", grouped(cell.id.hint)) } else { String::new() };
    format!("{} {}{hint}", cell.id.keys, cell.id.mix)
}

pub fn grouped(n: u64) -> String {
    if n < 1000 { n.to_string() } else { format!("{},{:03}", grouped(n / 1000), n % 1000) }
}

fn quantity(cell: &Cell, name: &str) -> Option<f64> {
    cell.count.as_ref()?.quantities.get(name).map(|n| n as f64)
}

pub fn moves(cell: &Cell) -> Option<f64> {
    let moved = quantity(cell, "inside_moved_entries").or_else(|| quantity(cell, "census_moved_entries"))?;
    (cell.expected.inserts > 0).then(|| moved / cell.expected.inserts as f64)
}

pub fn allocated(cell: &Cell) -> Option<f64> {
    let expected = &cell.expected;
    Some(quantity(cell, "alloc_bytes")? / (expected.inserts + expected.overwrites + expected.removes) as f64)
}

fn held(cell: &Cell) -> Option<f64> {
    Some(quantity(cell, "live_bytes")? / cell.expected.entries as f64)
}

/// The mean over sizes evenly spread on the logarithm's scale, found point by point.
fn over_a_doubling(cell: &Cell, bytes: impl Fn(usize) -> u64) -> Option<f64> {
    let entries = &cell.count.as_ref()?.timeline.as_ref()?.entries;
    let last = *entries.last()? as f64;
    let sizes = (0..2000).map(|step| last * 2_f64.powf((f64::from(step) + 0.5) / 2000.0 - 1.0));
    let per_entry = sizes.map(|size| {
        let after = entries.iter().position(|&n| n as f64 >= size).expect("it is not beyond the last");
        bytes(after) as f64 / entries[after] as f64
    });
    Some(per_entry.sum::<f64>() / 2000.0)
}

pub fn held_over_a_doubling(cell: &Cell) -> Option<f64> {
    let timeline = cell.count.as_ref()?.timeline.as_ref()?;
    over_a_doubling(cell, |point| timeline.held_bytes[point])
}

pub fn peak_over_a_doubling(cell: &Cell) -> Option<f64> {
    let timeline = cell.count.as_ref()?.timeline.as_ref()?;
    let payload = (cell.key_bytes + cell.value_bytes) as f64;
    let peak = |point: usize| *timeline.peak_bytes[..=point].iter().max().expect("a point");
    Some(over_a_doubling(cell, peak)? / payload)
}

fn least(cell: &Cell) -> Option<&Undisturbed> {
    cell.time.as_ref()?.undisturbed.last()
}

/// Undisturbed, or else the middle one of the repetitions.
pub fn ns_per_op(cell: &Cell) -> Option<f64> {
    let time = cell.time.as_ref()?;
    let mut observed = time.bare_elapsed_ns.clone();
    observed.sort_unstable();
    let ns = least(cell).map_or(observed[observed.len() / 2], |least| least.blocks_ns);
    Some(ns as f64 / time.ops as f64)
}

/// The longest undisturbed write.
pub fn stall_ns(cell: &Cell) -> Option<f64> {
    let writes = least(cell)?.histograms.iter().filter(|of| of.kind.is_write());
    writes.map(|of| decode(of).expect("a histogram").max() as f64).reduce(f64::max)
}

/// `1,234.5` at the beginning of a text, and what follows.
fn number(text: &str) -> (f64, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != ',' && c != '.').unwrap_or(text.len());
    let digits = text[..end].trim_end_matches([',', '.']);
    (digits.replace(',', "").parse().unwrap_or_else(|_| panic!("no number: {text}")), &text[digits.len()..])
}

/// A figure with its unit, in ns or bytes where it has one, and what follows.
fn figure(text: &str) -> (f64, &str) {
    let (value, rest) = number(text);
    let units =
        [(" ns", 1.0), (" µs", 1e3), (" ms", 1e6), (" s", 1e9), (" B", 1.0), (" KiB", 1024.0), (" MiB", 1048576.0)];
    let unit = units.into_iter().filter(|(unit, _)| rest.starts_with(unit)).max_by_key(|(unit, _)| unit.len());
    unit.map_or((value, rest), |(unit, scale)| (value * scale, &rest[unit.len()..]))
}

/// Whether `shown` is a rounded `value`: times have two digits at the least, other figures three.
fn reads(shown: f64, value: f64) -> bool {
    (shown / value - 1.0).abs() < 0.051
}

/// Checks a sentence. An error says what is not so.
pub fn check<'a>(text: &str, results: &'a Results) -> Result<Claim<'a>, String> {
    let ok = || results.cells.iter().filter(|cell| cell.status == Status::Ok);
    if text.contains(" failed: ") {
        let failed = results.cells.iter().filter(|cell| !matches!(cell.status, Status::Ok | Status::NotRun)).count();
        let right = text.starts_with(&format!("{failed} of {} cell", results.cells.len()));
        return if right {
            Ok(Claim { kind: Kind::Failures, compared: None })
        } else {
            Err(format!("{failed} failed"))
        };
    }
    if let Some(hint) = text.strip_prefix("a hint of ") {
        return saving(hint, results);
    }
    type Value = fn(&Cell) -> Option<f64>;
    let forms: [(&str, Kind, Value); 9] = [
        (" entries per insert on ", Kind::Bytes, moves),
        (" bytes per write on ", Kind::Bytes, allocated),
        (" bytes per entry on ", Kind::Memory, held_over_a_doubling),
        (" bytes per byte of payload at the peak on ", Kind::Memory, peak_over_a_doubling),
        (" bytes each", Kind::Memory, held),
        (" an operation on ", Kind::Time, ns_per_op),
        ("an operation of ", Kind::Time, ns_per_op),
        (" slowest write", Kind::Tail, stall_ns),
        (" groups per hit on ", Kind::Time, |_| None),
    ];
    let &(_, kind, value) = forms.iter().find(|(form, ..)| text.contains(form)).ok_or("a sentence of no known form")?;
    if text.contains(" groups per hit on ") {
        return Err("no keys cluster here".to_owned());
    }
    let group =
        ok().map(workload).filter(|name| text.contains(&**name)).max_by_key(String::len).ok_or("no workload")?;
    let rows: Vec<&Cell> = ok().filter(|cell| workload(cell) == group && value(cell).is_some()).collect();
    if kind == Kind::Tail {
        let longest = ok().filter_map(stall_ns).fold(0.0, f64::max);
        let named =
            rows.iter().filter(|cell| text.starts_with(&*label(cell, results))).filter_map(|cell| stall_ns(cell));
        let named = named.chain(text.contains(" slowest writes on ").then_some(longest)).fold(0.0, f64::max);
        if named < longest {
            return Err(format!("another one stalls for {longest} ns"));
        }
    }
    let Some((most, less)) = text.rsplit_once(" times ").filter(|(_, less)| !less.starts_with("its ")) else {
        return plain(text, kind, value, &rows, results);
    };
    let (most, ratio) = most.rsplit_once(", ").ok_or("no ratio")?;
    let (ratio, _) = number(ratio.trim_start_matches("up to "));
    let named = |names: &str, end: fn(f64, f64) -> f64| -> Result<Vec<&'a Cell>, String> {
        let is_more = |name: &&str| name.ends_with(" more");
        let all: Vec<&str> = names.split(", ").flat_map(|name| name.split(" and ")).collect();
        let of = |name: &&str| rows.iter().find(|cell| label(cell, results) == **name).copied();
        let mut cells = all.iter().filter(|name| !is_more(name)).map(|name| of(name).ok_or(format!("who is {name}?")));
        let cells = cells.by_ref().collect::<Result<Vec<_>, _>>()?;
        // Whoever isn't named is the same.
        Ok(cells
            .into_iter()
            .chain(all.iter().any(is_more).then(|| ends(&rows, value, end)).into_iter().flatten())
            .collect())
    };
    let verbs = [
        " moves ",
        " move ",
        " allocates ",
        " allocate ",
        " holds ",
        " hold ",
        " needs ",
        " need ",
        " takes ",
        " take ",
        "'s slowest ",
    ];
    let who = verbs.iter().filter_map(|verb| most.split_once(verb)).map(|(who, _)| who).min_by_key(|who| who.len());
    let lows = match less.strip_prefix("the ").and_then(|several| several.split_once(" of ")) {
        Some((_, names)) => names.split(" (").next().unwrap_or(names),
        None => less.split_once("'s ").ok_or("whose?")?.0,
    };
    let (highs, lows) = (named(who.ok_or("no verb")?, f64::max)?, named(lows, f64::min)?);
    let alike =
        |cell: &&&Cell| cell.id.threads == highs[0].id.threads && least(cell).is_some() == least(highs[0]).is_some();
    let values = || rows.iter().filter(alike).filter_map(|cell| value(cell));
    let (top, bottom) = (values().fold(0.0, f64::max), values().fold(f64::INFINITY, f64::min));
    let of = |cells: &[&Cell]| cells.iter().filter_map(|cell| value(cell)).collect::<Vec<_>>();
    if !of(&highs).contains(&top) || !of(&lows).contains(&bottom) {
        return Err(format!("most is {top}, least {bottom}"));
    }
    if !reads(ratio, top / bottom) {
        return Err(format!("{top} is {} times {bottom}", top / bottom));
    }
    Ok(Claim { kind, compared: Some((highs, lows)) })
}

fn ends<'a>(rows: &[&'a Cell], value: fn(&Cell) -> Option<f64>, better: fn(f64, f64) -> f64) -> Vec<&'a Cell> {
    let end = rows.iter().filter_map(|cell| value(cell)).reduce(better);
    rows.iter().filter(|cell| value(cell) == end).copied().collect()
}

/// A sentence that compares no maps: each map's figure stands before or after its name.
fn plain<'a>(
    text: &str,
    kind: Kind,
    value: fn(&Cell) -> Option<f64>,
    rows: &[&'a Cell],
    results: &Results,
) -> Result<Claim<'a>, String> {
    let claim = Claim { kind, compared: None };
    let of = |cell: &&&Cell| text.starts_with(&*label(cell, results));
    let words = [" moves ", " took ", " takes ", " take "];
    let shown = words.iter().filter_map(|word| Some(text.split_once(word)?.1)).max_by_key(|rest| rest.len());
    let shown = shown.ok_or("no verb")?;
    if let Some(cell) = rows.iter().filter(of).max_by_key(|cell| label(cell, results).len()) {
        let (shown, own) = (figure(shown).0, value(cell).expect("it has one"));
        return if reads(shown, own) { Ok(claim) } else { Err(format!("it is {own}")) };
    }
    for cell in rows {
        let own = value(cell).expect("it has one");
        let place = text.find(&*label(cell, results)).ok_or_else(|| format!("nothing of {}", cell.id.map))?;
        let before = text[..place].rsplit([',']).find(|part| part.contains(" in ")).unwrap_or(&text[..place]);
        let figures: Vec<f64> =
            before.match_indices(|c: char| c.is_ascii_digit()).map(|(at, _)| figure(&before[at..]).0).collect();
        if !figures.iter().any(|&shown| reads(shown, own)) && kind != Kind::Memory {
            return Err(format!("{} has {own}", cell.id.map));
        }
    }
    Ok(claim)
}

/// `5,000 saves go-swiss 51 % of the bytes that it allocates on ...`.
fn saving<'a>(text: &str, results: &'a Results) -> Result<Claim<'a>, String> {
    let (hint, rest) = number(text);
    let (map, rest) = rest.strip_prefix(" saves ").and_then(|rest| rest.split_once(' ')).ok_or("saves nothing")?;
    let saved = |cell: &Cell| {
        let mut without = cell.id.clone();
        without.hint = 0;
        let without = results.cells.iter().find(|other| other.id == without)?;
        Some((1.0 - quantity(cell, "alloc_bytes")? / quantity(without, "alloc_bytes")?, without))
    };
    let hinted = || results.cells.iter().filter(|cell| cell.id.hint > 0);
    let own = hinted().find(|cell| cell.id.map == map && cell.id.hint as f64 == hint).ok_or("nobody has that hint")?;
    let (share, without) = saved(own).ok_or("nothing to compare")?;
    if hinted().filter_map(saved).any(|(other, _)| other > share) {
        return Err("another one saves more".to_owned());
    }
    if (number(rest).0 / 100.0 - share).abs() > 0.006 {
        return Err(format!("it saves {share}"));
    }
    if let Some((_, time)) = rest.split_once(" and ") {
        let [before, after] = [without, own].map(|cell| ns_per_op(cell).expect("timed"));
        if (number(time).0 / 100.0 - (1.0 - after / before)).abs() > 0.006 {
            return Err(format!("time: {before} before, {after} after"));
        }
    }
    Ok(Claim { kind: Kind::Bytes, compared: Some((vec![without], vec![own])) })
}
