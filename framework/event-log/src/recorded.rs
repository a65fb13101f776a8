//! A controller with an observer around it.

use jackfield_core::Fault;
use jackfield_core::congestion_controller::{
    CongestionAdvice, CongestionController, CongestionEvent, CongestionHandover, CongestionUpdate,
    PacketFeedback, ProbeCluster, ProbeSink, RateConstraints,
};
use jackfield_core::module::{Latency, Module, ResetReason};
use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;

use crate::sink::{EventSink, Happening};

/// Probes that are noted of one answer; a controller that asks for more is passed on and not noted beyond these.
const PROBES: usize = 32;

/// Passes every call on to a controller, and notes it. What the controller decides is not touched.
///
/// Noting allocates nothing and takes no lock unless the sink does.
pub struct Recorded<C: ?Sized> {
    sink: Box<dyn EventSink>,
    now: Timestamp,
    /// The last answer that was noted.
    noted: Option<CongestionUpdate>,
    missing: Missing,
    probes: Vec<ProbeCluster>,
    controller: Box<C>,
}

impl<C: CongestionController + ?Sized> Recorded<C> {
    /// Notes what `controller`, to which nothing has happened yet, is told from now on.
    pub fn new(controller: Box<C>, sink: Box<dyn EventSink>) -> Self {
        Self {
            sink,
            now: Timestamp::ZERO,
            // So that the first answer is written unless it says nothing.
            noted: Some(CongestionUpdate::default()),
            missing: Missing::default(),
            probes: Vec::with_capacity(PROBES),
            controller,
        }
    }

    fn note(&mut self, happening: &Happening<'_>) {
        note(&mut *self.sink, &mut self.missing, self.now, happening);
    }
}

fn note(sink: &mut dyn EventSink, missing: &mut Missing, now: Timestamp, happening: &Happening<'_>) -> bool {
    missing.note(
        sink,
        |sink, count| sink.note(now, &Happening::Missing(count)),
        |sink| sink.note(now, happening),
    )
}

/// How much could not be noted and has not been told of.
#[derive(Default)]
pub(crate) struct Missing(u64);

impl Missing {
    /// Notes something, behind how much could not be noted before it; whether it was noted.
    pub(crate) fn note<S: ?Sized>(
        &mut self,
        sink: &mut S,
        tell: impl FnOnce(&mut S, u64) -> bool,
        note: impl FnOnce(&mut S) -> bool,
    ) -> bool {
        if self.0 > 0 && tell(sink, self.0) {
            self.0 = 0;
        }
        let noted = self.0 == 0 && note(sink);
        self.0 += u64::from(!noted);
        noted
    }
}

impl<C: CongestionController + ?Sized> CongestionController for Recorded<C> {
    fn activate(&mut self, now: Timestamp, constraints: &RateConstraints) -> Result<(), Fault> {
        self.now = now;
        self.note(&Happening::Activated(constraints));
        self.controller.activate(now, constraints)
    }

    fn on_event(
        &mut self,
        now: Timestamp,
        event: &CongestionEvent,
        packets: &[PacketFeedback],
        probes: &mut dyn ProbeSink,
    ) -> Result<CongestionUpdate, Fault> {
        self.now = now;
        self.probes.clear();
        let mut tee = Tee {
            seen: &mut self.probes,
            probes,
        };
        let result = self.controller.on_event(now, event, packets, &mut tee);
        let answer = match &result {
            Ok(update) => (self.noted != Some(*update)).then_some(Ok(update)),
            Err(fault) => Some(Err(fault)),
        };
        let happening = Happening::Told {
            event,
            packets,
            probes: &self.probes,
            answer,
        };
        let noted = note(&mut *self.sink, &mut self.missing, now, &happening);
        self.noted = result.as_ref().ok().copied().filter(|_| noted);
        result
    }

    fn process_interval(&mut self) -> Result<TimeDelta, Fault> {
        self.controller.process_interval()
    }

    fn hand_over(&mut self, now: Timestamp) -> Result<CongestionHandover, Fault> {
        self.now = now;
        self.note(&Happening::HandedOver);
        self.controller.hand_over(now)
    }

    fn take_over(&mut self, now: Timestamp, state: &CongestionHandover) -> Result<(), Fault> {
        self.now = now;
        self.note(&Happening::TookOver(state));
        self.controller.take_over(now, state)
    }

    fn advice(&mut self, now: Timestamp) -> Result<CongestionAdvice, Fault> {
        self.controller.advice(now)
    }

    fn adapts_to_ecn(&mut self) -> Result<u32, Fault> {
        self.controller.adapts_to_ecn()
    }
}

impl<C: CongestionController + ?Sized> Module for Recorded<C> {
    fn set_parameter(&mut self, index: u32, value: f64) -> Result<(), Fault> {
        self.note(&Happening::Parameter { index, value });
        self.controller.set_parameter(index, value)
    }

    fn parameter(&mut self, index: u32) -> Result<f64, Fault> {
        self.controller.parameter(index)
    }

    fn latency(&mut self) -> Result<Latency, Fault> {
        self.controller.latency()
    }

    fn stats(&mut self, values: &mut [f64]) -> Result<u32, Fault> {
        self.controller.stats(values)
    }

    fn reset(&mut self, reason: ResetReason) -> Result<(), Fault> {
        self.note(&Happening::Reset(reason));
        self.controller.reset(reason)
    }
}

/// Lets probes through and remembers them.
struct Tee<'a> {
    seen: &'a mut Vec<ProbeCluster>,
    probes: &'a mut dyn ProbeSink,
}

impl ProbeSink for Tee<'_> {
    fn probe(&mut self, cluster: &ProbeCluster) -> Result<(), Fault> {
        if self.seen.len() < PROBES {
            self.seen.push(*cluster);
        }
        self.probes.probe(cluster)
    }
}
