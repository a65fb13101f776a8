//! The delay that a jitter buffer adds, measured.

use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;

/// Half of the time over which the delay is measured.
const HALF: TimeDelta = TimeDelta::ms(1_000);
/// Before that much has been seen the delay is not known.
const SETTLED: TimeDelta = TimeDelta::ms(500);
const SETTLED_PACKETS: u32 = 5;

/// How long the fastest packets of the last one to two seconds wait from their arrival to their playing. Slower packets wait less; so this is
/// the jitter that the buffer bears before it runs dry, free of the jitter that there is.
#[derive(Clone, Debug, Default)]
pub struct DelayWindow {
    since: Option<Timestamp>,
    half_since: Timestamp,
    packets: u32,
    present: Option<TimeDelta>,
    past: Option<TimeDelta>,
}

impl DelayWindow {
    /// A packet came at `now` and will have waited `wait` when it is played; negative if its time has passed.
    pub fn add(&mut self, now: Timestamp, wait: TimeDelta) {
        if self.since.is_none() || now.since(self.half_since) > HALF * 2 {
            *self = Self {
                since: Some(now),
                half_since: now,
                ..Self::default()
            };
        } else if now.since(self.half_since) > HALF {
            self.half_since = now;
            self.past = self.present.take();
        }
        self.packets += 1;
        self.present = Some(self.present.map_or(wait, |longest| longest.max(wait)));
    }

    /// From now on everything is played `later` (earlier if negative).
    pub fn shift(&mut self, later: TimeDelta) {
        for half in [&mut self.present, &mut self.past] {
            *half = half.map(|wait| wait + later);
        }
    }

    /// Forgets what it saw.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The delay, once enough was seen.
    pub fn delay(&self, now: Timestamp) -> Option<TimeDelta> {
        let seen = now.since(self.since?);
        if seen < SETTLED || self.packets < SETTLED_PACKETS {
            None
        } else {
            self.present.max(self.past)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fastest_packet_of_the_last_seconds_counts() {
        let mut window = DelayWindow::default();
        for n in 0..50 {
            window.add(Timestamp::from_ms(n * 20), TimeDelta::ms(60 - n % 7));
        }
        assert_eq!(window.delay(Timestamp::from_ms(1_000)), Some(TimeDelta::ms(60)));
        for n in 50..200 {
            window.add(Timestamp::from_ms(n * 20), TimeDelta::ms(40));
        }
        assert_eq!(
            window.delay(Timestamp::from_ms(4_000)),
            Some(TimeDelta::ms(40)),
            "what was seconds ago is forgotten"
        );
    }

    #[test]
    fn it_says_nothing_before_it_knows() {
        let mut window = DelayWindow::default();
        assert_eq!(window.delay(Timestamp::from_ms(0)), None);
        for n in 0..10 {
            window.add(Timestamp::from_ms(n * 20), TimeDelta::ms(60));
        }
        assert_eq!(window.delay(Timestamp::from_ms(200)), None);
        assert_eq!(window.delay(Timestamp::from_ms(500)), Some(TimeDelta::ms(60)));
        window.shift(TimeDelta::ms(-5));
        assert_eq!(window.delay(Timestamp::from_ms(500)), Some(TimeDelta::ms(55)));
    }
}
