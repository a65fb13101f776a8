//! A congestion controller in its socket: told what happens, asked for its advice, swapped, and gone around when it breaks.

mod away;
mod swap;
mod swapping;

use jackfield_core::congestion_controller::{
    CongestionController, CongestionEvent, CongestionEventKind, CongestionUpdate, PacketFeedback,
    ProbeCluster, RateConstraints,
};
use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};
use jackfield_core::{Fault, FaultCode};

use self::away::{AWAY_INTERVAL, is_away};
use self::swap::ControllerSwap;
use super::configuration::StreamRates;
use super::decided::{Decided, Probes};

pub use self::swap::ControllerSwapped;

/// Drives one controller of one participant, and whoever is being swapped for it.
pub(crate) struct Controller {
    plugin: Box<dyn CongestionController>,
    /// How often it wants to be told of time, once it has said.
    interval: Option<TimeDelta>,
    next_process: Timestamp,
    decided: Decided,
    probes: Probes,
    /// Between which the rate stays.
    bounds: RateConstraints,
    /// Time has begun to count: the plugin knows the bounds.
    begun: bool,
    streams: StreamRates,
    /// The streams have changed, and nobody has been told.
    streams_changed: bool,
    known: Known,
    broken: bool,
    /// It does not answer, because its process ended: the last decision holds until it is back.
    gone: bool,
    /// Events that went without it.
    concealed: u64,
    swap: Option<ControllerSwap>,
    next_beat: Timestamp,
    ended: Vec<ControllerSwapped>,
}

/// What was told of the path, for whoever was not there then.
#[derive(Default)]
struct Known {
    /// Whether the network is usable, once somebody has said.
    available: Option<bool>,
    round_trip: TimeDelta,
    in_flight: DataSize,
}

impl Known {
    fn note(&mut self, event: &CongestionEvent) {
        match event.kind {
            CongestionEventKind::NetworkAvailability => {
                self.available = Some(event.flag == 1);
                self.in_flight = DataSize::ZERO;
            }
            CongestionEventKind::RouteChange => self.in_flight = DataSize::ZERO,
            CongestionEventKind::SentPacket | CongestionEventKind::PacketFeedback => {
                self.in_flight = event.in_flight;
            }
            CongestionEventKind::RoundTripTime => self.round_trip = event.time,
            _ => {}
        }
    }
}

impl Controller {
    pub(crate) fn new(plugin: Box<dyn CongestionController>, bounds: RateConstraints) -> Self {
        Self {
            plugin,
            interval: None,
            next_process: Timestamp::NEVER,
            decided: Decided::default(),
            probes: Probes::new(),
            bounds,
            begun: false,
            streams: StreamRates::NONE,
            streams_changed: false,
            known: Known::default(),
            broken: false,
            gone: false,
            concealed: 0,
            swap: None,
            next_beat: Timestamp::NEVER,
            ended: Vec::new(),
        }
    }

    /// Time begins to count.
    pub(crate) fn begin(&mut self, now: Timestamp) -> Result<(), Fault> {
        self.next_process = now;
        self.begun = true;
        self.plugin
            .activate(now, &self.bounds)
            .inspect_err(|_| self.break_down())
    }

    /// Other bounds hold from now on; before time begins to count nobody has to be told. The rate stays what it is, as far as they allow.
    pub(crate) fn set_bounds(&mut self, now: Timestamp, bounds: RateConstraints) -> Result<(), Fault> {
        let changed = bounds != self.bounds;
        self.bounds = bounds;
        if !self.begun || !changed {
            return Ok(());
        }
        let event = CongestionEvent {
            constraints: RateConstraints {
                start: DataRate::ZERO,
                ..bounds
            },
            ..CongestionEvent::new(CongestionEventKind::TargetRateConstraints, now)
        };
        self.tell(now, &event, &[])
    }

    /// The path is another one, with these bounds: what was known of the one before does not count.
    pub(crate) fn change_route(&mut self, now: Timestamp, bounds: RateConstraints) -> Result<(), Fault> {
        self.bounds = bounds;
        if !self.begun {
            return Ok(());
        }
        let event = CongestionEvent {
            constraints: bounds,
            ..CongestionEvent::new(CongestionEventKind::RouteChange, now)
        };
        self.tell(now, &event, &[])
    }

    /// What the streams need has changed; that is told with the next event.
    pub(crate) fn set_streams(&mut self, streams: StreamRates) {
        self.streams_changed |= streams != self.streams;
        self.streams = streams;
    }

    /// The network has become usable, or is so no more.
    pub(crate) fn set_available(&mut self, now: Timestamp, available: bool) -> Result<(), Fault> {
        self.tell(now, &availability_event(now, available), &[])
    }

