//! A sender and the network behind it.

use jackfield_sdk::prelude::*;

use super::Listener;
use crate::signal::Random;

/// Sends packets of equal length on a clock that may run fast or slow.
#[derive(Clone, Debug)]
pub struct Stream {
    /// The RTP clock.
    pub clock_rate: SampleRate,
    /// Length of a packet.
    pub packet: TimeDelta,
    /// Sequence number of the next packet.
    pub sequence_number: i64,
    /// Timestamp of the next packet.
    pub timestamp: i64,
    /// Name of the next payload.
    pub handle: u64,
    /// How much faster than the listener's clock the sender's runs, in parts per million.
    pub drift_ppm: f64,
    /// Whether each packet holds redundancy for the one before.
    pub redundancy: bool,
    /// Engine time at which the next packet leaves, in microseconds.
    pub leaves: f64,
    /// Whether the next packet begins a talkspurt.
    pub marker: bool,
}

impl Stream {
    /// Packets of 20 ms on a 48 kHz clock, from time zero, with numbers that are nothing special.
    pub fn new() -> Self {
        Self {
            clock_rate: SampleRate::HZ_48000,
            packet: TimeDelta::ms(20),
            sequence_number: 4_711,
            timestamp: 123_456_789,
            handle: 1,
            drift_ppm: 0.0,
            redundancy: false,
            leaves: 0.0,
            marker: true,
        }
    }

    /// When the next packet leaves.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_us(self.leaves as i64)
    }

    /// Speaks for `length`; `delay` says for each packet (counted from 0) how long it is on its way, or `None` if it is lost. In order of
    /// arrival.
    pub fn speak(
        &mut self,
        length: TimeDelta,
        mut delay: impl FnMut(u64) -> Option<TimeDelta>,
    ) -> Vec<PacketArrival> {
        let ticks = self.clock_rate.samples(self.packet);
        let count = length.as_us() / self.packet.as_us();
        let mut arrivals = Vec::new();
        for n in 0..count {
            if let Some(delay) = delay(n as u64) {
                arrivals.push(PacketArrival {
                    arrival: self.now() + delay,
                    handle: self.handle,
                    sequence_number: self.sequence_number,
                    timestamp: self.timestamp,
                    ticks: ticks as u32,
                    redundancy: u32::from(self.redundancy),
                    dtx: 0,
                    marker: u32::from(std::mem::take(&mut self.marker)),
                });
            }
            self.handle += 1;
            self.sequence_number += 1;
            self.timestamp += ticks;
            self.leaves += self.packet.as_us() as f64 / (1.0 + self.drift_ppm * 1e-6);
        }
        arrivals.sort_by_key(|packet| packet.arrival);
        arrivals
    }

    /// Says nothing for `length`, after a packet of comfort noise that is `delay` on its way.
    pub fn pause(&mut self, length: TimeDelta, delay: TimeDelta) -> Vec<PacketArrival> {
        let mut arrivals = self.speak(self.packet, |_| Some(delay));
        for packet in &mut arrivals {
            packet.dtx = 1;
        }
        self.be_silent(length - self.packet);
        arrivals
    }

    /// Says nothing for `length` and sends nothing that tells so.
    pub fn be_silent(&mut self, length: TimeDelta) {
        self.timestamp += self.clock_rate.samples(length);
        self.leaves += length.as_us() as f64 / (1.0 + self.drift_ppm * 1e-6);
        self.marker = true;
    }
}

impl Default for Stream {
    fn default() -> Self {
        Self::new()
    }
}

/// A network that delays each packet by `base` and up to `jitter` more, evenly spread, and loses the share `loss`.
pub fn network(
    seed: u64,
    base: TimeDelta,
    jitter: TimeDelta,
    loss: f64,
) -> impl FnMut(u64) -> Option<TimeDelta> {
    let mut random = Random::new(seed);
    move |_| {
        let delay = base + TimeDelta::us(random.below(jitter.as_us() as u64 + 1) as i64);
        (random.below(1_000_000) as f64 >= loss * 1e6).then_some(delay)
    }
}

/// An hour of a sender whose clock runs so much faster than the listener's, over a network with 30 ms of jitter: what was heard, and how many packets were sent.
pub fn hour_of_drift(jitter: &mut dyn JitterBuffer, drift_ppm: f64) -> (Listener, usize) {
    jitter
        .activate(&JitterConfig::new(SampleRate::HZ_48000, 200))
        .expect("a usual setup");
    let mut listener = Listener::new(SampleRate::HZ_48000);
    let mut stream = Stream {
        drift_ppm,
        ..Stream::new()
    };
    let delay = network(4, TimeDelta::ms(20), TimeDelta::ms(30), 0.0);
    let arrivals = stream.speak(TimeDelta::seconds(3_600), delay);
    listener.run(jitter, &arrivals, stream.now());
    (listener, arrivals.len())
}
