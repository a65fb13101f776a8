//! A bench for the delay-based estimator: frames of a stream over a link of a given capacity without a queue's end, with feedback on each
//! frame when its last packet has come; or single packets, sent and received as told.

use jackfield_congestion_gcc::acknowledged::{Acknowledged, Throughput};
use jackfield_congestion_gcc::delay_based::{DelayBased, Measured};
use jackfield_congestion_gcc::probe_estimator::{ProbeEstimator, ProbePacket};
use jackfield_sdk::prelude::*;

/// The largest packet that a frame is cut into.
const PACKET: i64 = 1_200;
/// By so much the sender's clock runs ahead.
const SEND_OFFSET: TimeDelta = TimeDelta::ms(1_000);

/// What a probe was meant to be.
#[derive(Clone, Copy)]
pub(crate) struct Meant {
    pub(crate) cluster: u32,
    pub(crate) packets: u32,
    pub(crate) size: i64,
}

pub(crate) struct Bench {
    pub(crate) now: Timestamp,
    pub(crate) estimator: DelayBased,
    throughput: Throughput,
    probes: ProbeEstimator,
    /// What was last estimated; zero if nothing was.
    pub(crate) latest: DataRate,
    pub(crate) updated: bool,
    first_update: bool,
    /// In bit/s.
    pub(crate) capacity: i64,
    /// By so much the remote clock was set.
    pub(crate) remote_offset: TimeDelta,
    link_free: Timestamp,
    frames_per_second: i64,
    next_frame: Timestamp,
    sequence_number: i64,
}

impl Bench {
    pub(crate) fn new(frames_per_second: i64) -> Self {
        let now = Timestamp::from_ms(100_000);
        Self {
            now,
            estimator: DelayBased::new(),
            throughput: Throughput::default(),
            probes: ProbeEstimator::default(),
            latest: DataRate::ZERO,
            updated: false,
            first_update: true,
            capacity: 1_000_000,
            remote_offset: TimeDelta::ZERO,
            link_free: now,
            frames_per_second,
            next_frame: Timestamp::ZERO,
            sequence_number: 0,
        }
    }

    pub(crate) fn wait(&mut self, time: TimeDelta) {
        self.now += time;
    }

    /// One packet, and feedback on it at once.
    pub(crate) fn packet(&mut self, sent: Timestamp, received: Timestamp, size: i64, meant: Option<Meant>) {
        if let Some(meant) = meant {
            self.probes.add(&ProbePacket {
                cluster: meant.cluster,
                sent,
                received,
                size: DataSize::bytes(size),
                minimum_packets: meant.packets,
                minimum_size: DataSize::bytes(meant.size),
            });
        }
        let packet = self.feedback_on(sent, received, size);
        self.feedback(&[packet], 0);
    }

    fn feedback_on(&mut self, sent: Timestamp, received: Timestamp, size: i64) -> PacketFeedback {
        self.sequence_number += 1;
        PacketFeedback {
            sequence_number: self.sequence_number,
            sent,
            received,
            arrival_offset: TimeDelta::us(-1),
            size: DataSize::bytes(size),
            ecn: 0,
            cluster: 0,
            audio: 0,
            recovered: 0,
        }
    }

    /// Whether the estimate fell below the rate that was sent at.
    fn feedback(&mut self, packets: &[PacketFeedback], rate: i64) -> bool {
        self.throughput.add(packets.iter().map(|packet| Acknowledged {
            sent: packet.sent,
            received: packet.received,
            size: packet.size,
        }));
        let measured = Measured {
            throughput: self.throughput.rate(),
            probe: self.probes.take(),
            ..Measured::default()
        };
        let outcome = self.estimator.feedback(self.now, packets, &measured);
        let Some(estimate) = outcome.estimate else {
            return false;
        };
        self.latest = estimate;
        self.updated = true;
        let first = std::mem::replace(&mut self.first_update, false);
        !first && estimate.as_bps() < rate
    }

    /// A frame of a stream at `rate` bit/s; whether the estimate fell below that.
    pub(crate) fn frame(&mut self, rate: i64) -> bool {
        let now = self.now;
        let mut packets = Vec::new();
        if now >= self.next_frame {
            let bits = (rate + self.frames_per_second / 2) / self.frames_per_second;
            let count = ((bits + 4 * PACKET) / (8 * PACKET)).max(1);
            let size = (bits + 4 * count) / (8 * count);
            for _ in 0..count {
                packets.push(self.feedback_on(now + SEND_OFFSET, now, size));
            }
            let interval = (1_000_000 + self.frames_per_second / 2) / self.frames_per_second;
            self.next_frame = now + TimeDelta::us(interval);
        }
        let per_ms = self.capacity / 1_000;
        for packet in &mut packets {
            let takes = TimeDelta::us((8_000 * packet.size.as_bytes() + per_ms / 2) / per_ms);
            self.link_free = self.link_free.max(now) + takes;
            packet.received = self.link_free;
        }
        let next = self.next_frame.max(now);
        let Some(last) = packets.last() else {
            return false;
        };
        self.updated = false;
        self.now = last.received;
        for packet in &mut packets {
            packet.received += self.remote_offset;
        }
        let overuse = self.feedback(&packets, rate);
        self.now = next;
        overuse
    }

    /// The rate to send at: what was last estimated, if anything was since `rate`.
    pub(crate) fn followed(&mut self, rate: i64) -> i64 {
        if std::mem::take(&mut self.updated) {
            self.latest.as_bps()
        } else {
            rate
        }
    }
}
