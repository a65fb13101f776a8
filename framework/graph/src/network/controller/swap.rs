//! The swap of a congestion controller: the newcomer is told everything and asked nothing until it comes in; then its predecessor is.

use jackfield_core::congestion_controller::{
    CONGESTION_CONTROLLER_SWAP, CongestionController, CongestionEvent, CongestionEventKind, PacketFeedback,
};
use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, TimeDelta};

use crate::network::decided::{Decided, NoProbes};
use crate::swap::SwapMeasure;
use crate::transaction::{Event, Step, Transaction};

/// While a swap is under way it is looked at so often.
pub(crate) const BEAT: TimeDelta = TimeDelta::ms(20);
/// Losses are counted over so long.
const WINDOW: TimeDelta = TimeDelta::ms(500);
/// A window with fewer packets tells nothing.
const PACKETS: u32 = 10;
/// A path that loses one packet in so many is clearly not as good as it was.
const CLEAR_LOSS: u32 = 10;
/// So many such windows running are clear evidence.
const CLEAR_WINDOWS: u32 = 3;

pub(crate) const STUCK: &str =
    "its target never moved while packets were lost and its predecessor slowed down";

/// A swap under way.
pub(super) struct ControllerSwap {
    pub(super) id: u64,
    /// Whose decisions do not count: the newcomer until it comes in, then its predecessor.
    pub(super) other: Box<dyn CongestionController>,
    pub(super) transaction: Transaction,
    pub(super) measure: SwapMeasure,
    pub(super) aborted: bool,
    /// A predecessor that broke meanwhile.
    pub(super) cold: bool,
    pub(super) decided: Decided,
    pub(super) judge: StuckJudge,
    passed_at: Timestamp,
}

/// The end of a swap of a congestion controller.
pub struct ControllerSwapped {
    /// The swap.
    pub swap: u64,
    /// Its figures.
    pub measure: SwapMeasure,
    /// To be dropped where that may take time.
    pub retired: Box<dyn CongestionController>,
}

impl ControllerSwap {
    pub(super) fn new(
        id: u64,
        newcomer: Box<dyn CongestionController>,
        decided: Decided,
        hold: bool,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            other: newcomer,
            transaction: Transaction::begun(CONGESTION_CONTROLLER_SWAP, hold),
            measure: SwapMeasure::CLEAN,
            aborted: false,
            cold: false,
            decided,
            judge: StuckJudge::default(),
            passed_at: now,
        }
    }

    /// Tells whoever does not count what the other is told; false if that broke it.
    pub(super) fn tell(
        &mut self,
        now: Timestamp,
        event: &CongestionEvent,
        packets: &[PacketFeedback],
    ) -> bool {
        if self.cold {
            return true;
        }
        match self.other.on_event(now, event, packets, &mut NoProbes) {
            Ok(update) => {
                self.decided.take(&update);
                true
            }
            Err(_) => false,
        }
    }

    /// Time has passed without a fault.
    pub(super) fn pass(&mut self, now: Timestamp) -> Step {
        let passed = now.since(self.passed_at);
        self.passed_at = now;
        self.transaction.on(Event::Passed(passed))
    }

    /// What is told at the end; `reason` is why, if it was rolled back.
    pub(super) fn ended(self, reason: &'static str) -> ControllerSwapped {
        let measure = SwapMeasure {
            times: self.transaction.times(),
            ..self.measure
        };
        ControllerSwapped {
            swap: self.id,
            measure: match self.transaction.step() {
                Step::RolledBack => measure.rolled_back(reason),
                _ => measure,
            },
            retired: self.other,
        }
    }
}

/// Whether the target of a newcomer stands still against clear evidence: packets are lost, its predecessor on the same evidence slows down,
/// and it does not.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StuckJudge {
    lost: u32,
    received: u32,
    window: Option<Timestamp>,
    bad: u32,
    /// The targets of both when the losses began, the predecessor's first.
    targets: Option<(DataRate, DataRate)>,
}

impl StuckJudge {
    /// What both were told.
    pub(super) fn see(&mut self, event: &CongestionEvent, packets: &[PacketFeedback]) {
        match event.kind {
            CongestionEventKind::PacketFeedback => {
                let lost = packets.iter().filter(|packet| packet.received.is_never()).count() as u32;
                self.lost += lost;
                self.received += packets.len() as u32 - lost;
            }
            CongestionEventKind::TransportLoss if packets.is_empty() => {
                self.lost += event.lost;
                self.received += event.received;
            }
            _ => {}
        }
    }

    /// The verdict, from the present targets of both.
    pub(super) fn verdict(
        &mut self,
        now: Timestamp,
        predecessor: DataRate,
        newcomer: DataRate,
    ) -> Option<&'static str> {
        let window = *self.window.get_or_insert(now);
        let (old, new) = *self.targets.get_or_insert((predecessor, newcomer));
        if now.since(window) >= WINDOW && self.lost + self.received >= PACKETS {
            let clear = self.lost * CLEAR_LOSS >= self.lost + self.received;
            self.bad = if clear { self.bad + 1 } else { 0 };
            if !clear {
                self.targets = Some((predecessor, newcomer));
            }
            (self.window, self.lost, self.received) = (Some(now), 0, 0);
        }
        let slowed = |before: DataRate, after: DataRate, share: f64| {
            (after.as_bps() as f64) < before.as_bps() as f64 * (1.0 - share)
        };
        let stuck =
            self.bad >= CLEAR_WINDOWS && slowed(old, predecessor, 0.1) && !slowed(new, newcomer, 0.01);
        stuck.then_some(STUCK)
    }
}
