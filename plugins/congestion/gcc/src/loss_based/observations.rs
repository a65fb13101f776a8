//! What was sent and lost, in stretches of a quarter of a second.

use jackfield_sdk::prelude::*;

use super::LossSettings;

/// So many observations are kept at most.
pub const MOST_OBSERVATIONS: usize = 32;
/// So many losses of one observation are kept, in case the packets turn up after all; further ones count as lost for good.
const MOST_LOST: usize = 4_096;

/// What happened in one stretch of time.
#[derive(Clone, Copy)]
pub(super) struct Observation {
    id: u64,
    pub(super) sending_rate: DataRate,
    pub(super) size: DataSize,
    pub(super) lost: DataSize,
}

impl Observation {
    /// Lost and received, in kB.
    pub(super) fn kilobytes(&self) -> (f64, f64) {
        let kilobytes = |size: DataSize| size.as_bytes() as f64 / 1_000.0;
        (kilobytes(self.lost), kilobytes(self.size - self.lost))
    }
}

/// What was reported since the last observation was complete.
struct Partial {
    size: DataSize,
    /// In the order of the sequence numbers.
    lost: Vec<(i64, DataSize)>,
    /// What did not fit there.
    lost_for_good: DataSize,
}

/// The last observations.
pub(super) struct Observations {
    window: usize,
    ring: [Option<Observation>; MOST_OBSERVATIONS],
    count: u64,
    partial: Partial,
    last_sent: Option<Timestamp>,
    weights: [f64; MOST_OBSERVATIONS],
    average_weights: [f64; MOST_OBSERVATIONS],
}

impl Observations {
    pub(super) fn new(settings: &LossSettings) -> Self {
        let powers = |factor: f64| std::array::from_fn(|age| libm::pow(factor, age as f64));
        Self {
            window: settings.observation_window.clamp(2, MOST_OBSERVATIONS),
            ring: [None; MOST_OBSERVATIONS],
            count: 0,
            partial: Partial {
                size: DataSize::ZERO,
                lost: Vec::with_capacity(MOST_LOST),
                lost_for_good: DataSize::ZERO,
            },
            last_sent: None,
            weights: powers(settings.temporal_weight),
            average_weights: powers(settings.average_temporal_weight),
        }
    }

    /// Forgets all of them.
    pub(super) fn restart(&mut self) {
        self.ring = [None; MOST_OBSERVATIONS];
        self.count = 0;
        self.last_sent = None;
        self.partial.clear();
    }

    /// How many there have been.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// When the last packet of the last observation left.
    pub(super) fn last_sent(&self) -> Option<Timestamp> {
        self.last_sent
    }

    /// Takes a report; whether an observation became complete by it.
    pub(super) fn add(&mut self, packets: &[PacketFeedback], settings: &LossSettings) -> bool {
        let (Some(first), Some(last)) = (
            packets.iter().map(|packet| packet.sent).min(),
            packets.iter().map(|packet| packet.sent).max(),
        ) else {
            return false;
        };
        for packet in packets {
            self.partial.add(packet);
        }
        let since = *self.last_sent.get_or_insert(first);
        let lasted = last - since;
        if lasted <= TimeDelta::ZERO || lasted < settings.observation_duration {
            return false;
        }
        self.last_sent = Some(last);
        let lost: i64 = self.partial.lost.iter().map(|(_, size)| size.as_bytes()).sum();
        let observation = Observation {
            id: self.count,
            sending_rate: self.smoothed(self.partial.size / lasted, settings),
            size: self.partial.size,
            lost: DataSize::bytes(lost) + self.partial.lost_for_good,
        };
        self.ring[(self.count % self.window as u64) as usize] = Some(observation);
        self.count += 1;
        self.partial.clear();
        true
    }

