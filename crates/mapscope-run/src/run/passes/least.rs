//! What each operation and each block of operations took at the least over the repetitions so far: a file that one
//! repetition's process hands on to the next.
//!
//! Three numbers of 64 bits: blocks, operations, outliers. Then each block's least time in picoseconds, 64 bits; each
//! operation's in nanoseconds, 32 bits; and each outlier, the number of the operation and the nanoseconds that a
//! repetition took for it, 32 bits both. All little-endian. An outlier is above the 99.9th percentile of its kind in its
//! repetition: when another one did it in less than half the time, it was the machine's.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::latencies::{CLASSES, Recordings, recorded};
use super::learnt::Reader;
use super::timeline::Heat;
use crate::probe::event::Cause;
use crate::probe::latency::{Latencies, class_of, kind_and_cause};
use crate::record::metrics::latency::percentile;
use crate::record::{LatencyHistogram, OpKind};
use crate::run::place::Place;
use crate::subject::Failure;
use crate::text;

/// What is known of such a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::run) struct Least {
    /// Of how many repetitions it is.
    pub repetitions: u32,
    digest: String,
}

/// What a repetition leaves beside its own figures.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::run) struct Left {
    pub least: Least,
    /// Of all repetitions so far, where this was worked out: the outliers that were the machine's, by the cause that they
    /// were recorded with.
    pub machine: Vec<LatencyHistogram>,
}

/// What a repetition has from those before it, if there are any, and where it leaves its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::run) struct Handed {
    pub place: Place,
    pub before: Option<Least>,
}

/// The figures of a repetition, or the least of several.
#[derive(Debug, Default)]
pub(super) struct Figures {
    blocks_ps: Vec<u64>,
    /// Each operation's, in order; empty where they are too many.
    pub each_ns: Vec<u32>,
    outliers: Vec<(u32, u32)>,
}

impl Figures {
    /// Those of a repetition. `cold` has the operations, in order, that no histogram has.
    pub fn new(
        blocks_ps: Vec<u64>,
        each_ns: Vec<u32>,
        cold: &[u32],
        latencies: &Latencies,
        mut known: Reader,
    ) -> Result<Figures, Failure> {
        let above = above(latencies);
        let (mut outliers, mut cold) = (Vec::new(), cold.iter().peekable());
        for (op, &ns) in (0_u32..).zip(&each_ns) {
            let (kind, _) = kind_and_cause(known.next()?.class.into());
            let is_cold = cold.next_if_eq(&&op).is_some();
            if !is_cold && above[kind].is_some_and(|limit| u64::from(ns) > limit) {
                outliers.push((op, ns));
            }
        }
        Ok(Figures { blocks_ps, each_ns, outliers })
    }

    /// The sum of all blocks.
    pub fn blocks_ns(&self) -> u64 {
        self.blocks_ps.iter().sum::<u64>() / 1000
    }

    /// Takes in what the repetitions before found, and leaves what is now the least for those to come.
    pub fn hand_on(&mut self, handed: &Handed) -> Result<Least, Failure> {
        let Handed { place, before } = handed;
        let failed = |path: &Path, what: &str, error: io::Error, advice: &str| {
            let path = text::path(path);
            Failure::harness(format!("the least of the repetitions can't be {what} {path}: {error}; {advice}"))
        };
        if let Some(before) = before {
            let path = place.after(before.repetitions);
            self.lower_to(&path, before).map_err(|error| failed(&path, "read from", error, "run it anew"))?;
        }
        let repetitions = before.as_ref().map_or(0, |before| before.repetitions) + 1;
        let path = place.after(repetitions);
        let digest = self.write(&path).map_err(|error| failed(&path, "written to", error, "make room there"))?;
        Ok(Least { repetitions, digest })
    }

