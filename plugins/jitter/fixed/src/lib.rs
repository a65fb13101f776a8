//! Jitter buffer with a fixed delay: every packet is played the same time after the fastest packets arrive.
//!
//! It reorders, recovers a lost packet from redundancy in the next where there is any, conceals it where there is none, plays silence
//! while the sender is silent, and refuses what comes twice or too late. When the sender's clock drifts against the listener's it plays a
//! packet faster or slower now and then, so that the delay stays what it was set to. After a stall of the network it skips what is older
//! than 100 ms beyond the target; a jump of the sequence numbers starts it anew (RFC 3550 appendix A.1).
//!
//! Limits: it does not learn. Where the network's jitter exceeds the target, what comes late is heard as gaps: take
//! `jackfield.jitter.adaptive` there. It must never allocate once activated, read a clock, or keep a handle that it was not given.
//!
//! Latency: `target_ms`, as [`JitterBuffer::delay`] tells; it is no latency of the signal path that a host could compensate.
//!
//! ```
//! use jackfield_jitter_fixed::FixedDelay;
//! use jackfield_sdk::prelude::*;
//! # struct Nothing;
//! # impl HandleSink for Nothing {
//! #     fn release(&mut self, _: u64) -> Result<(), Fault> { Ok(()) }
//! # }
//! # fn main() -> Result<(), Fault> {
//! let mut jitter = FixedDelay::create(&Environment::seeded(1))?;
//! jitter.activate(&JitterConfig::new(SampleRate::HZ_48000, 200))?;
//! let packet = PacketArrival {
//!     arrival: Timestamp::ZERO, handle: 1, sequence_number: 1, timestamp: 0, ticks: 960, redundancy: 0, dtx: 0, marker: 1,
//! };
//! jitter.insert(Timestamp::ZERO, &packet, &mut Nothing)?;
//! assert_eq!(jitter.next(Timestamp::from_ms(50), &Playout::START, &mut Nothing)?.operation, Operation::Silence);
//! assert_eq!(jitter.next(Timestamp::from_ms(60), &Playout::START, &mut Nothing)?.operation, Operation::Normal);
//! # Ok(())
//! # }
//! ```

use jackfield_sdk::jitter::{Counters, Playback, Policy, Stretch};
use jackfield_sdk::prelude::*;

/// How far the delay may be below and above the target before it is corrected. What playing slower adds fits in between.
const BELOW: TimeDelta = TimeDelta::ms(5);
const ABOVE: TimeDelta = TimeDelta::ms(10);
/// How much more than the target is skipped instead of being played faster.
const EXCESS: TimeDelta = TimeDelta::ms(100);
/// The time between two corrections.
const BETWEEN_CORRECTIONS: TimeDelta = TimeDelta::ms(200);

/// What can be set while it runs.
#[derive(Params)]
pub struct FixedDelayParameters {
    /// How long the fastest packets wait, which is the jitter that it bears. A change is reached by playing faster or slower.
    #[param(title = "Delay", unit = "ms", min = 0, max = 2_000, default = 60)]
    pub target_ms: i32,
}

/// The jitter buffer.
pub struct FixedDelay {
    parameters: FixedDelayParameters,
    minimum: TimeDelta,
    maximum: TimeDelta,
    playback: Option<Playback>,
    now: Timestamp,
    corrected: Option<Timestamp>,
}

impl Plugin for FixedDelay {
    const DESCRIPTOR: Descriptor =
        Descriptor::new("jackfield.jitter.fixed", "Fixed delay", env!("CARGO_PKG_VERSION"))
            .vendor("Jackfield")
            .license("MIT OR Apache-2.0")
            .description("A jitter buffer that keeps the delay it is set to");
    const STATISTICS: &'static [Statistic] = Counters::STATISTICS;
    type Parameters = FixedDelayParameters;

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: FixedDelayParameters::defaults(),
            minimum: TimeDelta::ZERO,
            maximum: TimeDelta::INFINITE,
            playback: None,
            now: Timestamp::ZERO,
            corrected: None,
        })
    }

    fn parameters(&mut self) -> &mut FixedDelayParameters {
        &mut self.parameters
    }

    fn statistics(&mut self, values: &mut [f64]) {
        match &self.playback {
            Some(playback) => playback
                .counters()
                .write(&playback.delay(self.now, self.target()), values),
            None => Counters::default().write(
                &JitterDelay {
                    target: self.target(),
                    ..JitterDelay::default()
                },
                values,
            ),
        }
    }

    /// Packets that wait go on waiting.
    fn reset(&mut self, _: ResetReason) {
        if let Some(playback) = &mut self.playback {
            playback.reset();
        }
        self.corrected = None;
    }
}

impl FixedDelay {
    fn target(&self) -> TimeDelta {
        TimeDelta::ms(i64::from(self.parameters.target_ms))
            .min(self.maximum)
            .max(self.minimum)
    }

    fn stretch(&self, now: Timestamp, playback: &Playback, playout: &Playout) -> Stretch {
        if self
            .corrected
            .is_some_and(|before| now.since(before) < BETWEEN_CORRECTIONS)
        {
            return Stretch::None;
        }
        match playback
            .measured_delay(now, playout)
            .map(|delay| delay - self.target())
        {
            Some(error) if error > ABOVE => Stretch::Accelerate,
            Some(error) if error < -BELOW => Stretch::Expand,
            _ => Stretch::None,
        }
    }
}

impl JitterBuffer for FixedDelay {
    fn activate(&mut self, config: &JitterConfig) -> Result<(), Fault> {
        if self
            .playback
            .as_ref()
            .is_some_and(|playback| playback.waiting() > 0)
        {
            return Err(Fault::state(
                "packets wait: take them out with `next`, or make a new instance",
            ));
        }
        self.playback = Some(Playback::new(config)?);
        self.corrected = None;
        Ok(())
    }

    fn insert(
        &mut self,
        now: Timestamp,
        packet: &PacketArrival,
        released: &mut dyn HandleSink,
    ) -> Result<Insertion, Fault> {
        self.playback
            .as_mut()
            .ok_or_else(not_active)?
            .insert(now, packet, released)
    }

    fn next(
        &mut self,
        now: Timestamp,
        playout: &Playout,
        released: &mut dyn HandleSink,
    ) -> Result<Action, Fault> {
        let playback = self.playback.as_ref().ok_or_else(not_active)?;
        let policy = Policy {
            target: self.target(),
            excess: EXCESS,
            resume: TimeDelta::ZERO,
            stretch: self.stretch(now, playback, playout),
        };
        self.now = now;
        let action = self
            .playback
            .as_mut()
            .ok_or_else(not_active)?
            .next(now, playout, &policy, released)?;
        if matches!(
            action.operation,
            Operation::Accelerate | Operation::PreemptiveExpand
        ) {
            self.corrected = Some(now);
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
        Ok(self
            .playback
            .as_ref()
            .ok_or_else(not_active)?
            .delay(now, self.target()))
    }

    fn hand_over(&mut self, _now: Timestamp) -> Result<JitterHandover, Fault> {
        Ok(self
            .playback
            .as_ref()
            .ok_or_else(not_active)?
            .hand_over(self.target()))
    }

    fn take_over(&mut self, _now: Timestamp, state: &JitterHandover) -> Result<(), Fault> {
        self.playback.as_mut().ok_or_else(not_active)?.take_over(state);
        Ok(())
    }
}

fn not_active() -> Fault {
    Fault::state("call `activate` first")
}

jackfield_sdk::export! { JitterBuffer => FixedDelay }
