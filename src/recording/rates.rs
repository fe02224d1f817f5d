//! What maps cost a second while their programs run: two readings, and the time that each process ran between them.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::terminal::{name_of, place_and_type};
use super::{Counts, Manifest, Map, Place, Process, Row, Sample, Sort};
use crate::report::number;
use crate::text::pad_start;

/// The processes of a recording at a moment.
#[derive(Debug, Default)]
pub struct Reading {
    /// The moment, on a clock of the reader's.
    pub at: Duration,
    /// What each had recorded.
    pub processes: Vec<Seen>,
}

/// A process, as it was read.
#[derive(Debug)]
pub struct Seen {
    /// What it had recorded.
    pub process: Process,
    /// When it began.
    pub began: Duration,
    /// Whether it ran.
    pub state: State,
}

/// Whether a process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It does.
    Runs,
    /// It ended at this moment.
    Ended(Duration),
    /// It had ended when it was first looked for.
    Gone,
}

/// Figures a second.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Bytes allocated.
    pub bytes: f64,
    /// Entries moved by growing.
    pub moves: f64,
    /// Tables that grew.
    pub growths: f64,
    /// Writes of new keys.
    pub inserts: f64,
    /// Maps made.
    pub maps: f64,
    /// Whether bytes, moves and growths are not known of some of these maps; they are 0 of those.
    is_unmeasured: bool,
}

/// What maps cost a second between two readings.
#[derive(Debug)]
pub struct Rates {
    /// The places where something was done, the worst first.
    pub rows: Vec<(Place, String, Rate)>,
    /// The sum.
    pub total: Rate,
    /// The processes that ran all the while or for a part of it, each by its program and number, and how long it did.
    pub processes: Vec<(String, u64, Duration)>,
    /// Processes that began and ended in between, or of which it is not known when they ended: they are in no rate.
    pub missed: u64,
    /// What share of their maps the processes record, unless that is all.
    sample: Option<Sample>,
    between: Duration,
}

impl Rates {
    /// What was done between these readings, and the time that it took.
    pub fn between(before: &Reading, after: &Reading, manifest: Option<&Manifest>, by: Sort) -> Rates {
        let mut rows: HashMap<(Place, String), Rate> = HashMap::new();
        let mut rates = Rates {
            rows: Vec::new(),
            total: Rate::default(),
            processes: Vec::new(),
            missed: 0,
            sample: None,
            between: after.at.saturating_sub(before.at),
        };
        for Seen { process, began, state } in &after.processes {
            let earlier = before.processes.iter().find(|earlier| earlier.process.path == process.path);
            let until = match (state, earlier) {
                (_, Some(Seen { state: State::Ended(_) | State::Gone, .. })) => continue,
                (State::Runs, _) => after.at,
                (State::Ended(at), _) => *at,
                (State::Gone, _) => {
                    rates.missed += 1;
                    continue;
                }
            };
            // One that began meanwhile, later; one that ended meanwhile, until then.
            let ran = until.saturating_sub(before.at.max(*began));
            if ran.is_zero() {
                continue;
            }
            rates.processes.push((name_of(&process.program).to_owned(), process.pid, ran));
            rates.sample = Some(process.sample()).filter(|&sample| sample != Sample::ALL).or(rates.sample);
            for ((place, ty), rate) in each(process, earlier.map(|earlier| &earlier.process), ran, manifest) {
                rates.total.add(Rate { is_unmeasured: false, ..rate });
                rows.entry((place, ty)).or_default().add(rate);
            }
        }
        rates.rows = rows.into_iter().map(|((place, ty), rate)| (place, ty, rate)).collect();
        rates.rows.sort_by(|(a_at, a_type, a), (b_at, b_type, b)| {
            let order = |rate: &Rate| (rate.of(by), rate.bytes, rate.inserts);
            order(b).partial_cmp(&order(a)).expect("numbers").then_with(|| (&a_at.at, a_type).cmp(&(&b_at.at, b_type)))
        });
        rates
    }

