//! What must hold between the figures of a record. A run can't write a record that fails here; a hand or a bad disk can.

use std::collections::BTreeMap;
use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::ZlibDecoder;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;

use super::{
    Arrivals, Cause, Cell, CellId, Count, EndState, Executed, Hashing, HeatMap, HighestRate, Instructions,
    LatencyHistogram, Lengths, Moment, Moments, OpKind, Pace, Profile, RATE_MAX_PER_S, Responses, Results, SPEED_MAX,
    Searches, Sensors, Services, Spell, Status, Time, Timeline, UNDISTURBED_MIN, Undisturbed, contradiction, flaw,
    metrics,
};
use crate::text;
use metrics::Metric;
use metrics::allocs::ALLOC_BYTES;
use metrics::events::{MAX_ALLOC_BYTES_IN_ONE_WRITE, MAX_MOVES_IN_ONE_WRITE};
use metrics::memory::{LIVE_BYTES, PEAK_BYTES};
use metrics::moves::{CENSUS_MOVED_ENTRIES, INSIDE_MOVED_ENTRIES};
use metrics::structure::{HIT_LOOKUP_GROUPS, HIT_LOOKUP_KEYS, SLOT_REUSE_AGE_WRITES, SLOT_REUSES, SLOTS_FREED};

/// Fails with the message unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($message:tt)*) => {
        if !$condition {
            return Err(format!($($message)*));
        }
    };
}

/// The first contradiction: the cell's identity, and what is wrong.
pub(super) fn check(results: &Results) -> Result<(), (String, String)> {
    let mut seen = BTreeMap::new();
    let named = |cell: &Cell, what| (text::shown(&cell.id.to_string()), what);
    for (index, cell) in results.cells.iter().enumerate() {
        let fail = |what| named(cell, what);
        if let Some(first) = seen.insert(cell.id.key(), index) {
            return Err(fail(format!("cells[{first}] and cells[{index}] have the same identity")));
        }
        if cell.environment >= results.environments.len() {
            let known = results.environments.len();
            return Err(fail(format!("environment {} of {known} (they count from 0)", cell.environment)));
        }
        check_cell(cell).map_err(fail)?;
    }
    contradiction(&results.cells).map_or(Ok(()), |(index, what)| Err(named(&results.cells[index], what)))
}

/// The longest name in a cell's identity, in bytes: every report repeats it, in tables as wide as it is.
const NAME_BYTES_MAX: usize = 4096;

/// What is wrong with a cell's record by itself, in words.
pub(crate) fn check_cell(cell: &Cell) -> Result<(), String> {
    let id = &cell.id;
    for (name, text) in [("map", &id.map), ("keys", &id.keys), ("mix", &id.mix), ("entry", &id.entry)] {
        let bytes = text.len();
        ensure!(bytes <= NAME_BYTES_MAX, "{name} is a name of {bytes} bytes; the longest allowed has {NAME_BYTES_MAX}");
    }
    if let Some(x) = cell.id.load_factor {
        ensure!(x.is_finite() && x > 0.0, "load_factor {x} is not above 0");
    }
    let (threads, keys) = (cell.id.threads, cell.id.thread_keys.as_deref());
    ensure!(
        matches!((threads, keys), (None, None) | (Some(1..), Some("shared" | "disjoint"))),
        "threads {threads:?} with thread_keys {keys:?}: both are there, or none"
    );
    ensure!(cell.key_bytes.checked_add(cell.value_bytes).is_some(), "key_bytes + value_bytes don't fit into 64 bits");
    check_end_state(&cell.expected)?;
    [&cell.key_lengths, &cell.value_lengths].into_iter().flatten().try_for_each(Lengths::check)?;
    if let Some(count) = &cell.count {
        check_count(count)?;
        // A pass that ended early, or a map that answered wrongly, did not do the expected operations.
        if cell.status == Status::Ok {
            check_operations(count, &cell.expected)?;
        }
    }
    if let Some(time) = &cell.time {
        check_times(id, time, time.clocked_elapsed_ns.len())?;
    }
    if let Some(profile) = &cell.profile {
        check_profile(profile)?;
    }
    if let Some(instructions) = &cell.instructions {
        check_instructions(instructions, &cell.expected)?;
    }
    Ok(())
}

