//! Packets on their way through the pacer, and padding.

use jackfield_core::Fault;
use jackfield_core::congestion_controller::{CongestionEvent, CongestionEventKind};
use jackfield_core::pacer::{PacedPacket, PacketPriority};
use jackfield_core::units::{DataRate, DataSize};

use crate::clock::VirtualTime;
use crate::link::NEVER;
use crate::packet::{Ecn, PacketKind};

use super::{Departing, LEAST_PADDING, PADDING, Queued, STUCK_NS, Sender};

/// The next microsecond.
const SOON_NS: u64 = 1_000;

impl Sender {
    /// A packet wants to leave.
    pub(in super::super) fn enqueue(&mut self, now: VirtualTime, queued: Queued) {
        let place = match self.free.pop() {
            Some(place) => {
                self.queued[place as usize] = queued;
                place
            }
            None => {
                self.queued.push(queued);
                self.queued.len() as u32 - 1
            }
        };
        let priority = match queued.kind {
            PacketKind::Audio => PacketPriority::Audio,
            PacketKind::Retransmission => PacketPriority::VideoRetransmission,
            PacketKind::Padding | PacketKind::Probe => PacketPriority::Padding,
            _ => PacketPriority::Video,
        };
        let packet = PacedPacket {
            handle: u64::from(place),
            size: queued.size,
            priority,
            ssrc: self.ssrc(queued.stream),
        };
        let enqueued = if self.summary.pacer_fault.is_some() {
            Err(Fault::state("the pacer has failed"))
        } else {
            self.pacer.enqueue(now.timestamp(), &packet)
        };
        if let Err(fault) = enqueued {
            // Packets go around a pacer that breaks.
            self.note_pacer(Err(fault));
            self.departures.0.push(u64::from(place));
        }
    }

    /// Sends a packet again that was asked for.
    pub(super) fn resend(&mut self, now: VirtualTime, stream: u16, sequence: u64) {
        let Some((frame, size)) = self
            .streams
            .get_mut(usize::from(stream))
            .and_then(|stream| stream.resend(now, sequence))
        else {
            return;
        };
        self.enqueue(
            now,
            Queued {
                size,
                stream,
                frame,
                kind: PacketKind::Retransmission,
                sequence,
            },
        );
    }

    pub(super) fn ssrc(&self, stream: u16) -> u32 {
        ((self.number as u32 + 1) << 8) | (u32::from(stream) + 1)
    }

    /// Lets packets leave that may, one by one into `out`; the window is looked at first.
    pub(in super::super) fn poll(&mut self, now: VirtualTime, mut out: impl FnMut(&mut Self, Departing)) {
        let at = now.timestamp();
        // Each round sends what the pacer lets go, and gives it padding if a probe lacks it.
        let mut gave = false;
        for _ in 0..64 {
            let window = self.decided.window;
            let congested = window > DataSize::ZERO && self.history.in_flight() >= window;
            if congested != self.congested {
                self.congested = congested;
                let set = self.pacer.set_congested(at, u32::from(congested));
                self.note_pacer(set);
            }
            if self.summary.pacer_fault.is_none() {
                let polled = self.pacer.poll(at, &mut self.departures);
                self.note_pacer(polled);
            }
            let probing = self.summary.probes.0 > 0 && self.summary.pacer_fault.is_none();
            let (cluster, lacks) = match probing.then(|| self.pacer.status(at)) {
                Some(Ok(status)) => (status.cluster, status.padding),
                _ => (0, DataSize::ZERO),
            };
            let any = !self.departures.0.is_empty();
            gave |= any;
            let mut index = 0;
            while let Some(handle) = self.departures.0.get(index).copied() {
                index += 1;
                self.depart(now, handle as u32, cluster, &mut out);
            }
            self.departures.0.clear();
            if lacks > DataSize::ZERO && self.running {
                self.pad(now, lacks.as_bytes(), PacketKind::Probe);
            } else if !any {
                break;
            }
        }
        self.pacer_at = match self.pacer.deadline() {
            Ok(deadline) if deadline.is_never() || self.summary.pacer_fault.is_some() => NEVER,
            // A pacer whose deadline has passed and that gives nothing is asked again at once, as it may have reckoned anew when it was asked;
            // then a little later.
            Ok(deadline) if deadline <= at => {
                let again = if self.stuck { STUCK_NS } else { SOON_NS };
                self.stuck = !gave;
                now.later(again)
            }
            Ok(deadline) => {
                self.stuck = false;
                VirtualTime::from(deadline)
            }
            Err(_) => NEVER,
        };
    }

    pub(super) fn depart(
        &mut self,
        now: VirtualTime,
        place: u32,
        cluster: u32,
        out: &mut impl FnMut(&mut Self, Departing),
    ) {
        let Some(queued) = self.queued.get(place as usize).copied() else {
            return;
        };
        self.free.push(place);
        let audio = queued.kind == PacketKind::Audio;
        let at = now.timestamp();
        let number = self.history.sent(at, queued.size, cluster, audio);
        self.summary.sent += 1;
        self.credit -= queued.size.as_bytes() as f64 * 8.0;
        let ecn = if self.decided.ecn { Ecn::Ect1 } else { Ecn::NotEct };
        if matches!(queued.kind, PacketKind::Audio | PacketKind::Video)
            && let Some(stream) = self.streams.get_mut(usize::from(queued.stream))
        {
            stream.left(now, queued.frame);
        }
        out(
            self,
            Departing {
                queued,
                number,
                cluster,
                ecn,
            },
        );
        let event = CongestionEvent {
            size: queued.size,
            sequence_number: number as i64,
            in_flight: self.history.in_flight(),
            cluster,
            flag: u32::from(audio),
            ssrc: self.ssrc(queued.stream),
            ecn: ecn as u32,
            ..CongestionEvent::new(CongestionEventKind::SentPacket, at)
        };
        self.tell(now, &event, false);
    }

    pub(super) fn pad(&mut self, now: VirtualTime, bytes: i64, kind: PacketKind) {
        let mut left = bytes;
        while left > 0 {
            let size = left.clamp(LEAST_PADDING, PADDING);
            left -= size;
            let stream = self.streams.len().saturating_sub(1) as u16;
            self.enqueue(
                now,
                Queued {
                    size: DataSize::bytes(size),
                    stream,
                    frame: 0,
                    kind,
                    sequence: 0,
                },
            );
        }
    }

    /// Whether padding is wanted at all.
    pub(in super::super) fn pads(&self) -> bool {
        self.running && self.decided.padding > DataRate::ZERO
    }

    /// Makes padding where media leaves room below the padding rate and nothing waits.
    pub(in super::super) fn make_padding(&mut self, now: VirtualTime) {
        let passed = (now.ns() - self.credited.ns()) as f64 / 1e9;
        self.credited = now;
        let rate = self.decided.padding.as_bps() as f64;
        // At most 50 ms are made up for, in either direction.
        self.credit = (self.credit + rate * passed).clamp(-0.05 * rate, 0.05 * rate);
        let waits = self.pacer.queue().is_ok_and(|queue| queue.packets > 0);
        let bytes = (self.credit / 8.0) as i64;
        if !waits && !self.congested && bytes >= LEAST_PADDING {
            self.pad(now, bytes.min(PADDING), PacketKind::Padding);
        }
    }
}