    fn smoothed(&self, rate: DataRate, settings: &LossSettings) -> DataRate {
        let before = self
            .count
            .checked_sub(1)
            .and_then(|last| self.ring[(last % self.window as u64) as usize]);
        match before {
            Some(before) if settings.sending_rate_smoothing > 0.0 => {
                before.sending_rate * settings.sending_rate_smoothing
                    + rate * (1.0 - settings.sending_rate_smoothing)
            }
            _ => rate,
        }
    }

    /// The observations, each with its weight.
    pub(super) fn weighted(&self) -> impl Iterator<Item = (f64, &Observation)> {
        self.ring
            .iter()
            .flatten()
            .map(|observation| (self.weights[self.age(observation)], observation))
    }

    fn age(&self, observation: &Observation) -> usize {
        ((self.count - 1 - observation.id) as usize).min(MOST_OBSERVATIONS - 1)
    }

    /// The share of bytes lost, older observations counting less. The observations with the most and the least loss are left out, unless
    /// the most was lost while suddenly more was sent.
    pub(super) fn average_loss(&self, settings: &LossSettings) -> f64 {
        let mut all = Sum::default();
        let mut worst = (0.0, Sum::default(), DataRate::ZERO);
        let mut best = (1.0, Sum::default());
        for observation in self.ring.iter().flatten() {
            let weight = self.average_weights[self.age(observation)];
            let weighted = |size: DataSize| DataSize::bytes((size.as_bytes() as f64 * weight).round() as i64);
            let sum = Sum {
                size: weighted(observation.size),
                lost: weighted(observation.lost),
            };
            all.size += sum.size;
            all.lost += sum.lost;
            let share = share(observation.lost, observation.size);
            if self.count > 3 {
                if share > worst.0 {
                    worst = (share, sum, observation.sending_rate);
                }
                if share < best.0 {
                    best = (share, sum);
                }
            }
        }
        let (_, worst, rate_at_worst) = worst;
        let (_, best) = best;
        let others = all.size - worst.size - best.size;
        if self.median_sending_rate() * settings.median_sending_rate_factor <= rate_at_worst
            || others == DataSize::ZERO
        {
            return share(all.lost, all.size);
        }
        share(all.lost - best.lost - worst.lost, others)
    }

    fn median_sending_rate(&self) -> DataRate {
        let mut rates = [DataRate::ZERO; MOST_OBSERVATIONS];
        let mut count = 0;
        for observation in self.ring.iter().flatten() {
            if observation.sending_rate > DataRate::ZERO && observation.sending_rate < DataRate::INFINITE {
                rates[count] = observation.sending_rate;
                count += 1;
            }
        }
        let rates = &mut rates[..count];
        rates.sort_unstable();
        match (count, count % 2) {
            (0, _) => DataRate::ZERO,
            (_, 0) => DataRate::bps((rates[count / 2 - 1] + rates[count / 2]).as_bps() / 2),
            _ => rates[count / 2],
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Sum {
    size: DataSize,
    lost: DataSize,
}

fn share(lost: DataSize, size: DataSize) -> f64 {
    if size == DataSize::ZERO {
        0.0
    } else {
        lost.as_bytes() as f64 / size.as_bytes() as f64
    }
}

impl Partial {
    fn add(&mut self, packet: &PacketFeedback) {
        self.size += packet.size;
        let found = self
            .lost
            .binary_search_by_key(&packet.sequence_number, |(number, _)| *number);
        match (packet.received.is_never(), found) {
            (false, Ok(at)) => {
                self.lost.remove(at);
            }
            (true, Err(at)) if self.lost.len() < MOST_LOST => {
                self.lost.insert(at, (packet.sequence_number, packet.size));
            }
            (true, Err(_)) => self.lost_for_good += packet.size,
            (false, Err(_)) | (true, Ok(_)) => {}
        }
    }

    fn clear(&mut self) {
        self.size = DataSize::ZERO;
        self.lost.clear();
        self.lost_for_good = DataSize::ZERO;
    }
}