    /// A table of so many places and columns.
    pub fn text(&self, rows_max: usize, width: usize) -> String {
        let mut text = String::new();
        let _ = match &self.processes[..] {
            [] => writeln!(text, "No process ran in the last {:.1} s", self.between.as_secs_f64()),
            [(program, pid, ran)] => writeln!(text, "{program}, process {pid}: over {:.1} s", ran.as_secs_f64()),
            many => writeln!(
                text,
                "{} processes, each over the time that it ran in the last {:.1} s",
                number::integer(many.len() as u64),
                self.between.as_secs_f64()
            ),
        };
        if self.missed > 0 {
            let (es, missed) = (if self.missed == 1 { "" } else { "es" }, number::integer(self.missed));
            let _ = writeln!(text, "{missed} process{es} of which it is not known how long it ran: in no rate");
        }
        if let Some(sample) = self.sample {
            let _ = writeln!(text, "Recorded is {sample} of the maps, and rates are of those");
        }
        let heads = COLUMNS.map(|(head, _)| pad_start(head, WIDTH));
        let _ = writeln!(text, "\n{}", heads.join(" "));
        let s = if self.rows.len() == 1 { "" } else { "s" };
        let places = number::integer(self.rows.len() as u64);
        let _ = writeln!(text, "{}\n  all of {places} place{s} where something was done", figures(&self.total));
        let unmeasured = self.rows.iter().filter(|(.., rate)| rate.is_unmeasured).count();
        if unmeasured > 0 {
            let s = if unmeasured == 1 { "" } else { "s" };
            let unmeasured = number::integer(unmeasured as u64);
            let _ = writeln!(
                text,
                "  at {unmeasured} place{s} bytes, moves and growths of some maps are not known, and in no sum"
            );
        }
        for (place, ty, rate) in self.rows.iter().take(rows_max) {
            let row = Row { place: place.clone(), ty: ty.clone(), counts: Counts::default() };
            let _ = writeln!(text, "{}\n  {}", figures(rate), place_and_type(&row, width.saturating_sub(2)));
        }
        let left_out = self.rows.len().saturating_sub(rows_max);
        if left_out > 0 {
            let s = if left_out == 1 { "" } else { "s" };
            let _ = writeln!(text, "\n{} more place{s}", number::integer(left_out as u64));
        }
        text
    }
}

const WIDTH: usize = 11;