/// What is wrong with what a cell's time pass measured after so many repetitions, in words; the figures may be the last
/// one's alone, but the least are those of all.
pub(crate) fn check_times(id: &CellId, time: &Time, repetitions: usize) -> Result<(), String> {
    let (found, expected) = (time.threads.len(), id.threads.unwrap_or(0) as usize);
    ensure!(found == expected, "figures of {found} threads, where there are {expected}");
    check_time(time, repetitions)
}

fn check_end_state(state: &EndState) -> Result<(), String> {
    let EndState { inserts, overwrites, removes, remove_hits, gets, get_hits, .. } = *state;
    ensure!(remove_hits <= removes, "remove_hits {remove_hits} > removes {removes}");
    ensure!(get_hits <= gets, "get_hits {get_hits} > gets {gets}");
    let ops = sum(OpKind::ALL.into_iter().filter_map(|kind| state.ops(kind)));
    ensure!(ops.is_some(), "{} add up to more than 64 bits hold", OpKind::ALL.map(OpKind::plural).join(", "));
    let payload = state.payload_bytes;
    ensure!(payload == 0 || inserts > 0 || overwrites > 0, "payload_bytes {payload} without an insert or an overwrite");
    let heap = state.payload_heap_bytes.unwrap_or(0);
    ensure!(heap <= payload, "payload_heap_bytes {heap} > payload_bytes {payload}");
    let (live, heap) = (state.live_payload_bytes, state.live_payload_heap_bytes.unwrap_or(0));
    ensure!(heap <= live, "live_payload_heap_bytes {heap} > live_payload_bytes {live}");
    ensure!(live == 0 || state.entries > 0, "live_payload_bytes {live} without a live entry");
    Ok(())
}

fn check_count(count: &Count) -> Result<(), String> {
    let counted = |metric: Metric| count.quantities.get(metric.name);
    flaw(&count.declared).map_or(Ok(()), Err)?;
    for (name, _) in count.quantities.iter() {
        let known = metrics::counted(name).is_some() || count.declared.iter().any(|quantity| quantity.name == name);
        ensure!(known, "`{}` is no quantity that this mapscope knows or the cell declares", text::shown(name));
    }
    for (lower, upper) in
        [(LIVE_BYTES, PEAK_BYTES), (MAX_ALLOC_BYTES_IN_ONE_WRITE, ALLOC_BYTES), (SLOT_REUSES, SLOTS_FREED)]
    {
        if let (Some(least), Some(most)) = (counted(lower), counted(upper)) {
            ensure!(least <= most, "{} {least} > {} {most}", lower.name, upper.name);
        }
    }
    if let (Some(reuses), Some(age)) = (counted(SLOT_REUSES), counted(SLOT_REUSE_AGE_WRITES)) {
        ensure!(reuses <= age, "slot_reuse_age_writes {age} < slot_reuses {reuses}, and each takes a write at least");
    }
    let [one, inside, census] =
        [MAX_MOVES_IN_ONE_WRITE, INSIDE_MOVED_ENTRIES, CENSUS_MOVED_ENTRIES].map(|metric| counted(metric).unwrap_or(0));
    let all = inside.max(census);
    ensure!(one <= all, "max_moves_in_one_write {one} > {all} moved entries");
    check_distributions(count)?;
    for searches in &count.searches {
        check_searches(searches)?;
    }
    count.timeline.as_ref().map_or(Ok(()), check_timeline)
}

/// What is summed up is what is told one by one.
fn check_distributions(count: &Count) -> Result<(), String> {
    let lists = [
        ("hit_probe_lengths", &count.distributions.hit_probe_lengths, HIT_LOOKUP_KEYS.name),
        ("hit_group_lengths", &count.distributions.hit_group_lengths, HIT_LOOKUP_GROUPS.name),
    ];
    for (name, lengths, quantity) in lists {
        let (Some(lengths), Some(expected)) = (lengths, count.quantities.get(quantity)) else { continue };
        let sum: u128 = (0..).zip(lengths).map(|(n, &count): (u128, _)| n * u128::from(count)).sum();
        ensure!(sum == u128::from(expected), "{name} adds up to {sum}, but {quantity} is {expected}");
    }
    Ok(())
}

/// Each entry's search looks at one key or group at least.
fn check_searches(searches: &Searches) -> Result<(), String> {
    let Searches { ops, entries, hit_probes, hit_groups } = *searches;
    for (name, sum) in [("hit_probes", hit_probes), ("hit_groups", hit_groups)] {
        let sum = sum.unwrap_or(entries);
        ensure!(sum >= entries, "{name} {sum} < {entries} entries, in searches after {ops} operations");
    }
    Ok(())
}

