//! Plugins with which the tests look into the domain: a pacer that really holds packets back, a controller that writes down what it is told.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use jackfield_sdk::prelude::*;

/// Lets one packet go in so many milliseconds.
pub(crate) struct Metronome {
    parameters: (),
    beat: TimeDelta,
    next: Timestamp,
    waiting: VecDeque<PacedPacket>,
    pub(crate) breaks: bool,
    /// Whether it was told last that the congestion window is full.
    pub(crate) congested: Arc<AtomicBool>,
}

impl Metronome {
    pub(crate) fn every(beat: TimeDelta) -> Self {
        Self {
            parameters: (),
            beat,
            next: Timestamp::ZERO,
            waiting: VecDeque::new(),
            breaks: false,
            congested: Arc::default(),
        }
    }
}

impl Plugin for Metronome {
    const DESCRIPTOR: Descriptor = Descriptor::new("test.pacing.metronome", "Metronome", "1.0.0");
    type Parameters = ();

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self::every(TimeDelta::ms(20)))
    }

    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }
}

impl Pacer for Metronome {
    fn set_rates(&mut self, _: Timestamp, _: DataRate, _: DataRate) -> Result<(), Fault> {
        if self.breaks {
            Err(Fault::failed("it refuses everything"))
        } else {
            Ok(())
        }
    }

    fn enqueue(&mut self, _: Timestamp, packet: &PacedPacket) -> Result<(), Fault> {
        if self.breaks {
            return Err(Fault::failed("it refuses everything"));
        }
        self.waiting.push_back(*packet);
        Ok(())
    }

    fn set_congested(&mut self, _: Timestamp, congested: u32) -> Result<(), Fault> {
        self.congested.store(congested != 0, Ordering::Relaxed);
        Ok(())
    }

    fn poll(&mut self, now: Timestamp, departures: &mut dyn DepartureSink) -> Result<(), Fault> {
        while self.next <= now
            && let Some(packet) = self.waiting.pop_front()
        {
            departures.depart(packet.handle)?;
            self.next = now + self.beat;
        }
        Ok(())
    }

    fn deadline(&mut self) -> Result<Timestamp, Fault> {
        Ok(if self.waiting.is_empty() {
            Timestamp::NEVER
        } else {
            self.next
        })
    }

    fn queue(&mut self) -> Result<PacerQueue, Fault> {
        Ok(PacerQueue {
            packets: self.waiting.len() as u64,
            size: DataSize::ZERO,
        })
    }

    fn hand_over(&mut self, departures: &mut dyn DepartureSink) -> Result<(), Fault> {
        self.waiting
            .drain(..)
            .try_for_each(|packet| departures.depart(packet.handle))
    }
}

/// What a [`Scribe`] was told.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) at: Timestamp,
    pub(crate) event: CongestionEvent,
    pub(crate) packets: Vec<PacketFeedback>,
}

/// What a [`Scribe`] has written down.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) told: Vec<Told>,
    pub(crate) taken_over: Option<CongestionHandover>,
    /// How often it was asked for its interval, and for advice.
    pub(crate) asked: (u32, u32),
}

/// Writes down what it is told, and decides what it was made to.
pub(crate) struct Scribe {
    parameters: (),
    notes: Arc<Mutex<Notes>>,
    pub(crate) decision: CongestionUpdate,
    pub(crate) breaks: bool,
    /// It refuses everything after so many events.
    pub(crate) breaks_after: u32,
    /// Which target it decides from when on, the earliest first.
    targets: Vec<(Timestamp, DataRate)>,
}

impl Scribe {
    pub(crate) fn new() -> (Self, Arc<Mutex<Notes>>) {
        let notes = Arc::default();
        let scribe = Self {
            parameters: (),
            notes: Arc::clone(&notes),
            decision: CongestionUpdate::default(),
            breaks: false,
            breaks_after: u32::MAX,
            targets: Vec::new(),
        };
        (scribe, notes)
    }

    /// One that decides these targets, each from its time on.
    pub(crate) fn with_targets(targets: Vec<(Timestamp, DataRate)>) -> (Self, Arc<Mutex<Notes>>) {
        let (scribe, notes) = Self::new();
        (Self { targets, ..scribe }, notes)
    }
}

impl Plugin for Scribe {
    const DESCRIPTOR: Descriptor = Descriptor::new("test.congestion.scribe", "Scribe", "1.0.0");
    type Parameters = ();

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self::new().0)
    }

    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }
}

impl CongestionController for Scribe {
    fn activate(&mut self, _: Timestamp, _: &RateConstraints) -> Result<(), Fault> {
        Ok(())
    }

    fn on_event(
        &mut self,
        at: Timestamp,
        event: &CongestionEvent,
        packets: &[PacketFeedback],
        _: &mut dyn ProbeSink,
    ) -> Result<CongestionUpdate, Fault> {
        if self.breaks || self.breaks_after == 0 {
            return Err(Fault::failed("it refuses everything"));
        }
        self.breaks_after -= 1;
        let told = Told {
            at,
            event: *event,
            packets: packets.to_vec(),
        };
        self.notes.lock().unwrap().told.push(told);
        let due = self.targets.iter().rfind(|(from, _)| *from <= at);
        self.decision.target = due.map_or(self.decision.target, |(_, target)| *target);
        Ok(self.decision)
    }

