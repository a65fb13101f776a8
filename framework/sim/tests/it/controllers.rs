//! Simple senders for tests of queues: a window that grows by a packet each round trip, and gives way as TCP Reno or as a scalable control.

use jackfield_core::Fault;
use jackfield_core::congestion_controller::{
    CongestionController, CongestionEvent, CongestionEventKind, CongestionHandover, CongestionUpdate,
    PacketFeedback, ProbeSink, RateConstraints,
};
use jackfield_core::environment::Environment;
use jackfield_core::module::{Descriptor, Plugin};
use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, TimeDelta};
use jackfield_pacing_null::Null;
use jackfield_sim::light::FlowModules;
use jackfield_sim::scenario::FlowSpec;

const PACKET: f64 = 1_200.0;

/// What it answers to congestion.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Half of the window for a loss.
    Reno,
    /// Half of the share of marks (RFC 9331 section 4.3), with ECT(1).
    Scalable,
}

pub(crate) struct Window {
    manner: Manner,
    parameters: (),
    window: f64,
    round_trip: f64,
    alpha: f64,
    eased_at: Timestamp,
    marked: f64,
    seen: f64,
    lost: bool,
    bounds: RateConstraints,
}

impl Plugin for Window {
    const DESCRIPTOR: Descriptor = Descriptor::new("test.window", "Window", "0.1.0");
    type Parameters = ();
    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            manner: Manner::Reno,
            parameters: (),
            window: 10.0 * PACKET,
            round_trip: 0.05,
            alpha: 0.0,
            eased_at: Timestamp::ZERO,
            marked: 0.0,
            seen: 0.0,
            lost: false,
            bounds: RateConstraints {
                minimum: DataRate::ZERO,
                maximum: DataRate::ZERO,
                start: DataRate::ZERO,
            },
        })
    }
    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }
}

impl Window {
    fn feedback(&mut self, now: Timestamp, packets: &[PacketFeedback]) {
        let mut round_trip = f64::INFINITY;
        for packet in packets {
            if packet.received.is_never() {
                self.lost = true;
                continue;
            }
            let held = packet.arrival_offset.as_seconds_f64().max(0.0);
            round_trip = round_trip.min((now - packet.sent).as_seconds_f64() - held);
            self.window += PACKET * packet.size.as_bytes() as f64 / self.window;
            self.seen += 1.0;
            self.marked += f64::from(u8::from(packet.ecn == 3));
        }
        if round_trip.is_finite() {
            self.round_trip += 0.2 * (round_trip - self.round_trip);
        }
        if (now - self.eased_at).as_seconds_f64() < self.round_trip || self.seen == 0.0 {
            return;
        }
        let share = self.marked / self.seen;
        (self.marked, self.seen) = (0.0, 0.0);
        self.alpha += (share - self.alpha) / 16.0;
        self.eased_at = now;
        if std::mem::take(&mut self.lost) {
            self.window *= 0.5;
        } else if self.manner == Manner::Scalable && share > 0.0 {
            self.window *= 1.0 - self.alpha / 2.0;
        }
        self.window = self.window.max(2.0 * PACKET);
    }

    fn update(&self) -> CongestionUpdate {
        let rate = DataRate::bps((self.window * 8.0 / self.round_trip) as i64);
        let target = rate.max(self.bounds.minimum).min(self.bounds.maximum);
        CongestionUpdate {
            target,
            pacing: target,
            feedback_interval: TimeDelta::ms(10),
            ecn: u32::from(self.manner == Manner::Scalable),
            ..CongestionUpdate::default()
        }
    }
}

impl CongestionController for Window {
    fn activate(&mut self, _: Timestamp, constraints: &RateConstraints) -> Result<(), Fault> {
        self.bounds = *constraints;
        Ok(())
    }
    fn on_event(
        &mut self,
        now: Timestamp,
        event: &CongestionEvent,
        packets: &[PacketFeedback],
        _: &mut dyn ProbeSink,
    ) -> Result<CongestionUpdate, Fault> {
        if event.kind == CongestionEventKind::PacketFeedback {
            self.feedback(now, packets);
        }
        Ok(self.update())
    }
    fn process_interval(&mut self) -> Result<TimeDelta, Fault> {
        Ok(TimeDelta::ZERO)
    }
    fn hand_over(&mut self, _: Timestamp) -> Result<CongestionHandover, Fault> {
        Ok(CongestionHandover::default())
    }
    fn take_over(&mut self, _: Timestamp, _: &CongestionHandover) -> Result<(), Fault> {
        Ok(())
    }
}

/// Flows whose names begin with `l4s` are scalable, the others as Reno.
pub(crate) fn windows(_: usize, spec: &FlowSpec, seed: u64) -> Result<FlowModules, Fault> {
    let environment = Environment::seeded(seed);
    let mut controller = Window::create(&environment)?;
    if spec.name.starts_with("l4s") {
        controller.manner = Manner::Scalable;
    }
    Ok(FlowModules {
        controller: Box::new(controller),
        pacer: Box::new(Null::create(&environment)?),
        knows_truth: false,
    })
}
