//! A controller in a case: it is told what the case's script says besides what the simulator tells, and its decisions are written down.

use std::sync::{Arc, Mutex};

use jackfield_congestion_gcc::Gcc;
use jackfield_sdk::prelude::*;

use super::bench::Case;
use super::far_end::FarEnd;

/// What was decided for each flow.
pub(super) type Log = Arc<Mutex<Vec<Vec<(Timestamp, CongestionUpdate)>>>>;

/// The controller, which is told more than the simulator tells.
pub(super) struct Scripted {
    controller: Box<dyn CongestionController>,
    case: Case,
    flow: usize,
    next: usize,
    next_media: usize,
    log: Log,
    far_end: Option<FarEnd>,
    parameters: (),
}

impl Plugin for Scripted {
    const DESCRIPTOR: Descriptor = Gcc::DESCRIPTOR;
    type Parameters = ();

    fn create(_: &Environment) -> Result<Self, Fault> {
        Err(Fault::unsupported("it is made with its script"))
    }

    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }
}

impl Scripted {
    /// That of a flow of the case.
    pub(super) fn new(
        controller: Box<dyn CongestionController>,
        case: &Case,
        flow: usize,
        log: &Log,
        far_end: Option<FarEnd>,
    ) -> Self {
        Self {
            controller,
            case: case.clone(),
            flow,
            next: 0,
            next_media: 0,
            log: Arc::clone(log),
            far_end: far_end.filter(|_| flow == 0),
            parameters: (),
        }
    }

    fn most(&self) -> Option<DataRate> {
        self.next_media
            .checked_sub(1)
            .map(|index| self.case.media[index].1)
    }

    fn streams(&self, event: &CongestionEvent) -> CongestionEvent {
        let mut event = *event;
        if event.kind == CongestionEventKind::StreamsConfig {
            event.probe_repeatedly = u32::from(self.case.repeat_probes);
            event.constraints.maximum = self.most().unwrap_or(event.constraints.maximum);
        }
        event
    }
}

/// Sends no probes.
pub(super) struct Nobody;

impl ProbeSink for Nobody {
    fn probe(&mut self, _: &ProbeCluster) -> Result<(), Fault> {
        Ok(())
    }
}

impl CongestionController for Scripted {
    fn activate(&mut self, now: Timestamp, constraints: &RateConstraints) -> Result<(), Fault> {
        self.controller.activate(now, constraints)
    }

    fn on_event(
        &mut self,
        now: Timestamp,
        event: &CongestionEvent,
        packets: &[PacketFeedback],
        probes: &mut dyn ProbeSink,
    ) -> Result<CongestionUpdate, Fault> {
        let since_start = now - Timestamp::ZERO;
        let mut nobody = Nobody;
        let probes = if since_start < self.case.no_probes_until {
            &mut nobody
        } else {
            probes
        };
        let mut news = Vec::new();
        while let Some((at, event)) = self.case.told.get(self.next)
            && *at <= since_start
        {
            news.push(*event);
            self.next += 1;
        }
        while let Some((at, _)) = self.case.media.get(self.next_media)
            && *at <= since_start
        {
            self.next_media += 1;
            if *at > TimeDelta::ZERO {
                news.push(self.streams(&CongestionEvent::new(CongestionEventKind::StreamsConfig, now)));
            }
        }
        news.extend(self.far_end.iter().flat_map(|far_end| far_end.tells(now)));
        let mut update = self
            .controller
            .on_event(now, &self.streams(event), packets, probes)?;
        for event in &news {
            update = self.controller.on_event(now, event, &[], probes)?;
        }
        let mut log = self.log.lock().expect("nobody panicked");
        let log = &mut log[self.flow];
        if log.last().is_none_or(|(_, last)| *last != update) {
            log.push((now, update));
        }
        if let Some(most) = self.most() {
            update.target = update.target.min(most.max(DataRate::bps(1)));
        }
        Ok(update)
    }

    fn process_interval(&mut self) -> Result<TimeDelta, Fault> {
        self.controller.process_interval()
    }

    fn hand_over(&mut self, now: Timestamp) -> Result<CongestionHandover, Fault> {
        self.controller.hand_over(now)
    }

    fn take_over(&mut self, now: Timestamp, state: &CongestionHandover) -> Result<(), Fault> {
        self.controller.take_over(now, state)
    }

    fn advice(&mut self, now: Timestamp) -> Result<CongestionAdvice, Fault> {
        self.controller.advice(now)
    }
}
