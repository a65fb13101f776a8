//! Counters that wrap on the wire, extended to 64 bits so that they never do.

/// Extends 16-bit RTP sequence numbers: each is taken for the one nearest to the last (RFC 3550 appendix A.1).
///
/// ```
/// use jackfield_rtp::sequence::SequenceExtender;
/// let mut extender = SequenceExtender::default();
/// assert_eq!(extender.extend(65_535), 65_535);
/// assert_eq!(extender.extend(0), 65_536);
/// assert_eq!(extender.extend(65_534), 65_534); // late, not a new round
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SequenceExtender {
    last: Option<i64>,
}

impl SequenceExtender {
    /// Nothing seen yet.
    pub const fn new() -> Self {
        Self { last: None }
    }

    /// Goes on from an extended number that is known already, such as from a predecessor.
    pub const fn starting_at(last: i64) -> Self {
        Self { last: Some(last) }
    }

    /// The extended number of `sequence`. The first is extended by zeros.
    pub fn extend(&mut self, sequence: u16) -> i64 {
        let extended = self.peek(sequence);
        self.last = Some(extended);
        extended
    }

    /// What [`SequenceExtender::extend`] would say, without remembering it.
    pub fn peek(&self, sequence: u16) -> i64 {
        match self.last {
            None => i64::from(sequence),
            Some(last) => last + i64::from(sequence.wrapping_sub(last as u16) as i16),
        }
    }

    /// The number last extended.
    pub const fn last(&self) -> Option<i64> {
        self.last
    }
}

/// Extends 32-bit RTP timestamps in the same way.
#[derive(Clone, Copy, Debug, Default)]
pub struct TimestampExtender {
    last: Option<i64>,
}

impl TimestampExtender {
    /// Nothing seen yet.
    pub const fn new() -> Self {
        Self { last: None }
    }

    /// Goes on from an extended timestamp that is known already.
    pub const fn starting_at(last: i64) -> Self {
        Self { last: Some(last) }
    }

    /// The extended value of `timestamp`. The first is extended by zeros.
    pub fn extend(&mut self, timestamp: u32) -> i64 {
        let extended = self.peek(timestamp);
        self.last = Some(extended);
        extended
    }

    /// What [`TimestampExtender::extend`] would say, without remembering it.
    pub fn peek(&self, timestamp: u32) -> i64 {
        match self.last {
            None => i64::from(timestamp),
            Some(last) => last + i64::from(timestamp.wrapping_sub(last as u32) as i32),
        }
    }

    /// The timestamp last extended.
    pub const fn last(&self) -> Option<i64> {
        self.last
    }
}

/// Whether `a` is newer than `b` on the 16-bit circle (RFC 1982 with the tie broken towards "newer" for the larger number).
pub fn is_newer(a: u16, b: u16) -> bool {
    let ahead = a.wrapping_sub(b);
    if ahead == 0x8000 {
        a > b
    } else {
        ahead != 0 && ahead < 0x8000
    }
}

/// Follows the sequence numbers of one stream and tells loss from restart (RFC 3550 appendix A.1, without the probation that
/// unauthenticated sessions need).
#[derive(Clone, Copy, Debug, Default)]
pub struct SequenceTracker {
    highest: Option<i64>,
    base: i64,
    suspect: Option<u16>,
}

/// A jump of so many ahead is a loss, a longer one a suspected restart (RFC 3550 appendix A.1, `MAX_DROPOUT`).
pub const MAX_DROPOUT: i64 = 3_000;
/// So far behind is late, farther a suspected restart. RFC 3550 says 100 for one second at 50 packets/s; we give video its due.
pub const MAX_MISORDER: i64 = 1_000;

/// How a packet follows those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Continuity {
    /// The first of the stream.
    First,
    /// Newer than all before; `missing` numbers were skipped.
    Advanced {
        /// How many numbers lie between it and the newest before it.
        missing: u32,
    },
    /// Older than the newest, or the newest once more: reordered, retransmitted or a duplicate.
    Late,
    /// So far away that it is either stray or the sender began anew: the next packet decides. It is not counted.
    Suspect,
    /// The sender began anew: counting starts again with this packet, whose extended number is above all before.
    Restarted,
}

impl SequenceTracker {
    /// Nothing seen yet.
    pub const fn new() -> Self {
        Self {
            highest: None,
            base: 0,
            suspect: None,
        }
    }

    /// Takes a sequence number: its extended value and how it follows.
    pub fn track(&mut self, sequence: u16) -> (i64, Continuity) {
        let Some(highest) = self.highest else {
            self.highest = Some(i64::from(sequence));
            self.base = i64::from(sequence);
            return (i64::from(sequence), Continuity::First);
        };
        let extended = highest + i64::from(sequence.wrapping_sub(highest as u16) as i16);
        let ahead = extended - highest;
        if ahead > 0 && ahead < MAX_DROPOUT {
            self.suspect = None;
            self.highest = Some(extended);
            return (
                extended,
                Continuity::Advanced {
                    missing: (ahead - 1) as u32,
                },
            );
        }
        if ahead <= 0 && ahead > -MAX_MISORDER {
            return (extended, Continuity::Late);
        }
        if self.suspect == Some(sequence) {
            // Two in a row: it is a restart. The round goes up so that extended numbers never fall back.
            let mut restarted = (highest & !0xFFFF) | i64::from(sequence);
            if restarted <= highest {
                restarted += 0x1_0000;
            }
            self.suspect = None;
            self.highest = Some(restarted);
            self.base = restarted;
            return (restarted, Continuity::Restarted);
        }
        self.suspect = Some(sequence.wrapping_add(1));
        (extended, Continuity::Suspect)
    }

    /// The highest extended number seen.
    pub const fn highest(&self) -> Option<i64> {
        self.highest
    }

    /// How many packets should have come since the start or the last restart.
    pub fn expected(&self) -> i64 {
        self.highest.map_or(0, |highest| highest - self.base + 1)
    }
}