fn check_timeline(timeline: &Timeline) -> Result<(), String> {
    ensure!(timeline.ops_per_point > 0, "timeline.ops_per_point is 0");
    let points = timeline.entries.len();
    let lists = [Some(&timeline.held_bytes), Some(&timeline.peak_bytes), timeline.capacity.as_ref()];
    let equally_long = lists.iter().flatten().all(|list| list.len() == points);
    ensure!(equally_long, "the lists of timeline are not equally long");
    Ok(())
}

fn check_instructions(counted: &Instructions, expected: &EndState) -> Result<(), String> {
    for (kind, of) in counted.kinds.iter().chain(&counted.idle) {
        let name = kind.name();
        let Executed { instructions, branches, mispredictions, l1_misses, ll_misses } = *of;
        ensure!(branches <= instructions, "branches {branches} of {name} > instructions {instructions}");
        ensure!(mispredictions <= branches, "mispredictions {mispredictions} of {name} > branches {branches}");
        ensure!(ll_misses <= l1_misses, "ll_misses {ll_misses} of {name} > l1_misses {l1_misses}");
        ensure!(expected.ops(*kind) != Some(0), "instructions of {name}, of which there is no operation");
    }
    Ok(())
}

fn check_heat(heat: &HeatMap) -> Result<(), String> {
    ensure!(heat.ops_per_column > 0, "heat.ops_per_column is 0");
    let above = heat.columns.iter().flatten().find(|(band, _)| *band >= HeatMap::BANDS);
    ensure!(above.is_none(), "heat has a band above {}", HeatMap::BANDS - 1);
    Ok(())
}

fn check_operations(count: &Count, expected: &EndState) -> Result<(), String> {
    for kind in OpKind::ALL {
        let by_cause = count.causes.get(&kind);
        let sum: u128 = by_cause.into_iter().flat_map(BTreeMap::values).map(|&n| u128::from(n)).sum();
        // A record of schema 1 counts no clears.
        let all = expected.ops(kind).unwrap_or(0);
        ensure!(sum == u128::from(all), "causes of {} add up to {sum}, but there are {all}", kind.name());
    }
    Ok(())
}

fn check_time(time: &Time, repetitions: usize) -> Result<(), String> {
    ensure!(
        time.ticks_per_ns.is_finite() && time.ticks_per_ns > 0.0,
        "ticks_per_ns {} is not above 0",
        time.ticks_per_ns
    );
    ensure!(
        time.clock_floor_ns.is_finite() && time.clock_floor_ns >= 0.0,
        "clock_floor_ns {} < 0",
        time.clock_floor_ns
    );
    let (bare, clocked) = (time.bare_elapsed_ns.len(), time.clocked_elapsed_ns.len());
    ensure!(bare == clocked, "{bare} repetitions without a clock in the loop, but {clocked} with one");
    let largest_ns = check_histograms(&time.histograms)?;
    ensure!(sum(time.histograms.iter().map(|h| h.count)).is_some(), "histograms count more than 64 bits hold");
    if let Some(kind) = time.kind_ns.keys().find(|kind| !largest_ns.contains_key(kind)) {
        return Err(format!("kind_ns has {}, but no histogram has", kind.name()));
    }
    check_percentiles(time, &largest_ns)?;
    if let Some(collector) = &time.collector {
        let lists = [("cycles", collector.cycles.len()), ("heap_peak_bytes", collector.heap_peak_bytes.len())];
        for (name, of) in lists {
            ensure!(of == clocked, "{name} of collector are those of {of} of {clocked} repetitions");
        }
    }
    for (thread, of_thread) in time.threads.iter().enumerate() {
        let of = of_thread.bare_elapsed_ns.len();
        ensure!(of == clocked, "thread {thread}: bare_elapsed_ns are those of {of} of {clocked} repetitions");
        check_histograms(&of_thread.histograms).map_err(|what| format!("thread {thread}: {what}"))?;
        let recorded = sum(of_thread.histograms.iter().map(|h| h.count));
        ensure!(recorded.is_some(), "thread {thread}: histograms count more than 64 bits hold");
    }
    let recorded = |histograms: &[LatencyHistogram]| histograms.iter().map(|h| u128::from(h.count)).sum::<u128>();
    let (all, sum) = (recorded(&time.histograms), time.threads.iter().map(|thread| recorded(&thread.histograms)).sum());
    ensure!(time.threads.is_empty() || all == sum, "the threads recorded {sum} latencies, but there are {all}");
    time.responses.iter().try_for_each(|responses| check_responses(responses, clocked))?;
    time.highest_rates.iter().try_for_each(|highest| check_highest_rate(highest, clocked))?;
    check_undisturbed(time, repetitions, &largest_ns)?;
    time.sensors.as_ref().map_or(Ok(()), |sensors| check_sensors(sensors, clocked))?;
    time.hashing.as_ref().map_or(Ok(()), |hashing| check_hashing(hashing, clocked))?;
    time.heat.as_ref().map_or(Ok(()), check_heat)?;
    time.moments.as_ref().map_or(Ok(()), check_moments)
}

