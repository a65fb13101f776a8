//! Jitter buffer whose delay follows the network, after the ideas of WebRTC's NetEq.
//!
//! It measures how much later each packet comes than the fastest of the last two seconds, keeps a histogram of the worst of every half second
//! that forgets within half a minute, and aims for the delay that covers 95 % of it; where packets overtake each other it waits longer if
//! that saves more packets than the delay is worth (20 ms for each percent). It reaches its target by playing packets faster or slower, and
//! at once where the sender pauses. Losses are recovered from redundancy in the next packet or concealed; a packet that is merely late is
//! played late instead of being dropped.
//!
//! It must never allocate once activated, read a clock, or keep a handle that it was not given. It decides; the stretching itself is the
//! host's.
//!
//! Latency: the delay itself, as [`JitterBuffer::delay`] tells; it is no latency of the signal path that a host could compensate.
//!
//! ```
//! use jackfield_jitter_adaptive::AdaptiveDelay;
//! use jackfield_sdk::prelude::*;
//! # struct Nothing;
//! # impl HandleSink for Nothing {
//! #     fn release(&mut self, _: u64) -> Result<(), Fault> { Ok(()) }
//! # }
//! # fn main() -> Result<(), Fault> {
//! let mut jitter = AdaptiveDelay::create(&Environment::seeded(1))?;
//! jitter.activate(&JitterConfig::new(SampleRate::HZ_48000, 200))?;
//! assert_eq!(jitter.delay(Timestamp::ZERO)?.target, TimeDelta::ms(80), "what it starts with");
//! for n in 0..500 {
//!     let arrival = Timestamp::from_ms(n * 20);
//!     let packet = PacketArrival {
//!         arrival, handle: n as u64, sequence_number: n, timestamp: n * 960, ticks: 960, redundancy: 0, dtx: 0, marker: 0,
//!     };
//!     jitter.insert(arrival, &packet, &mut Nothing)?;
//!     jitter.next(arrival, &Playout::START, &mut Nothing)?;
//! }
//! assert_eq!(jitter.delay(Timestamp::from_ms(10_000))?.target, TimeDelta::ms(20), "no jitter, little delay");
//! # Ok(())
//! # }
//! ```

mod arrivals;
mod histogram;
mod target;

use jackfield_sdk::jitter::{Counters, Playback, Policy, Stretch};
use jackfield_sdk::prelude::*;

use crate::target::TargetDelay;

/// The delay may be so much above the target before it is corrected. Below it may not be at all: the jitter needs all of it.
const ABOVE: TimeDelta = TimeDelta::ms(20);
/// The time between two corrections. Where the delay is far too long there is none, and each goes as far as can be borne.
const BETWEEN_CORRECTIONS: TimeDelta = TimeDelta::ms(50);
const FAR_ABOVE: TimeDelta = TimeDelta::ms(100);
/// Beyond three times the target, or this if it is more, packets are skipped.
const EXCESS: TimeDelta = TimeDelta::ms(1_500);
/// After running dry at most so much is awaited before playing goes on.
const MOST_REFILL: TimeDelta = TimeDelta::ms(60);

/// What can be set while it runs.
#[derive(Params)]
pub struct AdaptiveDelayParameters {
    /// The least delay to aim for.
    #[param(title = "Least delay", unit = "ms", min = 0, max = 2_000, default = 0)]
    pub minimum_ms: i32,
    /// The most delay to aim for. Wins over the least.
    #[param(title = "Most delay", unit = "ms", min = 20, max = 2_000, default = 1_000)]
    pub maximum_ms: i32,
    /// The share of the worst delays of each half second that shall be covered: higher means fewer gaps and more delay.
    #[param(title = "Quantile", min = 0.5, max = 0.999, default = 0.95)]
    pub quantile: f32,
}

/// The jitter buffer.
pub struct AdaptiveDelay {
    parameters: AdaptiveDelayParameters,
    minimum: TimeDelta,
    maximum: TimeDelta,
    active: Option<Active>,
}

struct Active {
    playback: Playback,
    target: TargetDelay,
    now: Timestamp,
    corrected: Option<Timestamp>,
}

impl Plugin for AdaptiveDelay {
    const DESCRIPTOR: Descriptor = Descriptor::new(
        "jackfield.jitter.adaptive",
        "Adaptive delay",
        env!("CARGO_PKG_VERSION"),
    )
    .vendor("Jackfield")
    .license("MIT OR Apache-2.0")
    .description("A jitter buffer whose delay follows the network, after NetEq");
    const STATISTICS: &'static [Statistic] = Counters::STATISTICS;
    type Parameters = AdaptiveDelayParameters;

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: AdaptiveDelayParameters::defaults(),
            minimum: TimeDelta::ZERO,
            maximum: TimeDelta::INFINITE,
            active: None,
        })
    }

    fn parameters(&mut self) -> &mut AdaptiveDelayParameters {
        &mut self.parameters
    }

    fn statistics(&mut self, values: &mut [f64]) {
        match &self.active {
            Some(active) => {
                let delay = active.playback.delay(active.now, self.target(active));
                active.playback.counters().write(&delay, values);
            }
            None => Counters::default().write(&JitterDelay::default(), values),
        }
    }

    /// Forgets the network too. Packets that wait go on waiting.
    fn reset(&mut self, _: ResetReason) {
        if let Some(active) = &mut self.active {
            active.playback.reset();
            active.target.forget();
            active.corrected = None;
        }
    }
}

