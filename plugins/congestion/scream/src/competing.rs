//! The queue-delay target, raised against flows that know no other sign than a full queue (section 4.2.1.4.1; libwebrtc has none of it).

use jackfield_sdk::prelude::*;

/// So many samples of the queue delay make its variance.
const LONG: usize = 200;
/// So many its mean.
const SHORT: usize = 50;
/// A sample is taken so often (that of Ericsson's implementation).
const INTERVAL: TimeDelta = TimeDelta::ms(50);
/// Above this share of rounds with losses somebody else fills the queue, if it is steady: a capacity that shrinks makes losses too. The draft
/// does without the second condition, Ericsson's implementation has it.
const LOSS_EVENTS: f64 = 0.002;
/// Below this variance of the queue delay, in units of the target, it is steady.
const STEADY: f64 = 0.2;
/// So it is below this share of the square of its mean: that of a saw between nothing and much, as TCP alone in a long queue makes it, is a
/// third. The draft has no such rule, and does not see Reno in 300 ms.
const STEADY_SHARE: f64 = 0.36;

/// The target that follows the queue.
pub(crate) struct QueueTarget {
    /// Queue delays in units of the smallest target, as a ring.
    samples: [f32; LONG],
    next: usize,
    last: Option<Timestamp>,
    /// ms
    target: f64,
}

impl QueueTarget {
    pub(crate) const fn new() -> Self {
        Self {
            samples: [0.0; LONG],
            next: 0,
            last: None,
            target: 0.0,
        }
    }

    pub(crate) fn forget(&mut self) {
        *self = Self::new();
    }

    /// The target in ms, between the smallest and the largest.
    pub(crate) fn target(&self, smallest: f64, largest: f64) -> f64 {
        self.target.min(largest).max(smallest)
    }

    /// Takes the present queue delay in ms, and the share of rounds with losses.
    pub(crate) fn update(
        &mut self,
        now: Timestamp,
        queue: f64,
        loss_events: f64,
        smallest: f64,
        largest: f64,
    ) {
        if self.last.is_some_and(|last| now - last < INTERVAL) {
            return;
        }
        self.last = Some(now);
        self.samples[self.next] = (queue / smallest) as f32;
        self.next = (self.next + 1) % LONG;
        let (mean, long_mean, variance) = self.moments();
        let steady = variance < STEADY.max(STEADY_SHARE * long_mean * long_mean);
        let wanted = (mean + variance.sqrt()) * smallest;
        let present = self.target(smallest, largest);
        self.target = if steady && loss_events > LOSS_EVENTS {
            1.5 * wanted
        } else if steady {
            wanted
        } else if wanted < smallest {
            (present * 0.5).max(wanted)
        } else {
            present * 0.9
        };
        self.target = self.target(smallest, largest);
    }

    /// Mean of the last 50, mean and variance of the last 200.
    fn moments(&self) -> (f64, f64, f64) {
        let all = || self.samples.iter().map(|sample| f64::from(*sample));
        let mean = all().sum::<f64>() / LONG as f64;
        let variance = all().map(|sample| (sample - mean) * (sample - mean)).sum::<f64>() / LONG as f64;
        let short: f64 = (1..=SHORT)
            .map(|back| f64::from(self.samples[(self.next + LONG - back) % LONG]))
            .sum();
        (short / SHORT as f64, mean, variance)
    }
}