    fn process_interval(&mut self) -> Result<TimeDelta, Fault> {
        self.notes.lock().unwrap().asked.0 += 1;
        Ok(TimeDelta::ms(25))
    }

    fn advice(&mut self, _: Timestamp) -> Result<CongestionAdvice, Fault> {
        self.notes.lock().unwrap().asked.1 += 1;
        Ok(CongestionAdvice::NONE)
    }

    fn hand_over(&mut self, _: Timestamp) -> Result<CongestionHandover, Fault> {
        Ok(CongestionHandover {
            estimate: self.decision.estimate,
            target: self.decision.target,
            ..Default::default()
        })
    }

    fn take_over(&mut self, _: Timestamp, state: &CongestionHandover) -> Result<(), Fault> {
        self.notes.lock().unwrap().taken_over = Some(*state);
        Ok(())
    }
}

/// The events of one kind.
pub(crate) fn of_kind(notes: &Mutex<Notes>, kind: CongestionEventKind) -> Vec<Told> {
    let notes = notes.lock().unwrap();
    notes
        .told
        .iter()
        .filter(|told| told.event.kind == kind)
        .cloned()
        .collect()
}

/// Goes down by a fifth, twice a second at most, while packets are lost; never up.
pub(crate) struct Careful {
    parameters: (),
    target: DataRate,
    changed: Timestamp,
}

impl Careful {
    pub(crate) fn at(target: DataRate) -> Self {
        Self {
            parameters: (),
            target,
            changed: Timestamp::ZERO,
        }
    }
}

impl Plugin for Careful {
    const DESCRIPTOR: Descriptor = Descriptor::new("test.congestion.careful", "Careful", "1.0.0");
    type Parameters = ();

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self::at(DataRate::kbps(64)))
    }

    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }
}

impl CongestionController for Careful {
    fn activate(&mut self, _: Timestamp, _: &RateConstraints) -> Result<(), Fault> {
        Ok(())
    }

    fn on_event(
        &mut self,
        at: Timestamp,
        _: &CongestionEvent,
        packets: &[PacketFeedback],
        _: &mut dyn ProbeSink,
    ) -> Result<CongestionUpdate, Fault> {
        let lossy = packets.iter().any(|packet| packet.received.is_never());
        if lossy && at.since(self.changed) > TimeDelta::ms(500) {
            self.target = self.target * 0.8;
            self.changed = at;
        }
        Ok(CongestionUpdate {
            target: self.target,
            ..Default::default()
        })
    }

    fn process_interval(&mut self) -> Result<TimeDelta, Fault> {
        Ok(TimeDelta::ms(25))
    }

    fn hand_over(&mut self, _: Timestamp) -> Result<CongestionHandover, Fault> {
        Ok(CongestionHandover {
            target: self.target,
            ..Default::default()
        })
    }

    fn take_over(&mut self, _: Timestamp, state: &CongestionHandover) -> Result<(), Fault> {
        self.target = state.target;
        Ok(())
    }
}

/// Asks for a cluster every second: the first two with packets 20 ms apart, those after them 2 ms.
pub(crate) struct Prospector {
    parameters: (),
    asked: u32,
    next: Timestamp,
}

impl Prospector {
    /// Faster than the voice by far.
    pub(crate) const RATE: DataRate = DataRate::kbps(480);
    pub(crate) const CLUSTER: ProbeCluster = ProbeCluster {
        id: 0,
        minimum_packets: 5,
        rate: Self::RATE,
        duration: TimeDelta::ms(60),
    };
}

impl Plugin for Prospector {
    const DESCRIPTOR: Descriptor = Descriptor::new("test.congestion.prospector", "Prospector", "1.0.0");
    type Parameters = ();

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: (),
            asked: 0,
            next: Timestamp::from_ms(1_000),
        })
    }

    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }
}

impl CongestionController for Prospector {
    fn activate(&mut self, _: Timestamp, _: &RateConstraints) -> Result<(), Fault> {
        Ok(())
    }

    fn on_event(
        &mut self,
        at: Timestamp,
        _: &CongestionEvent,
        _: &[PacketFeedback],
        probes: &mut dyn ProbeSink,
    ) -> Result<CongestionUpdate, Fault> {
        if at >= self.next {
            self.asked += 1;
            self.next = at + TimeDelta::seconds(1);
            probes.probe(&ProbeCluster {
                id: self.asked,
                ..Self::CLUSTER
            })?;
        }
        Ok(CongestionUpdate {
            target: DataRate::kbps(64),
            pacing: DataRate::kbps(128),
            ..Default::default()
        })
    }

    fn process_interval(&mut self) -> Result<TimeDelta, Fault> {
        Ok(TimeDelta::ms(25))
    }

    fn hand_over(&mut self, _: Timestamp) -> Result<CongestionHandover, Fault> {
        Ok(CongestionHandover::default())
    }

    fn take_over(&mut self, _: Timestamp, _: &CongestionHandover) -> Result<(), Fault> {
        Ok(())
    }

    fn advice(&mut self, _: Timestamp) -> Result<CongestionAdvice, Fault> {
        Ok(CongestionAdvice {
            probe_distance: TimeDelta::ms(if self.asked <= 2 { 20 } else { 2 }),
            ..CongestionAdvice::NONE
        })
    }
}
