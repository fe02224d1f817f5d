//! Response times, held against a simulation of the queue by its events. It shares no code with the recursion: only the
//! definition of a Poisson process's gaps, and absolute times in place of waits.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use mapscope::plan::{Reading, Source, TraceSpec, Widths, WorkloadSpec};
use mapscope::record::Arrivals;
use mapscope::run::responses::{gaps, paced_responses_ns, responses_ns};
use mapscope::workload::{Rng, Workload};

use crate::common::{PATIENT, Run};

/// What may happen next, the earliest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Departs(usize),
    Arrives(usize),
}

/// Each caller's response in whole nanoseconds. Callers arrive at `arrivals`, in units of which a nanosecond has so many.
fn simulated(services_ns: &[u32], arrivals: &[u128], unit_per_ns: u128) -> Vec<u64> {
    let mut events = BinaryHeap::from([Reverse((arrivals[0], Event::Arrives(0)))]);
    let (mut queue, mut serves) = (VecDeque::new(), None);
    let mut responses = vec![None; services_ns.len()];
    while let Some(Reverse((now, event))) = events.pop() {
        match event {
            Event::Arrives(caller) => {
                queue.push_back(caller);
                if let Some(&next) = arrivals.get(caller + 1) {
                    events.push(Reverse((next, Event::Arrives(caller + 1))));
                }
            }
            Event::Departs(caller) => {
                responses[caller] = Some(((now - arrivals[caller]) / unit_per_ns) as u64);
                serves = None;
            }
        }
        if serves.is_none() {
            serves = queue.pop_front();
            if let Some(caller) = serves {
                events.push(Reverse((now + u128::from(services_ns[caller]) * unit_per_ns, Event::Departs(caller))));
            }
        }
    }
    responses.into_iter().map(|response| response.expect("everyone leaves")).collect()
}

/// When callers arrive, in 2^-32 of 10^-9 of the mean gap, which are the units of `simulated`.
fn arrival_times(arrivals: Arrivals, seed: u64, callers: usize) -> Vec<u128> {
    let mut uniform = Rng::new(seed);
    let (mut now, mut times) = (0_u128, Vec::new());
    for _ in 0..callers {
        times.push(now * 1_000_000_000);
        now += match arrivals {
            Arrivals::Paced => 0x1_0000_0000,
            Arrivals::Poisson => (libm::log(1.0 - uniform.unit()).abs() * 4_294_967_296.0).round() as u128,
            Arrivals::Trace => unreachable!("its times are in it"),
        };
    }
    times
}

/// Mostly tens of nanoseconds, now and then microseconds, and growths that double.
fn services_ns(ops: usize) -> Vec<u32> {
    let mut rng = Rng::new(11);
    let one = |op: usize| match op {
        op if op.is_power_of_two() => 2 * op as u32,
        _ if rng.below(1000) == 0 => 1000 + rng.below(50_000) as u32,
        _ => rng.below(120) as u32,
    };
    (0..ops).map(one).collect()
}

#[test]
fn responses_are_those_of_a_simulation_by_events_to_the_nanosecond() {
    let services_ns = services_ns(1_000_000);
    let mean_ns = services_ns.iter().map(|&ns| f64::from(ns)).sum::<f64>() / services_ns.len() as f64;
    let saturated = (1e9 / mean_ns) as u64;
    for arrivals in Arrivals::AT_A_RATE {
        let times = arrival_times(arrivals, 3, services_ns.len());
        // The last rate is more than the map can do.
        for rate in [1, 99_991, saturated / 2, saturated - saturated / 50, saturated + saturated / 10] {
            let expected = simulated(&services_ns, &times, u128::from(rate) * 0x1_0000_0000);
            let found = responses_ns(services_ns.iter().copied(), gaps(arrivals, 3), rate);
            let differs = expected.iter().copied().zip(found).position(|(expected, found)| expected != found);
            assert_eq!(differs, None, "{arrivals:?} at {rate} a second");
            let waited = expected.iter().zip(&services_ns).filter(|&(&response, &ns)| response > u64::from(ns)).count();
            // Both kinds of work are there: hardly anyone waits, and many do.
            assert!(
                if rate < saturated / 2 { waited < 20_000 } else { waited > 100_000 },
                "{arrivals:?} at {rate}: {waited}"
            );
        }
    }
}

/// A trace with these times, as they are written, in a column called so.
fn trace(column: &str, times: &[String]) -> (tempfile::NamedTempFile, Workload) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let rows: String = times.iter().enumerate().map(|(row, time)| format!("put,{row},{time}\n")).collect();
    std::fs::write(file.path(), format!("op,key,{column}\n{rows}")).expect("written");
    let reading = Reading { stamps: true, ..Reading::default() };
    let source = Source::Trace(TraceSpec { path: file.path().to_owned(), reading });
    let spec = WorkloadSpec { source, ops: u64::MAX, seed: 1, widths: Widths::WHOLE };
    let workload = Workload::open(&spec).unwrap_or_else(|error| panic!("{error}"));
    (file, workload)
}

