//! The reference window: how much may be in flight, and the target rate that follows from it (sections 4.2.2 to 4.4).

use jackfield_sdk::prelude::*;

use crate::competing::QueueTarget;
use crate::delay::Delay;
use crate::digest::Digest;
use crate::loss::Losses;
use crate::marks::Marks;
use crate::parameters::ScreamParameters;

/// The window is never smaller (`MIN_REF_WND`), bytes.
const SMALLEST_WINDOW: f64 = 1_000.0;
/// The largest packet (`MSS`), bytes.
pub(crate) const SEGMENT: f64 = 1_280.0;
/// A window so large is one that nothing limits, bytes.
const LARGEST_WINDOW: f64 = 1e12;
/// Growth is cautious for so many round trips after congestion, and the window is corrected if there was none for so long.
const POST_CONGESTION_ROUNDS: f64 = 100.0;
/// By so much what is in flight may exceed the window where queues stay, and where there are none (`REF_WND_OVERHEAD`).
const OVERHEAD: (f64, f64) = (1.5, 3.0);
/// Share of a new feedback in the mean of the remote end's hold.
const HOLD_GAIN: f64 = 1.0 / 8.0;
/// The application limits the rate if less than this share of the target arrives.
const LIMITED_SHARE: f64 = 0.9;
/// The rate that arrives is measured over so long.
const RECEIVED_WINDOW: TimeDelta = TimeDelta::ms(100);
/// A queue that does not drain is given half the rate for so many round trips.
const DRAIN_ROUNDS: f64 = 5.0;
/// Before the first feedback the round trip is taken to be so long, ms.
const UNKNOWN_ROUND_TRIP: f64 = 200.0;
/// The scale at the inflection point while others fill the queue, at least: libwebrtc's, a quarter of this draft's, comes without compensation for
/// them, and a window that grows by a quarter of a segment is no match for one that grows by a whole one.
const COMPETING_INFLECTION_SCALE: f64 = 8.0;
/// For so long after a swap the target stays near the predecessor's.
const LANDING: TimeDelta = TimeDelta::seconds(1);
/// So near: no jump above 20 %.
const LANDING_SHARE: f64 = 0.19;
/// Nobody has sent anything faster, bit/s.
const FASTEST: f64 = 1e12;

/// The bounds of the target, bit/s.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) minimum: f64,
    pub(crate) maximum: f64,
}

impl Bounds {
    /// Not `clamp`, which panics if a host gives a minimum above the maximum.
    fn hold(&self, rate: f64) -> f64 {
        rate.max(self.minimum).min(self.maximum)
    }
}

/// All that is known of one path.
pub(crate) struct Window {
    pub(crate) delay: Delay,
    pub(crate) losses: Losses,
    pub(crate) marks: Marks,
    pub(crate) queue_target: QueueTarget,
    pub(crate) state: State,
}

/// The plain numbers.
#[derive(Clone, Copy)]
pub(crate) struct State {
    /// `ref_wnd`, bytes.
    pub(crate) window: f64,
    /// `ref_wnd_i`: where the window was when it last began to shrink.
    inflection: f64,
    may_move_inflection: bool,
    /// The target, bit/s.
    pub(crate) target: f64,
    /// The rate that arrives, bit/s; nothing until it has been measured once.
    pub(crate) received: Option<f64>,
    received_bytes: f64,
    received_since: Option<Timestamp>,
    /// The remote end's hold, ms.
    pub(crate) hold: f64,
    /// The most in flight in this and in the last round, bytes.
    in_flight: (f64, f64),
    in_flight_since: Option<Timestamp>,
    pub(crate) last_reaction: Option<Timestamp>,
    last_full_reaction: Option<Timestamp>,
    pub(crate) last_decrease: Option<Timestamp>,
    draining_since: Option<Timestamp>,
    fed_back: bool,
    pub(crate) limited: bool,
    landing: Option<(Timestamp, f64)>,
}

impl State {
    const NEW: Self = Self {
        window: SMALLEST_WINDOW,
        inflection: 1.0,
        may_move_inflection: true,
        target: 0.0,
        received: None,
        received_bytes: 0.0,
        received_since: None,
        hold: 0.0,
        in_flight: (0.0, 0.0),
        in_flight_since: None,
        last_reaction: None,
        last_full_reaction: None,
        last_decrease: None,
        draining_since: None,
        fed_back: false,
        limited: false,
        landing: None,
    };
}