impl AdaptiveDelay {
    fn target(&self, active: &Active) -> TimeDelta {
        let least = TimeDelta::ms(i64::from(self.parameters.minimum_ms)).max(self.minimum);
        let most = TimeDelta::ms(i64::from(self.parameters.maximum_ms)).min(self.maximum);
        active
            .target
            .target(f64::from(self.parameters.quantile))
            .max(least)
            .min(most.max(self.minimum))
    }

    fn active(&mut self) -> Result<&mut Active, Fault> {
        self.active.as_mut().ok_or_else(not_active)
    }

    fn policy(&self, active: &Active, now: Timestamp, playout: &Playout) -> Policy {
        let target = self.target(active);
        Policy {
            target,
            excess: EXCESS.max(target * 2),
            resume: (target / 2).min(MOST_REFILL),
            stretch: active.stretch(now, playout, target),
        }
    }
}

impl Active {
    fn stretch(&self, now: Timestamp, playout: &Playout, target: TimeDelta) -> Stretch {
        let Some(error) = self
            .playback
            .measured_delay(now, playout)
            .map(|delay| delay - target)
        else {
            return Stretch::None;
        };
        let just_corrected = self
            .corrected
            .is_some_and(|before| now.since(before) < BETWEEN_CORRECTIONS);
        if error > FAR_ABOVE {
            Stretch::FastAccelerate
        } else if error > ABOVE && !just_corrected {
            Stretch::Accelerate
        } else if error < TimeDelta::ZERO && !just_corrected {
            Stretch::Expand
        } else {
            Stretch::None
        }
    }
}

impl JitterBuffer for AdaptiveDelay {
    fn activate(&mut self, config: &JitterConfig) -> Result<(), Fault> {
        if self
            .active
            .as_ref()
            .is_some_and(|active| active.playback.waiting() > 0)
        {
            return Err(Fault::state(
                "packets wait: take them out with `next`, or make a new instance",
            ));
        }
        self.active = Some(Active {
            playback: Playback::new(config)?,
            target: TargetDelay::new(config.clock_rate),
            now: Timestamp::ZERO,
            corrected: None,
        });
        Ok(())
    }

    fn insert(
        &mut self,
        now: Timestamp,
        packet: &PacketArrival,
        released: &mut dyn HandleSink,
    ) -> Result<Insertion, Fault> {
        let active = self.active()?;
        let insertion = active.playback.insert(now, packet, released)?;
        match insertion {
            Insertion::Accepted | Insertion::Late => active.target.add(packet),
            Insertion::Flushed => active.target.start_anew(packet),
            _ => {}
        }
        Ok(insertion)
    }

    fn next(
        &mut self,
        now: Timestamp,
        playout: &Playout,
        released: &mut dyn HandleSink,
    ) -> Result<Action, Fault> {
        let policy = self.policy(self.active.as_ref().ok_or_else(not_active)?, now, playout);
        let active = self.active()?;
        active.now = now;
        let action = active.playback.next(now, playout, &policy, released)?;
        if matches!(
            action.operation,
            Operation::Accelerate | Operation::FastAccelerate | Operation::PreemptiveExpand
        ) {
            active.corrected = Some(now);
        }
        Ok(action)
    }

    fn set_bounds(&mut self, minimum: TimeDelta, maximum: TimeDelta) -> Result<(), Fault> {
        if minimum < TimeDelta::ZERO || maximum < minimum {
            return Err(Fault::invalid(
                "the minimum must be at least 0 and the maximum at least the minimum",
            ));
        }
        (self.minimum, self.maximum) = (minimum, maximum);
        Ok(())
    }

    fn delay(&mut self, now: Timestamp) -> Result<JitterDelay, Fault> {
        let active = self.active.as_ref().ok_or_else(not_active)?;
        Ok(active.playback.delay(now, self.target(active)))
    }

    fn hand_over(&mut self, _now: Timestamp) -> Result<JitterHandover, Fault> {
        let active = self.active.as_ref().ok_or_else(not_active)?;
        Ok(active.playback.hand_over(self.target(active)))
    }

    fn take_over(&mut self, _now: Timestamp, state: &JitterHandover) -> Result<(), Fault> {
        let active = self.active()?;
        active.playback.take_over(state);
        if state.target > TimeDelta::ZERO {
            active.target.seed(state.target);
        }
        Ok(())
    }
}

fn not_active() -> Fault {
    Fault::state("call `activate` first")
}

jackfield_sdk::export! { JitterBuffer => AdaptiveDelay }
