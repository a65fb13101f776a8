//! How much may come, for ends that know no better feedback than REMB: as a plugin reckons from the delays of what comes, or, where none can, how
//! much comes and some more.

use jackfield_core::Fault;
use jackfield_core::congestion_controller::{
    CongestionController, CongestionEvent, CongestionEventKind, RateConstraints,
};
use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};
use jackfield_rtp::extension::AbsoluteSendTime;

use super::controller::Controller;
use super::received_rate::ReceivedRate;

/// Between which a plugin estimates: from what a voice needs at least to where libwebrtc's estimator ends (`AimdRateControl`), beginning where browsers
/// begin to send.
const BOUNDS: RateConstraints = RateConstraints {
    minimum: DataRate::kbps(16),
    maximum: DataRate::kbps(30_000),
    start: DataRate::kbps(300),
};
/// An estimate below this share of what was told last is told at once (libwebrtc's `kSendThresholdPercent`).
const TOLD_AT_ONCE: f64 = 0.97;
/// The times of sending are counted from a packet about so old: they begin anew every 64 s.
const COUNTED_FROM: TimeDelta = TimeDelta::seconds(16);
/// After so long a silence nobody knows how often they have begun anew.
const SILENCE: TimeDelta = TimeDelta::seconds(30);

/// Estimates what may come from one participant.
pub(super) struct Estimator {
    controller: Option<Controller>,
    received: ReceivedRate,
    clock: SendClock,
    /// Packets say when they left.
    timed: bool,
    told: DataRate,
    /// What the plugin said when it broke, until somebody asks.
    fault: Option<Fault>,
}

impl Estimator {
    pub(super) const fn new() -> Self {
        Self {
            controller: None,
            received: ReceivedRate::new(),
            clock: SendClock { begun: None },
            timed: false,
            told: DataRate::ZERO,
            fault: None,
        }
    }

    /// A plugin estimates from now on. If one does already, it stays: it can be swapped.
    pub(super) fn put_in(&mut self, now: Timestamp, plugin: Box<dyn CongestionController>) {
        if self.controller.is_some() {
            return;
        }
        let mut controller = Controller::new(plugin, BOUNDS);
        let begun = controller.begin(now);
        self.controller = Some(controller);
        self.note(begun);
    }

    pub(super) fn controller(&mut self) -> Option<&mut Controller> {
        self.controller.as_mut()
    }

    /// Packets may say when they left, or do not any more: then nothing can be estimated of them.
    pub(super) fn expect_times(&mut self, expected: bool) {
        self.timed &= expected;
    }

    /// A packet came that left at this time by the sender's clock, if it says so.
    pub(super) fn receive(&mut self, now: Timestamp, left: Option<AbsoluteSendTime>, size: DataSize) {
        self.received.receive(now, size);
        if let Some(left) = left {
            self.timed = true;
            let event = CongestionEvent {
                size,
                ..CongestionEvent::new(CongestionEventKind::ReceivedPacket, self.clock.at(now, left))
            };
            self.tell(|controller| controller.tell(now, &event, &[]));
        }
    }

    /// Tells the plugin of something that concerns it, if there is one.
    pub(super) fn tell(&mut self, tell: impl FnOnce(&mut Controller) -> Result<(), Fault>) {
        if let Some(controller) = &mut self.controller {
            let result = tell(controller);
            self.note(result);
        }
    }

    /// The path is another one.
    pub(super) fn change_route(&mut self, now: Timestamp) {
        self.tell(|controller| {
            // What came shows what to begin from better than any constant.
            let bounds = RateConstraints {
                start: DataRate::ZERO,
                ..BOUNDS
            };
            controller.change_route(now, bounds)
        });
    }

    /// What the plugin said when it broke, once.
    pub(super) fn take_fault(&mut self) -> Option<Fault> {
        self.fault.take()
    }

    /// When time must be told to pass.
    pub(super) fn deadline(&self) -> Timestamp {
        self.controller
            .as_ref()
            .map_or(Timestamp::NEVER, Controller::deadline)
    }

    /// Whether there is something to tell.
    pub(super) fn has_news(&self) -> bool {
        self.received.has_news() || self.is_urgent()
    }

    /// Whether what was told last is too much: the sender is to hear of it at once.
    pub(super) fn is_urgent(&self) -> bool {
        self.estimate()
            .is_some_and(|estimate| estimate < self.told * TOLD_AT_ONCE)
    }

    /// The rate, to be told now.
    pub(super) fn take_rate(&mut self, now: Timestamp) -> DataRate {
        let came = self.received.tell(now);
        self.told = self.estimate().unwrap_or(came);
        self.told
    }

    pub(super) fn told(&self) -> DataRate {
        self.told
    }

    /// What the plugin reckons, if there is one that works and it can know.
    fn estimate(&self) -> Option<DataRate> {
        let controller = self.controller.as_ref().filter(|plugin| !plugin.is_bypassed())?;
        let target = controller.decided().target;
        (self.timed && target > DataRate::ZERO).then_some(target)
    }

    fn note(&mut self, result: Result<(), Fault>) {
        if let Err(fault) = result {
            self.fault = Some(fault);
        }
    }
}

/// Makes of the times of sending, which begin anew every 64 s, such that do not.
struct SendClock {
    /// The packet from which is counted: what it says, and when it came, which stands for when it left.
    begun: Option<(AbsoluteSendTime, Timestamp, Timestamp)>,
}

impl SendClock {
    /// When a packet left that came now: right up to a constant.
    fn at(&mut self, now: Timestamp, left: AbsoluteSendTime) -> Timestamp {
        let Some((first, at, came)) = self.begun else {
            self.begun = Some((left, now, now));
            return now;
        };
        let passed = now.since(came);
        let at = at
            + if passed < SILENCE {
                left.since(first)
            } else {
                passed
            };
        if passed >= COUNTED_FROM {
            self.begun = Some((left, at, now));
        }
        at
    }
}
