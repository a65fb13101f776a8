//! Repair at the receiver of a stream: it asks for packets that are missing (generic NACK, RFC 4585) as soon as it knows of a gap, again after
//! each round trip, and gives up after so many requests or so long.

use std::collections::VecDeque;

use jackfield_core::units::TimeDelta;

use crate::clock::VirtualTime;
use crate::link::NEVER;
use crate::scenario::RepairSpec;
use crate::steps::ns;

/// More than this is not asked for: what is older is given up.
const MOST_MISSING: usize = 1_000;

pub(super) struct Repair {
    spec: RepairSpec,
    /// The number in the stream of the next new packet.
    expected: u64,
    /// In the order of their numbers.
    missing: VecDeque<Missing>,
}

#[derive(Clone, Copy)]
struct Missing {
    sequence: u64,
    known: VirtualTime,
    asked: u32,
    again: VirtualTime,
}

impl Repair {
    pub(super) fn new(spec: RepairSpec) -> Self {
        Self {
            spec,
            expected: 0,
            missing: VecDeque::new(),
        }
    }

    /// A packet has come. Whether it is wanted: not a second time, and not after it was given up.
    pub(super) fn arrived(&mut self, now: VirtualTime, sequence: u64) -> bool {
        if sequence >= self.expected {
            self.missing
                .extend((self.expected..sequence).map(|sequence| Missing {
                    sequence,
                    known: now,
                    asked: 0,
                    again: now,
                }));
            self.expected = sequence + 1;
            return true;
        }
        let place = self
            .missing
            .binary_search_by_key(&sequence, |missing| missing.sequence);
        place.is_ok_and(|place| self.missing.remove(place).is_some())
    }

    /// When something is to be asked for, or given up.
    pub(super) fn due(&self) -> VirtualTime {
        self.missing
            .iter()
            .map(|missing| missing.again)
            .min()
            .unwrap_or(NEVER)
    }

    /// What is to be asked for now goes into `asked`, and what is given up into `given_up`.
    pub(super) fn ask(
        &mut self,
        now: VirtualTime,
        round_trip: TimeDelta,
        asked: &mut Vec<u64>,
        given_up: &mut Vec<u64>,
    ) {
        let surplus = self.missing.len().saturating_sub(MOST_MISSING);
        let (attempts, patience) = (self.spec.attempts, ns(self.spec.patience));
        let mut place = 0;
        self.missing.retain_mut(|missing| {
            place += 1;
            if place > surplus && missing.again > now {
                return true;
            }
            let waited = now.ns() - missing.known.ns();
            if place <= surplus || missing.asked >= attempts || waited >= patience {
                given_up.push(missing.sequence);
                return false;
            }
            missing.asked += 1;
            let wait = ns(round_trip).min(patience - waited);
            missing.again = now.later(wait.max(1));
            asked.push(missing.sequence);
            true
        });
    }
}

/// How many bytes it takes to ask for these packets, in order: four for each 17 numbers in a row (RFC 4585 section 6.2.1).
pub(super) fn request_size(asked: &[u64]) -> i64 {
    let (mut bytes, mut base) = (0, None);
    for sequence in asked {
        if base.is_none_or(|base| *sequence > base + 16) {
            bytes += 4;
            base = Some(*sequence);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const RTT: TimeDelta = TimeDelta::ms(100);

    fn at(ms: u64) -> VirtualTime {
        VirtualTime::from_ns(ms * 1_000_000)
    }

    #[test]
    fn a_gap_is_asked_for_at_once_again_after_a_round_trip_and_then_given_up() {
        let mut repair = Repair::new(RepairSpec {
            attempts: 3,
            patience: TimeDelta::seconds(1),
        });
        assert!(repair.arrived(at(0), 0) && repair.arrived(at(10), 3));
        let mut told = Vec::new();
        for ms in [10, 110, 150, 210, 310] {
            let (mut asked, mut given_up) = (Vec::new(), Vec::new());
            repair.ask(at(ms), RTT, &mut asked, &mut given_up);
            told.push((asked, given_up));
            if ms == 10 {
                assert!(repair.arrived(at(60), 1), "it came when it was asked for");
                assert!(!repair.arrived(at(61), 1), "and once more, unwanted");
            }
        }
        assert_eq!(
            told,
            [
                (vec![1, 2], vec![]),
                (vec![2], vec![]),
                (vec![], vec![]),
                (vec![2], vec![]),
                (vec![], vec![2])
            ]
        );
        assert_eq!(repair.due(), NEVER);
        assert!(!repair.arrived(at(400), 2), "too late");
    }

    #[test]
    fn a_request_is_as_long_as_the_gaps_are_many() {
        assert_eq!(request_size(&[5, 6, 21, 22, 60]), 12);
    }
}