/// Of more repetitions the least is less, and none is above what was observed.
fn check_undisturbed(time: &Time, all: usize, observed_ns: &BTreeMap<OpKind, u64>) -> Result<(), String> {
    let mut before: Option<&Undisturbed> = None;
    for least in &time.undisturbed {
        let Undisturbed { repetitions, blocks_ns, histograms } = least;
        let name = format!("undisturbed of {repetitions} repetitions");
        let enough = *repetitions >= UNDISTURBED_MIN && *repetitions as usize <= all;
        ensure!(enough, "{name}, of which there are {all}; {UNDISTURBED_MIN} at least are held against each other");
        let quickest_ns = time.bare_elapsed_ns.iter().take(*repetitions as usize).min().copied().unwrap_or(0);
        // The answer of one repetition has those before it in it.
        let all_there = time.bare_elapsed_ns.len() >= *repetitions as usize;
        // The counter and the system's clock may differ by a little.
        let most_ns = quickest_ns.saturating_add(quickest_ns / 64).saturating_add(1000);
        ensure!(
            !all_there || *blocks_ns <= most_ns,
            "{name} add up to {blocks_ns} ns, but one of them took {quickest_ns} ns"
        );
        let machine = histograms.iter().find(|histogram| histogram.cause == Cause::Machine);
        ensure!(machine.is_none(), "{name} have a histogram of cause machine, which only observed times have");
        let largest_ns = check_histograms(histograms).map_err(|what| format!("{name}: {what}"))?;
        let counted = sum(histograms.iter().map(|h| h.count));
        ensure!(counted.is_some_and(|counted| counted <= time.ops), "{name} count more operations than there are");
        let as_before = before.is_none_or(|before| sum(before.histograms.iter().map(|h| h.count)) == counted);
        ensure!(as_before, "{name} count other operations than those of fewer repetitions");
        for (kind, ns) in &largest_ns {
            let observed = observed_ns.get(kind).copied().unwrap_or(0);
            ensure!(*ns <= observed, "{name} have {ns} ns of {}, of which {observed} ns were observed", kind.name());
        }
        if let Some(before) = before {
            let fewer = before.repetitions;
            ensure!(fewer < *repetitions, "{name} come after those of {fewer}");
            ensure!(*blocks_ns <= before.blocks_ns, "{name} add up to {blocks_ns} ns, more than those of {fewer}");
        }
        before = Some(least);
    }
    Ok(())
}

fn check_sensors(sensors: &Sensors, repetitions: usize) -> Result<(), String> {
    let Sensors { involuntary_switches, stolen_ms, mhz, load } = sensors;
    let lengths = [involuntary_switches.len(), stolen_ms.len(), mhz.len(), load.len()];
    let whole = lengths.into_iter().all(|length| length == 0 || length == repetitions);
    ensure!(whole, "a list of sensors is not of {repetitions} repetitions");
    let sane = mhz.iter().chain(load).all(|value| value.is_finite() && *value >= 0.0);
    ensure!(sane, "sensors have a frequency or load that is not a number from 0 on");
    Ok(())
}

fn check_responses(responses: &Responses, repetitions: usize) -> Result<(), String> {
    let Responses { services, arrivals, rate_per_s, pace, ops, service_ns, .. } = responses;
    let name = match (arrivals, rate_per_s, pace) {
        (Arrivals::Trace, None, Some(pace)) => {
            check_pace(pace, *ops)?;
            format!("responses at {} times the pace of the trace", pace.speed)
        }
        (Arrivals::Poisson | Arrivals::Paced, Some(rate @ 1..=RATE_MAX_PER_S), None) => {
            format!("responses at {rate} per second")
        }
        _ => return Err(format!("responses to {} arrivals have rate_per_s or pace wrong", arrivals.name())),
    };
    ensure!(*ops > 0, "{name} are of no operations");
    let expected = if *services == Services::Observed { repetitions } else { 1 };
    ensure!(service_ns.len() == expected, "{name} are those of {} of {expected} repetitions", service_ns.len());
    for list in responses.lists().iter().filter(|list| !list.is_empty()) {
        ensure!(list.len() == expected, "{name} have percentiles of {} of {expected} repetitions", list.len());
    }
    Ok(())
}