    fn lower_to(&mut self, path: &Path, before: &Least) -> io::Result<()> {
        let mut file = BufReader::new(Hashed::new(File::open(path)?));
        let [blocks, ops, outliers] = [u64(&mut file)?, u64(&mut file)?, u64(&mut file)?];
        if (blocks, ops) != (self.blocks_ps.len() as u64, self.each_ns.len() as u64) {
            return Err(io::Error::other(format!("it is of {blocks} blocks and {ops} operations")));
        }
        for least in &mut self.blocks_ps {
            *least = (*least).min(u64(&mut file)?);
        }
        for least in &mut self.each_ns {
            *least = (*least).min(u32(&mut file)?);
        }
        for _ in 0..outliers {
            self.outliers.push((u32(&mut file)?, u32(&mut file)?));
        }
        if file.read(&mut [0])? > 0 || file.get_ref().digest() != before.digest {
            return Err(io::Error::other("it is not what was written"));
        }
        Ok(())
    }

    /// Gives its digest.
    fn write(&self, path: &Path) -> io::Result<String> {
        let mut file = BufWriter::new(Hashed::new(File::create(path)?));
        for count in [self.blocks_ps.len(), self.each_ns.len(), self.outliers.len()] {
            file.write_all(&(count as u64).to_le_bytes())?;
        }
        self.blocks_ps.iter().try_for_each(|ps| file.write_all(&ps.to_le_bytes()))?;
        self.each_ns.iter().try_for_each(|ns| file.write_all(&ns.to_le_bytes()))?;
        for (op, ns) in &self.outliers {
            file.write_all(&op.to_le_bytes())?;
            file.write_all(&ns.to_le_bytes())?;
        }
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        // The log, which has its digest, is on disk when the answer is booked.
        file.0.sync_data()?;
        Ok(file.digest())
    }

    /// The histograms of the least, and of the outliers that were the machine's.
    pub fn histograms(
        &mut self,
        cold: &[u32],
        mut known: Reader,
    ) -> Result<(Vec<LatencyHistogram>, Vec<LatencyHistogram>), Failure> {
        self.outliers.sort_unstable();
        let (mut least, mut machine) = (Recordings::new(), Latencies::new(CLASSES));
        let (mut cold, mut outliers) = (cold.iter().peekable(), self.outliers.iter().peekable());
        for (op, &ns) in (0_u32..).zip(&self.each_ns) {
            let class = known.next()?.class;
            least.add(class, ns.into(), cold.next_if_eq(&&op).is_some());
            while let Some((_, observed)) = outliers.next_if(|(of, _)| *of == op) {
                if u64::from(ns) * 2 < u64::from(*observed) {
                    machine.record(class.into(), (*observed).into());
                }
            }
        }
        Ok((recorded(&least.finish().0), recorded(&machine)))
    }

    /// When which of the least occurred; `ops` in a map.
    pub fn heat(&self, cold: &[u32], ops: u64) -> Heat {
        let (mut heat, mut cold) = (Heat::new(ops), cold.iter().peekable());
        for (op, &ns) in (0_u32..).zip(&self.each_ns) {
            heat.add(cold.next_if_eq(&&op).is_none().then_some(ns.into()));
        }
        heat
    }
}

/// The 99.9th percentile of each kind, where it has enough operations for one.
fn above(latencies: &Latencies) -> Vec<Option<u64>> {
    let of_kind = |kind: OpKind| {
        let classes = Cause::ALL.map(|cause| usize::from(class_of(kind as usize, cause)));
        let mut all = hdrhistogram::Histogram::<u64>::new(3).expect("three digits are valid");
        let recorded = latencies.recorded().filter(|(class, _)| classes.contains(class));
        recorded.for_each(|(_, histogram)| all.add(histogram).expect("it resizes itself"));
        percentile(&all, 0.999)
    };
    OpKind::ALL.map(of_kind).to_vec()
}

fn u32(file: &mut impl Read) -> io::Result<u32> {
    let mut bytes = [0; 4];
    file.read_exact(&mut bytes).map(|()| u32::from_le_bytes(bytes))
}

fn u64(file: &mut impl Read) -> io::Result<u64> {
    let mut bytes = [0; 8];
    file.read_exact(&mut bytes).map(|()| u64::from_le_bytes(bytes))
}

/// A file of which all that is read or written is hashed.
struct Hashed(File, blake3::Hasher);

impl Hashed {
    fn new(file: File) -> Hashed {
        Hashed(file, blake3::Hasher::new())
    }

