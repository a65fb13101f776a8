//! What a report of the remote end on packets changes.

use jackfield_sdk::prelude::*;

use crate::acknowledged::Acknowledged;
use crate::arithmetic::scaled;
use crate::controller::{Controller, MOST_PACKETS, WindowUse};
use crate::delay_based::{DelayOutcome, Measured};
use crate::probe_estimator::ProbePacket;
use crate::sane;

/// A probe that found less than before lowers the estimate no further than to this share of what gets through.
const PROBE_DROP: f64 = 0.85;

impl Controller {
    /// Takes a report.
    pub(crate) fn feedback(&mut self, now: Timestamp, in_flight: DataSize, packets: &[PacketFeedback]) {
        if self.pushes_back() && !packets.is_empty() {
            self.window.set_in_flight(sane::amount(in_flight));
        }
        // Scratch room of the controller, out of its way while its parts work.
        let mut reported = std::mem::take(&mut self.reported);
        let mut received = std::mem::take(&mut self.received);
        for piece in packets.chunks(MOST_PACKETS) {
            reported.clear();
            reported.extend(piece.iter().filter(|packet| sane::is_sane(now, packet)));
            received.clear();
            received.extend(reported.iter().filter(|packet| !packet.received.is_never()));
            received.sort_unstable_by_key(|packet| (packet.received, packet.sent, packet.sequence_number));
            if !reported.is_empty() {
                self.report(now, &reported, &received);
            }
        }
        self.reported = reported;
        self.received = received;
    }

    /// Takes what a report says of all packets, and of those that came in the order of their coming.
    fn report(&mut self, now: Timestamp, reported: &[PacketFeedback], received: &[PacketFeedback]) {
        self.feedback_seen = true;
        self.measure_round_trip(now, received);
        let application_limited = self.alr.started().is_some();
        if self.was_application_limited && !application_limited {
            self.probes.set_alr_ended(now);
        }
        self.was_application_limited = application_limited;

        let history = &mut self.history;
        self.throughput.add(received.iter().map(|packet| Acknowledged {
            sent: packet.sent,
            received: packet.received,
            size: packet.size + history.take_untracked(packet.sequence_number),
        }));
        let throughput = self.throughput.rate();
        self.send_side.set_acknowledged(throughput);
        let measured = Measured {
            throughput,
            probe: self.probe_result(received, throughput),
            path: self.path,
            application_limited,
        };
        let outcome = self.delay.feedback(now, received, &measured);
        self.take(&outcome);
        self.send_side.feedback(now, reported, application_limited);
        if outcome.estimate.is_some() {
            self.decide(now);
        }
        if outcome.recovered {
            self.probes.set_alr_started(self.alr.started());
            self.probes.recovered(now);
        }
        if self.options.window_use == WindowUse::Nothing || !received.is_empty() {
            self.resize_window();
        }
    }

    fn take(&mut self, outcome: &DelayOutcome) {
        let Some(estimate) = outcome.estimate else {
            return;
        };
        if outcome.from_probe {
            self.send_side.set_rate(estimate);
        }
        self.send_side.set_delay_limit(estimate);
    }

    /// The round trips in a report: the longest for the window, the shortest – without the time that the report was held back – for the brake.
    fn measure_round_trip(&mut self, now: Timestamp, received: &[PacketFeedback]) {
        let Some(last) = received.last() else {
            return;
        };
        let mut longest = TimeDelta::ZERO;
        let mut shortest = TimeDelta::INFINITE;
        for packet in received {
            let round_trip = now - packet.sent;
            longest = longest.max(round_trip);
            shortest = shortest.min(round_trip - (last.received - packet.received));
        }
        self.window.feedback(longest);
        self.send_side.round_trip_limit.update(now, shortest);
    }

    /// What the probes in a report found, if it is to be believed.
    fn probe_result(
        &mut self,
        received: &[PacketFeedback],
        throughput: Option<DataRate>,
    ) -> Option<DataRate> {
        for packet in received.iter().filter(|packet| packet.cluster != 0) {
            let Some(meant) = self.history.probe(packet.cluster) else {
                continue;
            };
            self.probe_results.add(&ProbePacket {
                cluster: packet.cluster,
                sent: packet.sent,
                received: packet.received,
                size: packet.size,
                minimum_packets: meant.minimum_packets,
                minimum_size: meant.rate * meant.duration,
            });
        }
        let found = self.probe_results.take()?;
        let estimate = self.delay.last_estimate();
        if found < estimate && self.path.lower.is_some_and(|lower| found < lower) {
            return None;
        }
        Some(match throughput {
            Some(throughput) => found.max(estimate.min(scaled(throughput, PROBE_DROP))),
            None => found,
        })
    }
}