/// A head, and a rate; bytes, moves and growths may not be known.
type Column = (&'static str, fn(&Rate) -> Option<f64>);

const COLUMNS: [Column; 5] = [
    ("bytes/s", |rate| (!rate.is_unmeasured).then_some(rate.bytes)),
    ("moves/s", |rate| (!rate.is_unmeasured).then_some(rate.moves)),
    ("growths/s", |rate| (!rate.is_unmeasured).then_some(rate.growths)),
    ("inserts/s", |rate| Some(rate.inserts)),
    ("maps/s", |rate| Some(rate.maps)),
];

fn figures(rate: &Rate) -> String {
    let shown = |rate: f64| match rate {
        0.0 => "0".to_owned(),
        few if few < 99.95 => format!("{few:.1}"),
        many => number::scaled(many.round() as u64),
    };
    COLUMNS.map(|(_, of)| pad_start(&of(rate).map_or_else(|| "-".to_owned(), shown), WIDTH)).join(" ")
}

impl Rate {
    fn add(&mut self, other: Rate) {
        self.bytes += other.bytes;
        self.moves += other.moves;
        self.growths += other.growths;
        self.inserts += other.inserts;
        self.maps += other.maps;
        self.is_unmeasured |= other.is_unmeasured;
    }

    fn of(&self, by: Sort) -> f64 {
        match by {
            // What a hint would save is no rate.
            Sort::Bytes | Sort::Hint => self.bytes,
            Sort::Moves => self.moves,
            Sort::Growths => self.growths,
            Sort::Maps => self.maps,
        }
    }

    /// Of what is now, less what was before, in so many seconds.
    fn since(now: &Map, before: &Map, is_new: bool, seconds: f64) -> Rate {
        let bytes = |map: &Map| map.table_bytes.saturating_add(map.entry_bytes);
        let rate = |now: u64, before: u64| now.saturating_sub(before) as f64 / seconds;
        Rate {
            bytes: rate(bytes(now), bytes(before)),
            moves: rate(now.moved_entries, before.moved_entries),
            growths: rate(now.growths.into(), before.growths.into()),
            inserts: rate(now.inserts, before.inserts),
            maps: rate(is_new.into(), 0),
            is_unmeasured: false,
        }
    }
}

/// The places and types of a process at whose maps something was done, map by map: one that gets its type with its first
/// write meanwhile brings nothing of before along.
fn each(
    process: &Process,
    earlier: Option<&Process>,
    ran: Duration,
    manifest: Option<&Manifest>,
) -> impl Iterator<Item = ((Place, String), Rate)> {
    let earlier = earlier.map_or(&[][..], |earlier| &earlier.maps);
    let mut rates: HashMap<(u32, u32), (Map, Rate)> = HashMap::new();
    for map in &process.maps {
        let before = earlier.binary_search_by_key(&map.number, |map| map.number).ok().map(|at| &earlier[at]);
        let mut rate = Rate::since(map, before.unwrap_or(&Map::default()), before.is_none(), ran.as_secs_f64());
        if rate != Rate::default() {
            if !process.is_measured(map) {
                rate = Rate { bytes: 0.0, moves: 0.0, growths: 0.0, is_unmeasured: true, ..rate };
            }
            rates.entry((map.place, map.ty)).or_insert((*map, Rate::default())).1.add(rate);
        }
    }
    rates
        .into_values()
        .map(move |(map, rate)| ((Place::of(process, &map, manifest), process.type_name(map.ty).to_owned()), rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(number: u32, table_bytes: u64, inserts: u64) -> Map {
        Map { number, table_bytes, inserts, growths: 1, ..Map::default() }
    }

    fn seen(path: &str, began: u64, state: State, maps: &[Map]) -> Seen {
        let mut process = Process::of_maps(path, maps);
        process.program = "/bin/server".into();
        Seen { process, began: Duration::from_secs(began), state }
    }

    fn rates(before: Vec<Seen>, after: Vec<Seen>) -> Rates {
        let reading = |at, processes| Reading { at: Duration::from_secs(at), processes };
        Rates::between(&reading(10, before), &reading(20, after), None, Sort::Bytes)
    }

    #[test]
    fn what_was_there_before_is_in_no_rate_and_what_is_new_is() {
        let before = vec![seen("a", 0, State::Runs, &[map(1, 1000, 50), map(3, 500, 5)])];
        let after = vec![seen("a", 0, State::Runs, &[map(1, 3000, 70), map(2, 100, 1), map(3, 500, 5)])];
        let Rates { total, rows, processes, .. } = rates(before, after);
        assert_eq!((total.bytes, total.inserts, total.maps, total.growths), (210.0, 2.1, 0.1, 0.1));
        assert_eq!((rows.len(), processes), (1, vec![("server".to_owned(), 0, Duration::from_secs(10))]));
    }

    #[test]
    fn a_process_is_divided_by_the_time_that_it_ran() {
        let more = [map(1, 4000, 0)];
        // From the reading before until it ended; from when it began.
        let ended = State::Ended(Duration::from_secs(12));
        let of = rates(vec![seen("a", 0, State::Runs, &[map(1, 2000, 0)])], vec![seen("a", 0, ended, &more)]);
        assert_eq!(of.total.bytes, 1000.0);
        assert_eq!(rates(vec![], vec![seen("a", 16, State::Runs, &more)]).total.bytes, 1000.0);
        assert_eq!(rates(vec![], vec![seen("a", 11, ended, &more)]).total.bytes, 4000.0);
        // Two of them, each by its own.
        let two = vec![seen("a", 16, State::Runs, &more), seen("b", 11, ended, &more)];
        assert_eq!(rates(vec![], two).total.bytes, 5000.0);
    }

    #[test]
    fn what_has_ended_before_is_in_no_rate_and_what_was_missed_is_told() {
        let ended = State::Ended(Duration::from_secs(9));
        let of = |state| vec![seen("a", 0, state, &[map(1, 2000, 0)])];
        let after = rates(of(ended), of(ended));
        assert_eq!((after.total, after.missed), (Rate::default(), 0));
        assert!(after.text(9, 80).starts_with("No process ran in the last 10.0 s\n"), "{}", after.text(9, 80));
        assert_eq!(rates(of(State::Gone), of(State::Gone)).missed, 0);
        let missed = rates(vec![], of(State::Gone));
        assert_eq!((missed.total, missed.missed), (Rate::default(), 1));
        assert!(missed.text(9, 80).contains("1 process of which it is not known how long it ran"));
    }

    #[test]
    fn a_table_has_the_sum_then_the_worst_and_says_what_is_left_out() {
        let places = ["a.go:1", "b.go:2"].map(|at| Place { function: String::new(), at: at.into() });
        let rate = Rate { bytes: 12_345.6, moves: 3.24, maps: 99.96, ..Rate::default() };
        let rates = Rates {
            rows: places.map(|place| (place, "map[int]int".into(), Rate { is_unmeasured: true, ..rate })).into(),
            total: rate,
            processes: vec![("server".into(), 7, Duration::from_millis(2000))],
            missed: 0,
            sample: Sample::of_file(100),
            between: Duration::from_secs(2),
        };
        let expected = "\
server, process 7: over 2.0 s
Recorded is 1/100 of the maps, and rates are of those

    bytes/s     moves/s  growths/s   inserts/s      maps/s
      12.3k         3.2          0           0         100
  all of 2 places where something was done
  at 2 places bytes, moves and growths of some maps are not known, and in no sum
          -           -          -           0         100
  a.go:1  map[int]int

1 more place
";
        let squeezed = |text: &str| text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        assert_eq!(squeezed(&rates.text(1, 80)), squeezed(expected));
    }
}