fn check_pace(pace: &Pace, ops: u64) -> Result<(), String> {
    let Pace { speed, span_ns, unit_ns, different, most_ops, earlier_ops } = *pace;
    ensure!((1..=SPEED_MAX).contains(&speed), "a pace of {speed} times the trace's");
    ensure!(unit_ns > 0 && span_ns >= unit_ns, "the times of a trace span {span_ns} ns and count {unit_ns}");
    let one_each = different.checked_sub(1).and_then(|others| others.checked_add(most_ops));
    let whole = most_ops > 0 && one_each.is_some_and(|least| least <= ops) && earlier_ops < ops;
    ensure!(whole, "{different} times of a trace are of {ops} operations, {most_ops} of one, {earlier_ops} earlier");
    Ok(())
}

fn check_highest_rate(highest: &HighestRate, repetitions: usize) -> Result<(), String> {
    let HighestRate { services, quantile, ops, rates_per_s, .. } = highest;
    ensure!(*quantile > 0.0 && *quantile <= 1.0 && *ops > 0, "highest_rates: the share {quantile} of {ops} operations");
    let expected = if *services == Services::Observed { repetitions } else { 1 };
    ensure!(
        rates_per_s.len() == expected,
        "highest_rates are those of {} of {expected} repetitions",
        rates_per_s.len()
    );
    ensure!(
        rates_per_s.iter().all(|rate| *rate <= RATE_MAX_PER_S),
        "highest_rates go beyond {RATE_MAX_PER_S} per second"
    );
    Ok(())
}

fn check_hashing(hashing: &Hashing, repetitions: usize) -> Result<(), String> {
    let repetitions = if hashing.ops > 0 { repetitions } else { 0 };
    for (name, list) in [("hashed_ns", &hashing.hashed_ns), ("idle_ns", &hashing.idle_ns)] {
        ensure!(
            list.len() == repetitions,
            "{name} of hashing are those of {} of {repetitions} repetitions",
            list.len()
        );
    }
    Ok(())
}

fn check_moments(moments: &Moments) -> Result<(), String> {
    ensure!(moments.ops_per_point > 0, "moments.ops_per_point is 0");
    ensure!(moments.elapsed_ns.is_sorted(), "moments.elapsed_ns goes back in time");
    ensure!(sum(moments.left_out.values().copied()).is_some(), "moments.left_out adds up to more than 64 bits hold");
    let of = moments.elapsed_ns.last().copied().unwrap_or(0);
    let mut last = None;
    for Moment { op, start_ns, ns, .. } in &moments.operations {
        ensure!(last < Some(*op), "operation {op} of moments comes twice, or too late");
        let end_ns = start_ns.checked_add(*ns);
        ensure!(end_ns.is_some_and(|end| end <= of), "operation {op} of moments ends after the last one, at {of} ns");
        last = Some(*op);
    }
    for Spell { first_op, last_op, start_ns, end_ns, .. } in &moments.spells {
        ensure!(first_op < last_op, "a spell of moments ends with operation {last_op}, not after {first_op}");
        ensure!(start_ns <= end_ns && *end_ns <= of, "the spell from operation {first_op} ends at {end_ns} ns");
    }
    Ok(())
}

/// Lists as long as there are repetitions, and what they tell together with the histograms.
fn check_percentiles(time: &Time, largest_ns: &BTreeMap<OpKind, u64>) -> Result<(), String> {
    let repetitions = time.clocked_elapsed_ns.len();
    for (index, own) in time.percentiles.iter().enumerate() {
        let name = format!("percentiles of {}", own.kind.name());
        ensure!(time.percentiles[..index].iter().all(|other| other.kind != own.kind), "{name} are there twice");
        ensure!(largest_ns.contains_key(&own.kind), "{name} are there, but no histogram");
        let lists = own.lists();
        let told = lists[..lists.len() - 1].iter().map(|list| !list.is_empty());
        ensure!(told.rev().is_sorted(), "{name} lack a lower one of those that are there");
        for list in lists.iter().filter(|list| !list.is_empty()) {
            ensure!(list.len() == repetitions, "{name} are those of {} of {repetitions} repetitions", list.len());
        }
        for repetition in 0..repetitions {
            let rising = lists.iter().filter_map(|list| list.get(repetition)).is_sorted();
            ensure!(rising, "{name} fall in repetition {repetition} (they count from 0)");
        }
        if let Some(longest) = own.max_ns.iter().max() {
            let held = largest_ns.get(&own.kind);
            ensure!(
                held == Some(longest),
                "{name} end at {longest} ns, but the histograms at {} ns",
                held.unwrap_or(&0)
            );
        }
    }
    Ok(())
}

