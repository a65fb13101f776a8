//! The sending end: when which segment leaves.

use jackfield_core::units::{DataSize, TimeDelta};

use crate::clock::VirtualTime;
use crate::packet::Ecn;
use crate::steps::ns;

use super::bbr::Bbr;
use super::config::{TcpConfig, TcpStats};
use super::congestion::{AckSample, Congestion, CongestionControl};
use super::cubic::Cubic;
use super::prague::Prague;
use super::recovery::{Recovery, Reduction};
use super::reno::Reno;
use super::round_trip::RoundTrip;
use super::scoreboard::{Delivery, Scoreboard};
use super::segment::{Acknowledgement, Segment};
use super::{Algorithm, SECOND};

/// What a receiver may hold an acknowledgement back for, as a probe for tail loss has to reckon with.
const HELD_BACK_NS: u64 = 40_000_000;

/// The sending end of a connection.
#[derive(Debug)]
pub struct TcpSender {
    config: TcpConfig,
    segment: u64,
    congestion: Box<dyn CongestionControl>,
    board: Scoreboard,
    round_trip: RoundTrip,
    recovery: Recovery,
    opening: Opening,
    written: u64,
    next: u64,
    /// When the retransmission timer runs out, or when a probe leaves.
    timer: Option<(VirtualTime, Timer)>,
    reordering: Option<VirtualTime>,
    probe: Option<Probe>,
    probe_due: bool,
    timed_out: bool,
    paced_until: VirtualTime,
    window_limited: bool,
    /// No further reduction for marks before all up to here is acknowledged.
    marks_until: u64,
    says_reduced: bool,
    marked: u64,
    stats: TcpStats,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opening {
    Due { again: bool },
    Sent { at: VirtualTime, again: bool },
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timer {
    Retransmission,
    Probe,
}

/// A probe for tail loss that is not answered yet.
#[derive(Clone, Copy, Debug)]
struct Probe {
    end: u64,
    again: bool,
}

/// Why nothing leaves.
enum Held {
    Empty,
    Window,
}

impl TcpSender {
    /// With nothing to send yet.
    pub fn new(config: TcpConfig) -> Self {
        let segment = config.segment.as_bytes().max(1) as u64;
        let initial = segment * u64::from(config.initial_window.max(1));
        let congestion: Box<dyn CongestionControl> = match config.algorithm {
            Algorithm::Reno => Box::new(Reno::new(segment, initial)),
            Algorithm::Cubic => Box::new(Cubic::new(segment, initial)),
            Algorithm::Bbr => Box::new(Bbr::new(segment, initial, config.seed)),
            Algorithm::Prague => Box::new(Prague::new(segment, initial)),
        };
        Self {
            config,
            segment,
            congestion,
            board: Scoreboard::default(),
            round_trip: RoundTrip::new(ns(config.least_timeout)),
            recovery: Recovery::None,
            opening: if config.opens {
                Opening::Due { again: false }
            } else {
                Opening::Done
            },
            written: 0,
            next: 0,
            timer: None,
            reordering: None,
            probe: None,
            probe_due: false,
            timed_out: false,
            paced_until: VirtualTime::ZERO,
            window_limited: false,
            marks_until: 0,
            says_reduced: false,
            marked: 0,
            stats: TcpStats::default(),
        }
    }

    /// Gives it so many bytes more to send.
    pub fn write(&mut self, bytes: u64) {
        self.written = self.written.saturating_add(bytes);
    }

    /// Gives it more to send than it ever will.
    pub fn write_endlessly(&mut self) {
        self.written = u64::MAX;
    }

    /// Whether all that it was given is acknowledged.
    pub fn is_finished(&self) -> bool {
        self.board.acknowledged() == self.written
    }

    /// How many bytes are acknowledged.
    pub fn acknowledged(&self) -> u64 {
        self.board.acknowledged()
    }

    /// What may be in flight.
    pub fn window(&self) -> DataSize {
        DataSize::bytes(self.congestion.window().min(i64::MAX as u64) as i64)
    }

    /// What is in flight.
    pub fn in_flight(&self) -> DataSize {
        DataSize::bytes(self.board.in_flight() as i64)
    }

    /// The smoothed round trip, once one was measured.
    pub fn round_trip(&self) -> Option<TimeDelta> {
        self.round_trip
            .smoothed()
            .map(|smoothed| TimeDelta::us((smoothed / 1_000) as i64))
    }

    /// What it has done.
    pub fn stats(&self) -> TcpStats {
        self.stats
    }

    /// The next segment that leaves at `now`; to be asked again until there is none, after every other call.
    pub fn poll_transmit(&mut self, now: VirtualTime) -> Option<Segment> {
        match self.opening {
            Opening::Due { again } if self.written > 0 => return Some(self.open(now, again)),
            Opening::Due { .. } | Opening::Sent { .. } => return None,
            Opening::Done => {}
        }
        if std::mem::take(&mut self.probe_due) && !self.board.is_empty() {
            return self.send_probe(now);
        }
        if now < self.paced_until {
            self.window_limited = 2 * self.board.in_flight() >= self.congestion.window();
            return None;
        }
        match self.choose() {
            Ok((start, end)) => Some(self.send(now, start, end)),
            Err(Held::Window) => {
                self.window_limited = true;
                None
            }
            Err(Held::Empty) => {
                self.window_limited = false;
                self.board.limit();
                None
            }
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called next, if ever.
    pub fn deadline(&mut self) -> Option<VirtualTime> {
        let pacing =
            (self.opening == Opening::Done && self.paced_until > VirtualTime::ZERO && self.choose().is_ok())
                .then_some(self.paced_until);
        let timer = self.timer.map(|(at, _)| at);
        [timer, self.reordering, pacing].into_iter().flatten().min()
    }

    /// A deadline has come: [`poll_transmit`](Self::poll_transmit) may have something now.
    pub fn handle_timeout(&mut self, now: VirtualTime) {
        if self.reordering.is_some_and(|at| at <= now) {
            self.detect(now);
        }
        let Some((_, timer)) = self.timer.filter(|(at, _)| *at <= now) else {
            return;
        };
        match (self.opening, timer) {
            (Opening::Sent { .. }, _) => {
                self.round_trip.back_off();
                self.opening = Opening::Due { again: true };
                self.timer = None;
            }
            (_, Timer::Probe) => {
                self.probe_due = true;
                self.arm_retransmission(now);
            }
            (_, Timer::Retransmission) => self.time_out(now),
        }
    }

    /// An acknowledgement came.
    pub fn acknowledge(&mut self, now: VirtualTime, ack: &Acknowledgement) {
        if self.opening != Opening::Done {
            self.opened(now);
        }
        if ack.up_to > self.next {
            return;
        }
        let before = self.board.in_flight();
        let delivery = self.board.acknowledge(now, ack, self.round_trip.least());
        if let Some(sample) = delivery.round_trip {
            self.round_trip.measure(sample);
        }
        if delivery.advances {
            self.timed_out = false;
        }
        if self
            .recovery
            .point()
            .is_some_and(|point| self.board.acknowledged() >= point)
        {
            self.recovery = Recovery::None;
            self.congestion.on_recovered(now);
        }
        self.answer_probe(now, ack);
        let lost = self.detect(now);
        self.answer_marks(now, ack);
        let marked = ack.marked.saturating_sub(self.marked);
        self.marked = self.marked.max(ack.marked);
        self.tell(now, &delivery, before, lost, marked);
        if delivery.bytes > 0 || delivery.advances {
            self.arm(now);
        }
    }

    fn tell(&mut self, now: VirtualTime, delivery: &Delivery, before: u64, lost: u64, marked: u64) {
        let in_flight = self.board.in_flight();
        self.congestion.on_ack(&AckSample {
            now,
            delivered: delivery.bytes,
            delivered_total: self.board.delivered(),
            delivered_before: delivery.delivered_before,
            in_flight_before: before,
            in_flight,
            lost,
            marked,
            round_trip: delivery.round_trip,
            smoothed: self.round_trip.smoothed(),
            rate: delivery.rate,
            application_limited: delivery.limited,
            window_limited: self.window_limited,
            in_recovery: self.recovery.is_fast(),
        });
        if let Recovery::Fast {
            reduction: Some(reduction),
            ..
        } = &mut self.recovery
        {
            reduction.on_ack(
                delivery.bytes,
                in_flight,
                self.segment,
                delivery.advances && lost == 0,
            );
        }
    }

    fn open(&mut self, now: VirtualTime, again: bool) -> Segment {
        self.opening = Opening::Sent { at: now, again };
        self.arm_retransmission(now);
        self.stats.segments += 1;
        Segment {
            start: 0,
            end: 0,
            opens: true,
            again,
            reduced: false,
            ecn: Ecn::NotEct,
        }
    }

    fn opened(&mut self, now: VirtualTime) {
        if let Opening::Sent { at, again: false } = self.opening {
            self.round_trip.measure(now.ns() - at.ns());
        }
        self.opening = Opening::Done;
        self.timer = None;
    }

    /// What would leave next, if pacing allowed it.
    fn choose(&mut self) -> Result<(u64, u64), Held> {
        let chosen = match self.board.first_lost() {
            Some(lost) => lost,
            None => self.fresh().ok_or(Held::Empty)?,
        };
        let in_flight = self.board.in_flight();
        let is_allowed = match &self.recovery {
            Recovery::Fast {
                reduction: Some(reduction),
                ..
            } => reduction.allowance() > 0,
            _ => in_flight == 0 || in_flight + (chosen.1 - chosen.0) <= self.congestion.window(),
        };
        if is_allowed { Ok(chosen) } else { Err(Held::Window) }
    }

    /// The next segment that was never sent.
    fn fresh(&self) -> Option<(u64, u64)> {
        let room = self.config.receive_window.as_bytes().max(0) as u64;
        let end = self
            .written
            .min(self.next + self.segment)
            .min(self.board.acknowledged() + room.max(self.segment));
        (end > self.next).then_some((self.next, end))
    }

    fn send(&mut self, now: VirtualTime, start: u64, end: u64) -> Segment {
        let again = start < self.next;
        self.next = self.next.max(end);
        self.board.send(now, start, end);
        if let Recovery::Fast {
            reduction: Some(reduction),
            ..
        } = &mut self.recovery
        {
            reduction.on_sent(end - start);
        }
        self.stats.segments += 1;
        self.stats.again += u64::from(again);
        let segment = Segment {
            start,
            end,
            opens: false,
            again,
            reduced: !again && std::mem::take(&mut self.says_reduced),
            ecn: self.codepoint(again),
        };
        if let Some(rate) = self.congestion.pacing_rate() {
            let bits = segment.size().as_bits() as u64;
            let gap = (u128::from(bits) * u128::from(SECOND) / u128::from(rate.max(1))) as u64;
            self.paced_until = now.max(self.paced_until).later(gap.min(SECOND));
        }
        if self.timer.is_none() || !again {
            self.arm(now);
        }
        segment
    }

    /// RFC 3168 section 6.1.5: what is sent again is not capable.
    fn codepoint(&self, again: bool) -> Ecn {
        match self.config.algorithm {
            Algorithm::Prague => Ecn::Ect1,
            Algorithm::Reno | Algorithm::Cubic if self.config.ecn && !again => Ecn::Ect0,
            _ => Ecn::NotEct,
        }
    }

    /// RFC 8985 section 7.3: something new if there is, or the last segment again.
    fn send_probe(&mut self, now: VirtualTime) -> Option<Segment> {
        let (start, end) = self.fresh().or_else(|| self.board.last())?;
        self.probe = Some(Probe {
            end,
            again: start < self.next,
        });
        self.stats.probes += 1;
        let segment = self.send(now, start, end);
        self.arm_retransmission(now);
        Some(segment)
    }

    /// RFC 8985 section 7.4: whether the probe repaired a loss.
    fn answer_probe(&mut self, now: VirtualTime, ack: &Acknowledgement) {
        let Some(probe) = self.probe.filter(|probe| ack.up_to >= probe.end) else {
            return;
        };
        let came_twice = ack.duplicate.is_some_and(|(_, end)| end >= probe.end);
        if !probe.again || came_twice {
            self.probe = None;
        } else if ack.up_to > probe.end {
            self.probe = None;
            if self.recovery.point().is_none() {
                self.congestion
                    .on_congestion(now, Congestion::Loss, self.outstanding());
            }
        }
    }

    fn answer_marks(&mut self, now: VirtualTime, ack: &Acknowledgement) {
        if !ack.echo || !self.config.ecn || ack.up_to < self.marks_until {
            return;
        }
        if matches!(self.config.algorithm, Algorithm::Reno | Algorithm::Cubic) {
            if self.recovery.point().is_none() {
                self.congestion
                    .on_congestion(now, Congestion::Mark, self.outstanding());
                self.stats.marks += 1;
            }
            self.marks_until = self.next;
            self.says_reduced = true;
        }
    }

    /// Looks for losses and begins a recovery if there are. Bytes lost.
    fn detect(&mut self, now: VirtualTime) -> u64 {
        let in_recovery = self.recovery.point().is_some();
        let outstanding = self.outstanding();
        let found = self.board.detect(
            now,
            self.round_trip.smoothed(),
            self.round_trip.least(),
            in_recovery,
        );
        self.reordering = found.next;
        if found.lost > 0 && !in_recovery {
            self.stats.recoveries += 1;
            self.congestion.on_congestion(now, Congestion::Loss, outstanding);
            let reduction = self
                .congestion
                .is_reduced_proportionally()
                .then(|| Reduction::new(self.congestion.threshold(), outstanding));
            self.recovery = Recovery::Fast {
                point: self.next,
                reduction,
            };
            self.probe = None;
            self.arm_retransmission(now);
        }
        found.lost
    }

    fn time_out(&mut self, now: VirtualTime) {
        self.timer = None;
        if self.board.is_empty() {
            return;
        }
        let again = std::mem::replace(&mut self.timed_out, true);
        self.congestion.on_timeout(now, self.outstanding(), again);
        self.board.lose_all();
        self.round_trip.back_off();
        self.recovery = Recovery::Timeout { point: self.next };
        (self.probe, self.probe_due, self.reordering) = (None, false, None);
        self.paced_until = now;
        self.stats.timeouts += 1;
        self.arm_retransmission(now);
    }

    /// Between the first byte not acknowledged and the next to be sent.
    fn outstanding(&self) -> u64 {
        self.next - self.board.acknowledged()
    }

    /// Sets the timer anew: for a probe if one is due before a timeout (RFC 8985 section 7.2).
    fn arm(&mut self, now: VirtualTime) {
        if self.board.is_empty() {
            self.timer = None;
            return;
        }
        self.arm_retransmission(now);
        let may_probe = self.recovery.point().is_none() && self.probe.is_none() && !self.board.has_gap();
        if may_probe && !self.timed_out {
            let span = match self.round_trip.smoothed() {
                None => SECOND,
                Some(smoothed) if self.board.segments() == 1 => 2 * smoothed + HELD_BACK_NS,
                Some(smoothed) => 2 * smoothed,
            };
            if span < self.round_trip.timeout() {
                self.timer = Some((now.later(span), Timer::Probe));
            }
        }
    }

    fn arm_retransmission(&mut self, now: VirtualTime) {
        self.timer = Some((now.later(self.round_trip.timeout()), Timer::Retransmission));
    }
}