/// When operations with these times arrive, in nanoseconds: each as late as any before it, and the nth of those that come at
/// one time after as many parts of the unit.
fn arrive(times_ns: &[u64], unit_ns: u64) -> Vec<u128> {
    let latest = times_ns.iter().scan(0, |most, &ns| {
        *most = ns.max(*most);
        Some(*most)
    });
    let latest: Vec<u64> = latest.collect();
    let mut arrive = Vec::new();
    let mut begin = 0;
    while begin < times_ns.len() {
        let time = latest[begin];
        let end = times_ns[begin..].iter().position(|&ns| ns > time).map_or(times_ns.len(), |more| begin + more);
        let of = (end - begin) as u128;
        arrive.extend((0..of).map(|nth| u128::from(time) + nth * u128::from(unit_ns) / of));
        begin = end;
    }
    arrive
}

#[test]
fn a_traces_own_arrivals_are_simulated_to_the_nanosecond_too() {
    let services_ns = services_ns(60_000);
    let mut rng = Rng::new(5);
    // A second has none to thousands, now and then one that was logged late; microseconds are mostly alone.
    let (mut second, mut micro, mut seconds, mut micros) = (1_700_000_000, 0, Vec::new(), Vec::new());
    for _ in 0..services_ns.len() {
        second += if rng.below(1500) == 0 { 1 + rng.below(4) } else { 0 };
        micro += if rng.below(40) == 0 { 20_000 } else { rng.below(3) };
        seconds.push(second - if rng.below(200) == 0 { rng.below(3) } else { 0 });
        micros.push(micro);
    }
    let seconds_ns: Vec<u64> = seconds.iter().map(|second| second * 1_000_000_000).collect();
    let micros_ns: Vec<u64> = micros.iter().map(|micro| micro * 1_000).collect();
    let text = |numbers: &[u64]| numbers.iter().map(u64::to_string).collect::<Vec<_>>();
    let with_point: Vec<_> = micros.iter().map(|micro| format!("{}.{:03}", micro / 1000, micro % 1000)).collect();
    for (column, times, times_ns, unit_ns, speeds) in [
        ("time_s", text(&seconds), &seconds_ns, 1_000_000_000, [1, 1_000, 1_000_000, 50_000_000]),
        ("time_us", text(&micros), &micros_ns, 1_000, [1, 3, 10, 1_000_000_000]),
        ("time_ms", with_point, &micros_ns, 1_000, [1, 3, 10, 1_000_000_000]),
    ] {
        let (_file, workload) = trace(column, &times);
        let gaps_ns = workload.arrivals().expect("a copy").expect("times").gaps_ns;
        let arrive = arrive(times_ns, unit_ns);
        for speed in speeds {
            let expected = simulated(&services_ns, &arrive, u128::from(speed));
            let found = paced_responses_ns(services_ns.iter().copied(), gaps_ns.iter().copied(), speed);
            assert!(expected.iter().copied().eq(found), "{column} {speed} times as fast");
        }
        let waited = |speed| {
            let responses = paced_responses_ns(services_ns.iter().copied(), gaps_ns.iter().copied(), speed);
            responses.zip(&services_ns).filter(|&(response, &ns)| response > u64::from(ns)).count()
        };
        assert!(waited(1) < 20_000 && waited(speeds[3]) > 40_000, "{column}: {} {}", waited(1), waited(speeds[3]));
    }
}

#[test]
fn gaps_are_those_of_their_process() {
    let of = |arrivals, seed| gaps(arrivals, seed).take(100_000).map(|gap| gap as f64 / 4_294_967_296.0);
    assert!(of(Arrivals::Paced, 1).all(|gap| gap == 1.0));
    let above = |least: f64| of(Arrivals::Poisson, 1).filter(|&gap| gap > least).count() as f64 / 1e5;
    for least in [0.1_f64, 0.5, 1.0, 2.0, 5.0] {
        // Five standard deviations at the most of 100,000 draws; the seed is fixed.
        assert!((above(least) - (-least).exp()).abs() < 0.008, "above {least}: {}", above(least));
    }
    assert_ne!(gaps(Arrivals::Poisson, 1).next(), gaps(Arrivals::Poisson, 2).next());
}