    fn digest(&self) -> String {
        self.1.finalize().to_hex().to_string()
    }
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        self.1.update(&buffer[..count]);
        Ok(count)
    }
}

impl Write for Hashed {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.0.write(buffer)?;
        self.1.update(&buffer[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::passes::Learnt;

    /// What was learnt of so many steady gets.
    fn learnt_gets(folder: &Path, ops: usize) -> Learnt {
        let path = folder.join("learnt");
        std::fs::write(&path, vec![class_of(OpKind::Get as usize, Cause::Steady); ops]).unwrap();
        let learnt = serde_json::json!({ "path": path, "ops": ops, "bytes": ops, "digest": "" });
        serde_json::from_value(learnt).unwrap()
    }

    /// What one repetition leaves: 2,000 gets of 20 ns, but these.
    fn repetition(folder: &Path, before: Option<Least>, blocks_ps: &[u64], slow: &[(usize, u32)]) -> (Figures, Least) {
        let mut each_ns = vec![20; 2000];
        let mut latencies = Latencies::new(CLASSES);
        slow.iter().for_each(|&(op, ns)| each_ns[op] = ns);
        let class = class_of(OpKind::Get as usize, Cause::Steady).into();
        each_ns.iter().for_each(|&ns| latencies.record(class, ns.into()));
        let known = learnt_gets(folder, 2000).again().unwrap();
        let mut figures = Figures::new(blocks_ps.to_vec(), each_ns, &[0], &latencies, known).unwrap();
        let least = figures.hand_on(&Handed { place: Place::new(folder, 3), before }).unwrap();
        (figures, least)
    }

    #[test]
    fn the_least_is_handed_on_and_what_only_one_repetition_found_slow_is_the_machines() {
        let folder = tempfile::tempdir().unwrap();
        // The first operation is cold. Of the others, the p99.9 leaves two above: one slow in both, one in the first.
        let (_, first) = repetition(folder.path(), None, &[5, 9], &[(0, 7000), (7, 900), (8, 950), (9, 30)]);
        let (mut figures, second) =
            repetition(folder.path(), Some(first.clone()), &[6, 8], &[(7, 800), (8, 21), (11, 820)]);
        assert_eq!((first.repetitions, second.repetitions), (1, 2));
        assert_eq!(figures.blocks_ps, [5, 8]);
        assert_eq!([0, 7, 8, 9, 11].map(|op| figures.each_ns[op]), [20, 800, 21, 20, 20]);
        let known = learnt_gets(folder.path(), 2000).again().unwrap();
        let (least, machine) = figures.histograms(&[0], known).unwrap();
        let all = |histograms: &[LatencyHistogram]| {
            let decoded = |one: &LatencyHistogram| crate::record::metrics::latency::decode(one).unwrap();
            let one = histograms.iter().map(|one| (one.kind, one.cause, one.count, decoded(one).max()));
            one.collect::<Vec<_>>()
        };
        assert_eq!(all(&least), [(OpKind::Get, Cause::Steady, 1999, 800)], "without the cold one");
        assert_eq!(all(&machine), [(OpKind::Get, Cause::Steady, 2, 950)], "of operations 8 and 11");
    }

    #[test]
    fn a_file_that_is_not_what_was_left_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (mut figures, least) = repetition(folder.path(), None, &[5, 9], &[]);
        let place = Place::new(folder.path(), 3);
        let path = place.after(1);
        let whole = std::fs::read(&path).unwrap();
        let mut refused = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            let handed = Handed { place: place.clone(), before: Some(least.clone()) };
            figures.hand_on(&handed).unwrap_err().why
        };
        assert!(refused(&whole[..whole.len() - 1]).contains("can't be read from"));
        assert!(refused(&[&whole[..], &[0]].concat()).ends_with("it is not what was written; run it anew"));
        let mut other = whole.clone();
        other[24] ^= 1;
        assert!(refused(&other).ends_with("it is not what was written; run it anew"));
        other[0] ^= 1;
        assert!(refused(&other).ends_with("it is of 3 blocks and 2000 operations; run it anew"));
    }
}