    /// A round trip was measured.
    pub(crate) fn set_round_trip(&mut self, now: Timestamp, round_trip: TimeDelta) -> Result<(), Fault> {
        let event = CongestionEvent {
            time: round_trip,
            ..CongestionEvent::new(CongestionEventKind::RoundTripTime, now)
        };
        self.tell(now, &event, &[])
    }

    pub(crate) fn bounds(&self) -> RateConstraints {
        self.bounds
    }

    pub(crate) fn decided(&self) -> Decided {
        self.decided
    }

    pub(crate) fn plugin(&mut self) -> &mut dyn CongestionController {
        &mut *self.plugin
    }

    /// The next probe that is to be sent.
    pub(crate) fn take_probe(&mut self) -> Option<ProbeCluster> {
        self.probes.take_next()
    }

    /// When [`Controller::process`] must be called.
    pub(crate) fn deadline(&self) -> Timestamp {
        let beat = self.swap.as_ref().map_or(Timestamp::NEVER, |_| self.next_beat);
        self.next_process.min(beat)
    }

    /// Time has passed; so much waits for the pacer.
    pub(crate) fn process(&mut self, now: Timestamp, waiting: DataSize) -> Result<(), Fault> {
        self.go_on(now);
        if now < self.next_process {
            return Ok(());
        }
        self.plan(now);
        let event = CongestionEvent {
            size: waiting,
            ..CongestionEvent::new(CongestionEventKind::ProcessInterval, now)
        };
        self.tell(now, &event, &[])
    }

    /// Something happened.
    pub(crate) fn tell(
        &mut self,
        now: Timestamp,
        event: &CongestionEvent,
        packets: &[PacketFeedback],
    ) -> Result<(), Fault> {
        if std::mem::take(&mut self.streams_changed) {
            self.tell_one(now, &self.streams.event(now), &[])?;
        }
        self.tell_one(now, event, packets)
    }

    fn tell_one(
        &mut self,
        now: Timestamp,
        event: &CongestionEvent,
        packets: &[PacketFeedback],
    ) -> Result<(), Fault> {
        self.known.note(event);
        if self.broken {
            return Ok(());
        }
        if self.gone && !self.rejoin(now) {
            self.concealed += 1;
            return Ok(());
        }
        let update = self.plugin.on_event(now, event, packets, &mut self.probes);
        let result = self.take_update(now, event, update);
        if self.swap.is_some() {
            return self.tell_other(now, event, packets, result);
        }
        if result.is_err() {
            self.break_down();
        }
        result
    }

    /// What came of an event.
    fn take_update(
        &mut self,
        now: Timestamp,
        event: &CongestionEvent,
        update: Result<CongestionUpdate, Fault>,
    ) -> Result<(), Fault> {
        let decided = update.and_then(|update| {
            self.decided.take(&update);
            self.ask_advice(now, event)
        });
        match decided {
            // One that is late has missed an event and decides by the next; one whose process ended is told all that is known when it is back.
            Err(fault) if is_away(&fault) && (self.swap.is_none() || fault.code() == FaultCode::TimedOut) => {
                self.gone = fault.code() == FaultCode::Gone;
                self.concealed += 1;
                Ok(())
            }
            decided => decided,
        }
    }

    /// What leaves tells of nothing new: advice is asked for after all else.
    fn ask_advice(&mut self, now: Timestamp, event: &CongestionEvent) -> Result<(), Fault> {
        if event.kind != CongestionEventKind::SentPacket {
            let advice = self.plugin.advice(now)?;
            self.decided.heed(&advice);
        }
        Ok(())
    }

    /// When it is to be told of time next.
    fn plan(&mut self, now: Timestamp) {
        let interval = match self.interval {
            Some(interval) => interval,
            None => self.ask_interval(),
        };
        self.next_process = if interval > TimeDelta::ZERO && !self.broken {
            // Never so often that the room does nothing else.
            now + interval.max(TimeDelta::ms(1))
        } else {
            Timestamp::NEVER
        };
    }

    fn ask_interval(&mut self) -> TimeDelta {
        match self.plugin.process_interval() {
            Err(fault) if is_away(&fault) => AWAY_INTERVAL,
            asked => *self.interval.insert(asked.unwrap_or(TimeDelta::ZERO)),
        }
    }

    /// Another instance decides from now on.
    fn begin_anew(&mut self, now: Timestamp) {
        self.gone = false;
        self.interval = None;
        self.next_process = if self.broken { Timestamp::NEVER } else { now };
    }

    /// The last decision holds until the controller is swapped.
    fn break_down(&mut self) {
        self.broken = true;
        self.next_process = Timestamp::NEVER;
    }
}

fn availability_event(now: Timestamp, available: bool) -> CongestionEvent {
    CongestionEvent {
        flag: u32::from(available),
        ..CongestionEvent::new(CongestionEventKind::NetworkAvailability, now)
    }
}
