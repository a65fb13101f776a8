//! Telling a stream that began anew from a packet that strayed (after RFC 3550 appendix A.1).

/// So far behind, in packets, a sequence number is no matter of reordering.
const MAX_MISORDER: i64 = 100;
/// So far ahead it is no matter of loss.
const MAX_DROPOUT: i64 = 3_000;
/// So many strays in sequence make a new stream: far away, and close behind.
const FAR_STRAYS: u32 = 2;
const NEAR_STRAYS: u32 = 25;

/// Watches for packets that do not belong where playing stands.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RestartDetector {
    next: i64,
    run: u32,
}

/// Where a packet belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the stream, now or later.
    Ahead,
    /// In the stream, but its turn has passed; or a stray.
    Passed,
    /// In a new stream, which replaces the old one.
    Restarted,
}

impl RestartDetector {
    /// Places a packet in a stream in which `due` comes next.
    pub(crate) fn place(&mut self, sequence_number: i64, due: i64) -> Place {
        let distance = sequence_number.saturating_sub(due);
        if (0..=MAX_DROPOUT).contains(&distance) {
            self.run = 0;
            return Place::Ahead;
        }
        self.run = if self.run > 0 && sequence_number == self.next {
            self.run + 1
        } else {
            1
        };
        self.next = sequence_number.saturating_add(1);
        let enough = if (-MAX_MISORDER..=MAX_DROPOUT).contains(&distance) {
            NEAR_STRAYS
        } else {
            FAR_STRAYS
        };
        if self.run < enough {
            return Place::Passed;
        }
        self.run = 0;
        Place::Restarted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_packets_in_sequence_far_away_are_a_new_stream() {
        let mut detector = RestartDetector::default();
        assert_eq!(detector.place(50_000, 100), Place::Passed);
        assert_eq!(detector.place(50_001, 100), Place::Restarted);
        assert_eq!(detector.place(i64::MIN, i64::MAX), Place::Passed);
        assert_eq!(
            detector.place(7, 1_000_000),
            Place::Passed,
            "not in sequence with the stray before"
        );
    }

    #[test]
    fn late_packets_are_no_new_stream_while_others_are_in_time() {
        let mut detector = RestartDetector::default();
        for n in 0..1_000 {
            assert_eq!(detector.place(n, n + 50), Place::Passed);
            assert_eq!(detector.place(n + 60, n + 51), Place::Ahead);
        }
    }

    #[test]
    fn nothing_but_late_packets_is_a_new_stream() {
        let mut detector = RestartDetector::default();
        let places: Vec<Place> = (0..25).map(|n| detector.place(n, 50)).collect();
        assert!(places[..24].iter().all(|&place| place == Place::Passed));
        assert_eq!(places[24], Place::Restarted);
    }
}