/// Milliseconds since then; infinite if never.
fn since(now: Timestamp, then: Option<Timestamp>) -> f64 {
    then.map_or(f64::INFINITY, |then| now.since(then).as_ms_f64())
}

/// What `bytes` per `ms` are in bit/s.
fn rate(bytes: f64, ms: f64) -> f64 {
    bytes * 8e3 / ms
}

impl Window {
    pub(crate) fn new() -> Self {
        Self {
            delay: Delay::UNKNOWN,
            losses: Losses::new(),
            marks: Marks::NONE,
            queue_target: QueueTarget::new(),
            state: State::NEW,
        }
    }

    /// Another path: starts at `target` bit/s.
    pub(crate) fn begin(&mut self, target: f64) {
        self.delay = Delay::UNKNOWN;
        self.losses.forget();
        self.marks = Marks::NONE;
        self.queue_target.forget();
        self.state = State::NEW;
        self.start_at(target);
    }

    /// The rate to start at; heeded until the first feedback.
    pub(crate) fn start_at(&mut self, target: f64) {
        if self.state.fed_back {
            return;
        }
        self.state.target = target.clamp(0.0, FASTEST);
        let round_trip = if self.delay.round_trip() > 0.0 {
            self.delay.round_trip()
        } else {
            UNKNOWN_ROUND_TRIP
        };
        self.state.window = (self.state.target * round_trip / 8e3).max(SMALLEST_WINDOW);
    }

    /// Goes on from a predecessor's rate.
    pub(crate) fn inherit(&mut self, now: Timestamp, state: &CongestionHandover, target: f64) {
        self.begin(target);
        let ms = |time: TimeDelta| crate::digest::sane(time.as_ms_f64());
        self.delay
            .inherit(ms(state.round_trip), ms(state.minimum_round_trip));
        self.losses
            .inherit(f64::from(state.loss_ppm.min(1_000_000)) / 1e6);
        self.start_at(target);
        // Whether the path bears more is not known: no haste.
        self.state.last_reaction = Some(now);
        self.state.landing = Some((now + LANDING, self.state.target));
    }

    pub(crate) fn sent(&mut self, in_flight: f64) {
        self.state.in_flight.0 = self.state.in_flight.0.max(in_flight.min(1e15));
    }

    /// The queue delay to stay below now, ms.
    pub(crate) fn queue_delay(&self, parameters: &ScreamParameters) -> f64 {
        let smallest = parameters.queue_delay.max(1.0);
        if parameters.competing_flows {
            self.queue_target.target(smallest, parameters.most_queue_delay)
        } else {
            smallest
        }
    }

    /// Whether others fill the queue.
    fn is_competing(&self, parameters: &ScreamParameters) -> bool {
        self.queue_delay(parameters) > 1.2 * parameters.queue_delay
    }

    /// The window is never smaller than what the session's least rate needs (Ericsson's `isAutoTuneMinCwnd`).
    fn smallest(&self, bounds: &Bounds) -> f64 {
        let round = self.delay.round_trip() + self.state.hold;
        SMALLEST_WINDOW.max((bounds.minimum * round / 8e3).min(LARGEST_WINDOW))
    }

    /// `send_wnd` and what is in flight together: the most that may be in flight, bytes.
    pub(crate) fn most_in_flight(&self) -> f64 {
        let (least, most) = OVERHEAD;
        self.state.window * (least + (most - least) * self.delay.scale_of_overhead())
    }

    /// So large the window may become by what was in flight.
    fn largest(&self, parameters: &ScreamParameters) -> f64 {
        let (this, last) = self.state.in_flight;
        (SEGMENT + this.max(last) * parameters.headroom).max(SMALLEST_WINDOW)
    }