/// Gives the largest value of each kind.
fn check_histograms(histograms: &[LatencyHistogram]) -> Result<BTreeMap<OpKind, u64>, String> {
    let mut largest = BTreeMap::new();
    for (index, histogram) in histograms.iter().enumerate() {
        let name = format!("histogram of {} {}", histogram.kind.name(), histogram.cause.name());
        let twice = histograms[..index].iter().any(|h| (h.kind, h.cause) == (histogram.kind, histogram.cause));
        ensure!(!twice, "{name} is there twice");
        let decoded = decode(histogram).map_err(|what| format!("{name}: {what}"))?;
        let (said, held) = (histogram.count, decoded.len());
        ensure!(said == held, "{name} says count {said}, but holds {held}");
        let max = largest.entry(histogram.kind).or_default();
        *max = decoded.max().max(*max);
    }
    Ok(largest)
}

/// Unpacks by hand, because the crate's own way trusts the lengths it finds and allocates as much as they say.
fn decode(histogram: &LatencyHistogram) -> Result<Histogram<u64>, String> {
    const COMPRESSED_HEADER: usize = 8;
    const HEADER: usize = 40;
    const LARGEST: u64 = 1 << 26;
    let packed = STANDARD.decode(&histogram.hdr_v2_deflate_base64).map_err(|error| format!("base64: {error}"))?;
    let deflated = packed.get(COMPRESSED_HEADER..).ok_or("too short for an HdrHistogram")?;
    let mut plain = Vec::new();
    ZlibDecoder::new(deflated).take(LARGEST).read_to_end(&mut plain).map_err(|error| format!("deflate: {error}"))?;
    let length = plain.get(4..8).and_then(|field| field.try_into().ok()).map(u32::from_be_bytes);
    if length.map(|n| n as usize + HEADER) != Some(plain.len()) {
        return Err("its length is not what its header says".to_owned());
    }
    Deserializer::new().deserialize(&mut plain.as_slice()).map_err(|error| error.to_string())
}

fn check_profile(profile: &Profile) -> Result<(), String> {
    let frames = profile.frames.len();
    let alloc = profile.alloc.iter().map(|stack| ("alloc", &stack.stack));
    let copy = profile.copy.iter().map(|stack| ("copy", &stack.stack));
    let cpu = profile.cpu.iter().map(|stack| ("cpu", &stack.stack));
    for (name, stack) in alloc.chain(copy).chain(cpu) {
        if let Some(frame) = stack.iter().find(|&&frame| frame as usize >= frames) {
            return Err(format!("a stack of profile.{name} names frame {frame} of {frames} (they count from 0)"));
        }
    }
    // Whoever adds them up, however far, must be able to.
    let period_ns = profile.cpu_period_ns();
    let sums = [
        ("alloc_bytes", sum(profile.alloc.iter().map(|x| x.alloc_bytes))),
        ("alloc_count", sum(profile.alloc.iter().map(|x| x.alloc_count))),
        ("live_bytes", sum(profile.alloc.iter().filter_map(|x| x.live_bytes))),
        ("live_count", sum(profile.alloc.iter().filter_map(|x| x.live_count))),
        ("moved_bytes", sum(profile.copy.iter().map(|x| x.moved_bytes))),
        ("moved_entries", sum(profile.copy.iter().map(|x| x.moved_entries))),
        ("samples", sum(profile.cpu.iter().map(|x| x.samples)).and_then(|n| n.checked_mul(period_ns))),
    ];
    for (name, sum) in sums {
        ensure!(sum.is_some(), "{name} of profile add up to more than 64 bits hold");
    }
    Ok(())
}

fn sum(mut of: impl Iterator<Item = u64>) -> Option<u64> {
    of.try_fold(0, u64::checked_add)
}
