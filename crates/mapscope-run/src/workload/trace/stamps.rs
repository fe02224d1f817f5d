//! When the operations of a trace arrive, by its time stamps.

/// The time stamps of a trace's operations, in their order.
///
/// One that is earlier than one before it counts as that: operations are done in the order of the trace, and nobody is served
/// who has not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamps {
    /// What they count in, in nanoseconds.
    pub unit_ns: u64,
    first_ns: u64,
    last_ns: u64,
    /// Different ones.
    pub different: u64,
    /// Operations of the last one.
    in_last: u64,
    /// Operations of the one that most have.
    pub most_ops: u64,
    /// Operations whose stamp is earlier than one before it.
    pub earlier_ops: u64,
}

/// When operations arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrivals {
    /// From each operation to the next, in nanoseconds.
    pub gaps_ns: Vec<u64>,
    /// What it is made of.
    pub stamps: Stamps,
}

impl Stamps {
    /// None.
    pub(super) fn new() -> Stamps {
        Stamps { unit_ns: u64::MAX, first_ns: 0, last_ns: 0, different: 0, in_last: 0, most_ops: 0, earlier_ops: 0 }
    }

    /// Takes the next operation's.
    pub(super) fn add(&mut self, ns: u64) {
        self.earlier_ops += u64::from(ns < self.last_ns);
        if self.different == 0 || ns > self.last_ns {
            if self.different == 0 {
                self.first_ns = ns;
            }
            (self.last_ns, self.in_last) = (ns, 0);
            self.different += 1;
        }
        self.in_last += 1;
        self.most_ops = self.most_ops.max(self.in_last);
    }

    /// What they are and how they are taken, in words.
    pub(super) fn told(&self) -> String {
        let Stamps { unit_ns, different, most_ops, earlier_ops, .. } = self;
        let (count, unit) = match unit_ns {
            1_000_000_000.. => (unit_ns / 1_000_000_000, "s"),
            1_000_000.. => (unit_ns / 1_000_000, "ms"),
            1_000.. => (unit_ns / 1_000, "us"),
            _ => (*unit_ns, "ns"),
        };
        let several = match most_ops {
            0 | 1 => ", each of one operation".to_owned(),
            _ => format!("; operations of one (at most {most_ops}) come evenly within it"),
        };
        let earlier = match earlier_ops {
            0 => String::new(),
            1 => "; 1 operation with an earlier time than one before it comes with that".to_owned(),
            ops => format!("; {ops} operations with an earlier time than one before them come with that"),
        };
        format!("times count {count} {unit}, and there are {different} different ones{several}{earlier}")
    }

    /// From the first to the end of the last one's unit, in nanoseconds; at least 1.
    pub fn span_ns(&self) -> u64 {
        (self.last_ns - self.first_ns).saturating_add(self.unit_ns)
    }
}

/// When operations with these stamps arrive: those of one stamp evenly within its unit, in their order, in whole nanoseconds,
/// rounded down.
pub(super) fn arrivals<E>(stamps_ns: impl IntoIterator<Item = Result<u64, E>>, unit_ns: u64) -> Result<Arrivals, E> {
    let mut stamps = Stamps { unit_ns, ..Stamps::new() };
    let (mut gaps_ns, mut before) = (Vec::new(), None);
    let mut arrive = |Stamps { last_ns, in_last, .. }: Stamps| {
        for nth in 0..in_last {
            let now = u128::from(last_ns) + u128::from(nth) * u128::from(unit_ns) / u128::from(in_last);
            // A gap spans no more than two stamps do.
            gaps_ns.extend(before.map(|before| (now - before) as u64));
            before = Some(now);
        }
    };
    for ns in stamps_ns {
        let last = stamps;
        stamps.add(ns?);
        if stamps.different > last.different {
            arrive(last);
        }
    }
    arrive(stamps);
    Ok(Arrivals { gaps_ns, stamps })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(stamps_ns: &[u64], unit_ns: u64) -> Arrivals {
        arrivals(stamps_ns.iter().map(|&ns| Ok::<_, ()>(ns)), unit_ns).unwrap()
    }

    #[test]
    fn operations_of_one_stamp_come_evenly_in_its_unit() {
        assert_eq!(of(&[70, 70, 70, 100, 100, 140], 10).gaps_ns, [3, 3, 24, 5, 35]);
        // More than the unit has nanoseconds.
        assert_eq!(of(&[5, 5, 5, 6], 1).gaps_ns, [0, 0, 1]);
        assert_eq!(of(&[], 1).gaps_ns, [0_u64; 0]);
        assert_eq!(of(&[0, u64::MAX], 1).gaps_ns, [u64::MAX]);
    }

    #[test]
    fn what_is_earlier_than_one_before_comes_with_that() {
        let Arrivals { gaps_ns, stamps } = of(&[20, 10, 30, 0, 29], 10);
        assert_eq!(gaps_ns, [5, 5, 3, 3]);
        let Stamps { unit_ns, different, most_ops, earlier_ops, .. } = stamps;
        assert_eq!((unit_ns, different, most_ops, earlier_ops, stamps.span_ns()), (10, 2, 3, 3, 20));
        assert_eq!(of(&[u64::MAX, 0], 1_000).stamps.span_ns(), 1_000);
    }
}