    /// One feedback: everything but the reports on single packets is in `feedback`.
    pub(crate) fn update(
        &mut self,
        feedback: &Digest,
        packets: &[PacketFeedback],
        parameters: &ScreamParameters,
        bounds: &Bounds,
    ) {
        let now = feedback.now;
        self.sent(feedback.in_flight);
        self.measure_received(feedback);
        let arriving = self.state.received.unwrap_or(f64::INFINITY);
        self.state.limited =
            self.largest(parameters) < self.state.window && arriving < LIMITED_SHARE * self.state.target;
        self.delay.update(feedback, self.state.limited);
        if !self.state.limited {
            let hold = feedback.hold;
            let before = if self.state.fed_back {
                self.state.hold
            } else {
                hold
            };
            self.state.hold = before + HOLD_GAIN * (hold - before);
        }
        if !self.state.fed_back {
            self.state.fed_back = true;
            let round = self.delay.round_trip() + self.state.hold;
            self.state.window = (self.state.target * round / 8e3).max(SMALLEST_WINDOW);
        }
        let virtual_round_trip = parameters.virtual_round_trip;
        let round = self.delay.round_trip().max(virtual_round_trip);
        self.marks.update(feedback, self.delay.round_trip());
        let lossy_rounds = f64::from(parameters.lossy_rounds);
        let lost = self.losses.update(now, packets, round, lossy_rounds);
        if parameters.competing_flows {
            let smallest = parameters.queue_delay.max(1.0);
            let (queue, events) = (self.delay.queue(), self.losses.event_rate());
            self.queue_target
                .update(now, queue, events, smallest, parameters.most_queue_delay);
        }
        self.update_window(feedback, lost, parameters, bounds);
        self.update_target(now, parameters, bounds);
        if since(now, self.state.in_flight_since) >= round {
            self.state.in_flight_since = Some(now);
            self.state.in_flight = (0.0, self.state.in_flight.0);
        }
    }

    fn measure_received(&mut self, feedback: &Digest) {
        let state = &mut self.state;
        let Some(began) = state.received_since else {
            state.received_since = Some(feedback.last_arrival);
            return;
        };
        state.received_bytes += feedback.received_bytes;
        let span = feedback.last_arrival - began;
        if span < RECEIVED_WINDOW {
            return;
        }
        state.received = Some(rate(state.received_bytes, span.as_ms_f64()).min(FASTEST));
        (state.received_bytes, state.received_since) = (0.0, Some(feedback.last_arrival));
    }

    fn update_window(
        &mut self,
        feedback: &Digest,
        lost: bool,
        parameters: &ScreamParameters,
        bounds: &Bounds,
    ) {
        let now = feedback.now;
        let before = self.state.window;
        let marked = feedback.marked > 0;
        let queued = self.delay.is_queue_long(self.queue_delay(parameters));
        // A loss by itself is weather; round after round, or with a queue, it is congestion.
        let lost = lost && (self.losses.is_congested() || queued);
        let reacted = (lost || marked || queued) && self.reduce(now, lost, marked, parameters);
        // A mark does not mean that too much is sent: near the capacity there is one in nearly every feedback.
        if reacted || (!marked && !queued && self.losses.is_calm()) {
            self.grow(feedback, parameters);
        }
        let smallest = self.smallest(bounds);
        let state = &mut self.state;
        state.window = state.window.max(smallest);
        state.window = state.window.min(LARGEST_WINDOW);
        if state.window > before {
            state.may_move_inflection = true;
        } else if state.window < before {
            state.last_decrease = Some(now);
            if state.may_move_inflection {
                state.may_move_inflection = false;
                state.inflection = before;
            }
        }
    }

    /// Makes the window smaller, unless it has just been done; says whether.
    fn reduce(&mut self, now: Timestamp, lost: bool, marked: bool, parameters: &ScreamParameters) -> bool {
        let round_trip = self.delay.round_trip();
        let virtual_round_trip = parameters.virtual_round_trip;
        if since(now, self.state.last_reaction) < round_trip.min(virtual_round_trip) {
            return false;
        }
        let classic = marked && !parameters.l4s;
        // What is once per round trip by its nature; the other reductions are small and several per round trip.
        if lost || classic {
            if since(now, self.state.last_full_reaction) < round_trip {
                return false;
            }
            self.state.last_full_reaction = Some(now);
        }
        let several = (round_trip / virtual_round_trip).max(1.0);
        let queue_delay = self.queue_delay(parameters);
        let share = if lost {
            1.0 - parameters.left_by_loss
        } else if classic {
            1.0 - parameters.left_by_ecn
        } else if marked {
            let rounds = POST_CONGESTION_ROUNDS * round_trip.max(virtual_round_trip);
            if since(now, self.state.last_reaction) > rounds {
                // It may have grown far above what is in flight while the application limited the rate.
                self.state.window = self.state.window.min(self.largest(parameters));
            }
            let mut share = self.marks.alpha() / 2.0 / several;
            if !self.delay.is_queue_long(queue_delay) {
                share *= self.near_inflection(parameters).max(0.25) * self.delay.scale_by_queue();
            }
            share
        } else {
            self.delay.virtual_marks(queue_delay) / 2.0 / several
        };
        self.state.last_reaction = Some(now);
        self.state.window *= 1.0 - share;
        true
    }

