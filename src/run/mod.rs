//! stub

use std::path::PathBuf;

use crate::maps::{self, Family, FamilyVisitor};
use crate::record::Results;
use crate::spec::{Catalog, EntryOffer, MapOffer, Param, Plan, Range, Term};
use crate::workload::{ENTRIES, EntryVisitor, Key, Value, with_entry};

/// The maps that can run.
pub struct Subjects {
    maps: Vec<MapOffer>,
}

impl Subjects {
    /// mapscope's own.
    pub fn builtin() -> Subjects {
        struct Offers(Vec<MapOffer>);
        impl FamilyVisitor for Offers {
            fn visit<F: Family>(&mut self) {
                let load_factor = F::INFO.load_factor.map(|x| (x.min, x.max, x.default));
                self.0.push(MapOffer { term: F::INFO.term, load_factor, hint: F::INFO.hint });
            }
        }
        let mut offers = Offers(vec![]);
        maps::each(&mut offers);
        Subjects { maps: offers.0 }
    }

    /// What a plan may name.
    pub fn catalog(&self) -> Catalog {
        struct SlotBytes;
        impl EntryVisitor for SlotBytes {
            type Out = u64;
            fn visit<K: Key, V: Value>(self) -> u64 {
                (size_of::<K>() + size_of::<V>()) as u64
            }
        }
        let offer = |term: &Term| EntryOffer {
            term: *term,
            slot_bytes: with_entry(term.name, SlotBytes).expect("every entry has its types"),
        };
        const THETA: Range = Range { min: 0.0, max: 8.0, above_min: true, below_max: false, integer: false };
        const UNIT: Range = Range { min: 0.0, max: 1.0, above_min: true, below_max: false, integer: false };
        const WEIGHT: Range = Range { min: 0.0, max: 1e9, above_min: false, below_max: false, integer: false };
        const fn param(name: &'static str, summary: &'static str, range: Range, default: f64) -> Param {
            Param { name, summary, range, default: Some(default), required: false }
        }
        const SKEW: &[Param] = &[param("theta", "skew", THETA, 0.99)];
        const HOT: &[Param] = &[
            param("set", "fraction of the records that are hot", UNIT, 0.2),
            param("share", "fraction of the operations that address a hot record", UNIT, 0.8),
        ];
        const WEIGHTS: &[Param] = &[
            param("insert", "weight of puts", WEIGHT, 0.0),
            param("remove", "weight of removes", WEIGHT, 0.0),
            param("get", "weight of gets", WEIGHT, 0.0),
        ];
        let plain = |name| Term::plain(name, "stub", "");
        // SAFETY: sysconf only reads.
        let (pages, page_bytes) = unsafe { (libc::sysconf(libc::_SC_PHYS_PAGES), libc::sysconf(libc::_SC_PAGESIZE)) };
        Catalog {
            maps: self.maps.clone(),
            keys: vec![
                plain("sequential"),
                plain("uniform"),
                Term { params: SKEW, ..plain("zipfian") },
                Term { params: SKEW, ..plain("scrambled-zipfian") },
                Term { params: HOT, ..plain("hotspot") },
                plain("latest"),
                Term { file: true, ..plain("file") },
            ],
            mixes: ["fill", "overwrite", "churn", "waves", "ycsb-a", "ycsb-b", "ycsb-c", "ycsb-d", "ycsb-f"]
                .map(plain)
                .into_iter()
                .chain([Term { params: WEIGHTS, named: true, ..plain("mix") }])
                .collect(),
            entries: ENTRIES.iter().map(offer).collect(),
            memory_bytes: pages.max(0) as u64 * page_bytes.max(0) as u64,
        }
    }
}

/// How to run a plan.
pub struct Settings {
    /// Count passes side by side.
    pub jobs: usize,
    /// The folder; `None` for a new one.
    pub out: Option<PathBuf>,
    /// Whether to show a bar on stderr.
    pub progress: bool,
    /// Whether to keep quiet.
    pub quiet: bool,
}

/// A run that came to its end.
pub struct Finished {
    /// The record.
    pub results: Results,
    /// The folder.
    pub folder: PathBuf,
    /// Cells that failed.
    pub failed: usize,
    /// Whether Ctrl-C ended it.
    pub interrupted: bool,
}

/// Why nothing could be run.
#[derive(Debug, thiserror::Error)]
#[error("not built yet")]
pub struct RunError;

/// Runs the plan.
pub fn execute(_: Plan, _: &Subjects, _: Settings) -> Result<Finished, RunError> {
    Err(RunError)
}