#[test]
fn a_run_records_them_for_each_repetition_of_a_cell_that_one_thread_has_to_itself() {
    let cells = Run::new([PATIENT, "--map", "dashmap", "--keys", "uniform", "--mix", "fill", "--passes", "time"])
        .args(["--ops", "2000", "--threads", "1,2", "--rate", "1e6,1_000,1e3"])
        .cells();
    let [alone, two] = &cells[..] else { panic!("{} cells", cells.len()) };
    assert!(two["time"].get("responses").is_none(), "two threads are no queue");
    let none = alone["time"].get("responses").is_none();
    assert!(none, "as a thread beside others it is none either");

    let cells = Run::new([PATIENT, "--map", "std", "--keys", "uniform", "--mix", "fill", "--passes", "time"])
        .args(["--ops", "2000", "--rate", "1e6,1_000,1e3"])
        .cells();
    let time = &cells[0]["time"];
    let repetitions = time["bare_elapsed_ns"].as_array().unwrap().len();
    let of = time["responses"].as_array().unwrap();
    let named = of.iter().map(|one| (one["rate_per_s"].as_u64().unwrap(), one["arrivals"].as_str().unwrap()));
    let expected = [(1000, "poisson"), (1000, "paced"), (1_000_000, "poisson"), (1_000_000, "paced")];
    assert_eq!(named.collect::<Vec<_>>(), [expected, expected].concat());
    let (observed, undisturbed) = of.split_at(expected.len());
    for (all, services, items) in [(observed, "observed", repetitions), (undisturbed, "undisturbed", 1)] {
        for one in all {
            assert_eq!((one["ops"].as_u64(), one["services"].as_str()), (Some(2000), Some(services)));
            for list in ["service_ns", "p50_ns", "p99_ns", "p999_ns", "max_ns"] {
                assert_eq!(one[list].as_array().unwrap().len(), items, "{services} {list}");
            }
        }
    }
}

#[test]
fn a_run_records_what_the_callers_of_a_trace_wait() {
    let times: Vec<_> = (0..2000).map(|row| (row / 100).to_string()).collect();
    let (file, _) = trace("time_s", &times);
    let path = file.path().to_str().expect("UTF-8");
    let run = |flags: &[&str]| {
        let fixed = [PATIENT, "--map", "std", "--passes", "time", "--repetitions", "3", "--trace", path];
        Run::new(fixed).args(flags.iter().copied())
    };
    let cells = run(&["--pace", "trace*1e9,trace", "--rate", "1e6"]).cells();
    let of = cells[0]["time"]["responses"].as_array().expect("responses");
    let named: Vec<_> =
        of.iter().map(|one| (one["arrivals"].as_str().unwrap(), one["pace"]["speed"].as_u64())).collect();
    let expected = [("poisson", None), ("paced", None), ("trace", Some(1)), ("trace", Some(1_000_000_000))];
    assert_eq!(named, [expected, expected].concat(), "observed, then undisturbed");
    for one in of.iter().filter(|one| one["arrivals"] == "trace") {
        let mut pace = one["pace"].clone();
        pace["speed"].take();
        let expected = serde_json::json!({
            "speed": null, "span_ns": 20_000_000_000_u64, "unit_ns": 1_000_000_000, "different": 20, "most_ops": 100,
            "earlier_ops": 0,
        });
        assert_eq!(pace, expected);
        assert!(one.get("rate_per_s").is_none(), "{one}");
        // One every 10 ms waits for nobody; 100 a nanosecond wait for most of the others.
        let most = one["max_ns"][0].as_u64().unwrap();
        let all = one["service_ns"][0].as_u64().unwrap();
        assert!(if one["pace"]["speed"] == 1 { most <= all } else { most > all / 2 }, "{one}");
    }
    // The first so many operations have their own times.
    let cells = run(&["--pace", "trace", "--ops", "150"]).cells();
    assert_eq!(cells[0]["time"]["responses"][0]["pace"]["span_ns"], 2_000_000_000_u64);
    let absent = run(&[]).cells();
    assert!(absent[0]["time"].get("responses").is_none());
}

#[test]
fn a_run_records_the_highest_rates_and_what_hashing_takes() {
    let fixed = [PATIENT, "--keys", "uniform", "--mix", "fill", "--passes", "time", "--ops", "2000"];
    let cells = Run::new(fixed).args(["--map", "std,btree", "--response-limit", "p99=1s,max=1ns"]).cells();
    for cell in &cells {
        let time = &cell["time"];
        let repetitions = time["bare_elapsed_ns"].as_array().unwrap().len();
        let rates = time["highest_rates"].as_array().unwrap();
        let of = |one: &serde_json::Value, name: &str| one[name].as_f64().unwrap();
        let keys: Vec<_> = rates.iter().map(|one| (of(one, "quantile"), of(one, "limit_ns"))).collect();
        let both = [(0.99, 1e9), (0.99, 1e9), (1.0, 1.0), (1.0, 1.0)];
        assert_eq!(keys, [both, both].concat(), "observed, then undisturbed");
        for (one, items) in rates.iter().zip([[repetitions; 4], [1; 4]].concat()) {
            let rates: Vec<_> =
                one["rates_per_s"].as_array().unwrap().iter().map(|rate| rate.as_u64().unwrap()).collect();
            assert_eq!(rates.len(), items);
            // Growing takes more than a nanosecond, and one operation in a hundred no second.
            assert!(rates.iter().all(|&rate| if of(one, "quantile") == 1.0 { rate == 0 } else { rate > 0 }), "{one}");
        }
        let hashing = &time["hashing"];
        let is_tree = cell["id"]["map"] == "btree";
        assert_eq!(hashing["ops"], if is_tree { 0 } else { 2000 }, "a tree hashes nothing");
        for list in ["hashed_ns", "idle_ns"] {
            let items = hashing.get(list).map_or(0, |list| list.as_array().unwrap().len());
            assert_eq!(items, if is_tree { 0 } else { repetitions }, "{list}");
        }
    }
}
