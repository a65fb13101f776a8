use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};

/// The rate that is told to ends that know no better feedback than REMB.
///
/// It is no estimate of what the path bears, for which nobody here listens to delays: it is the most that came in any of the last ten seconds,
/// half as much again, and never less than voice takes. Who sends what a path bears is let grow; who sends more than it bears is held to what
/// came through.
pub(super) struct ReceivedRate {
    seconds: [DataSize; SECONDS],
    /// The second that is being counted, and when it began.
    present: usize,
    began: Timestamp,
    news: bool,
}

const SECONDS: usize = 10;
const SECOND: TimeDelta = TimeDelta::seconds(1);
/// How much more than came the sender may send.
const HEADROOM: f64 = 1.5;
/// What voice takes (RFC 7587 section 3.1.1, with headers around it): whoever pauses must be able to go on.
const LEAST: DataRate = DataRate::kbps(64);

impl ReceivedRate {
    pub(super) const fn new() -> Self {
        Self {
            seconds: [DataSize::ZERO; SECONDS],
            present: 0,
            began: Timestamp::ZERO,
            news: false,
        }
    }

    pub(super) fn receive(&mut self, now: Timestamp, size: DataSize) {
        self.turn(now);
        self.seconds[self.present] += size;
        self.news = true;
    }

    /// Whether something has come since the last was told.
    pub(super) const fn has_news(&self) -> bool {
        self.news
    }

    /// The rate, to be told now.
    pub(super) fn tell(&mut self, now: Timestamp) -> DataRate {
        self.turn(now);
        self.news = false;
        let most = self.seconds.iter().max().copied().unwrap_or(DataSize::ZERO);
        ((most / SECOND) * HEADROOM).max(LEAST)
    }

    fn turn(&mut self, now: Timestamp) {
        if now.since(self.began) >= SECOND * SECONDS as i64 {
            self.seconds = [DataSize::ZERO; SECONDS];
            self.began = now;
        }
        while now.since(self.began) >= SECOND {
            self.began += SECOND;
            self.present = (self.present + 1) % SECONDS;
            self.seconds[self.present] = DataSize::ZERO;
        }
    }
}