    /// Scale of change near the window at which congestion was met last, 0.1 to 1.
    fn near_inflection(&self, parameters: &ScreamParameters) -> f64 {
        let distance = (self.state.window - self.state.inflection) / self.state.inflection;
        let scale = if self.is_competing(parameters) {
            parameters.inflection_scale.max(COMPETING_INFLECTION_SCALE)
        } else {
            parameters.inflection_scale
        };
        let scaled = scale * distance;
        (scaled * scaled).clamp(0.1, 1.0)
    }

    fn grow(&mut self, feedback: &Digest, parameters: &ScreamParameters) {
        let state = self.state;
        let round_trip = self.delay.round_trip();
        let virtual_round_trip = parameters.virtual_round_trip;
        let shortness = ((round_trip + state.hold) / virtual_round_trip).min(1.0);
        let near = self.near_inflection(parameters);
        let calm_rounds = POST_CONGESTION_ROUNDS * round_trip.max(virtual_round_trip);
        let calm = (since(feedback.now, state.last_reaction) / calm_rounds).clamp(0.0, 1.0);
        let multiple = parameters.multiplicative_increase * state.window / SEGMENT;
        // A queue that others fill says nothing of this flow.
        let by_delay = if self.is_competing(parameters) {
            1.0
        } else {
            self.delay.scale_by_queue() * self.delay.scale_by_spread()
        };
        let scale = (SEGMENT / state.window).min(1.0)
            * shortness
            * shortness
            * near.max(0.25)
            * by_delay
            * (1.0 + multiple * calm * near);
        let largest = self.largest(parameters);
        if state.window < largest {
            self.state.window = (state.window + feedback.unmarked_bytes * scale).min(largest);
        }
    }

    fn update_target(&mut self, now: Timestamp, parameters: &ScreamParameters, bounds: &Bounds) {
        let round_trip = self.delay.round_trip().max(1.0);
        let round = round_trip + self.state.hold;
        // A window of few packets is not used up to the last.
        let few = ((SEGMENT / self.state.window).min(1.0) - 0.1).clamp(0.0, 0.2);
        let mut target = (1.0 - few) * rate(self.state.window, round);
        if self.is_to_be_drained(now, round_trip, parameters) {
            target *= 0.5;
        }
        if let Some((until, inherited)) = self.state.landing {
            let near = target.clamp(
                inherited * (1.0 - LANDING_SHARE),
                inherited * (1.0 + LANDING_SHARE),
            );
            if near != target {
                self.state.window = (near / (1.0 - few) * round / 8e3).max(SMALLEST_WINDOW);
            }
            target = near;
            if now >= until {
                self.state.landing = None;
            }
        }
        self.state.target = bounds.hold(target);
    }

    /// Whether the queue is being given time to drain; if it does not help, the base delay is measured anew. Where other flows are known to
    /// fill the queue it is no use.
    fn is_to_be_drained(&mut self, now: Timestamp, round_trip: f64, parameters: &ScreamParameters) -> bool {
        if self.is_competing(parameters) || self.delay.is_drained(now) {
            self.state.draining_since = None;
            return false;
        }
        let began = *self.state.draining_since.get_or_insert(now);
        if since(now, Some(began)) < (DRAIN_ROUNDS * round_trip).max(100.0) {
            return true;
        }
        self.delay.forget_queue();
        false
    }

    /// New bounds hold at once.
    pub(crate) fn hold(&mut self, bounds: &Bounds) {
        self.state.target = bounds.hold(self.state.target);
    }

    /// The pacing rate, bit/s.
    pub(crate) fn pacing(&self, target: f64, parameters: &ScreamParameters) -> f64 {
        /// The rate is at least this share of what arrives.
        const ARRIVING: f64 = 0.8;
        (target * parameters.pacing).max(ARRIVING * self.state.received.unwrap_or(0.0))
    }
}
