//! A whole jitter buffer but for the delay that it aims for.

use jackfield_core::Fault;
use jackfield_core::environment::Environment;
use jackfield_core::jitter_buffer::{
    Action, HandleSink, Insertion, JitterBuffer, JitterConfig, JitterDelay, JitterHandover, Operation,
    PacketArrival, Playout,
};
use jackfield_core::module::{Descriptor, Plugin, ResetReason};
use jackfield_core::stats::Statistic;
use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;

use super::counters::Counters;
use super::playback::Playback;
use super::policy::{Policy, Stretch};

/// How far the delay may be below and above the target before it is corrected. What playing slower adds fits in between.
const BELOW: TimeDelta = TimeDelta::ms(5);
const ABOVE: TimeDelta = TimeDelta::ms(10);
/// How much more than the target is skipped instead of being played faster.
const EXCESS: TimeDelta = TimeDelta::ms(100);
/// The time between two corrections.
const BETWEEN_CORRECTIONS: TimeDelta = TimeDelta::ms(200);

/// Which delay to aim for. All methods are `[audio]`: they must not allocate, lock or block.
pub trait DelayPolicy: Plugin {
    /// A packet has come and waits now: what does its arrival tell? \[audio\]
    fn arrived(&mut self, now: Timestamp, packet: &PacketArrival) {
        let _ = (now, packet);
    }

    /// How long the fastest packets are to wait, which is the jitter that is borne. The host's bounds are applied to it. \[audio\]
    fn target(&self) -> TimeDelta;

    /// A predecessor aimed for this delay. \[audio\]
    fn take_over(&mut self, target: TimeDelta) {
        let _ = target;
    }
}

/// A jitter buffer that asks its [`DelayPolicy`] for the delay to aim for, and plays a packet faster or slower now and then to get there.
pub struct DelayBuffer<P> {
    policy: P,
    minimum: TimeDelta,
    maximum: TimeDelta,
    playback: Option<Playback>,
    now: Timestamp,
    corrected: Option<Timestamp>,
}

impl<P: DelayPolicy> Plugin for DelayBuffer<P> {
    const DESCRIPTOR: Descriptor = P::DESCRIPTOR;
    const STATISTICS: &'static [Statistic] = Counters::STATISTICS;
    type Parameters = P::Parameters;

    fn create(environment: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            policy: P::create(environment)?,
            minimum: TimeDelta::ZERO,
            maximum: TimeDelta::INFINITE,
            playback: None,
            now: Timestamp::ZERO,
            corrected: None,
        })
    }

    fn parameters(&mut self) -> &mut P::Parameters {
        self.policy.parameters()
    }

    fn parameter_changed(&mut self, index: u32) -> Result<(), Fault> {
        self.policy.parameter_changed(index)
    }

    fn statistics(&mut self, values: &mut [f64]) {
        let target = self.target();
        match &self.playback {
            Some(playback) => playback
                .counters()
                .write(&playback.delay(self.now, target), values),
            None => Counters::default().write(
                &JitterDelay {
                    target,
                    ..JitterDelay::default()
                },
                values,
            ),
        }
    }

    /// Packets that wait go on waiting.
    fn reset(&mut self, reason: ResetReason) {
        Plugin::reset(&mut self.policy, reason);
        if let Some(playback) = &mut self.playback {
            playback.reset();
        }
        self.corrected = None;
    }
}

impl<P: DelayPolicy> DelayBuffer<P> {
    fn target(&self) -> TimeDelta {
        self.policy.target().min(self.maximum).max(self.minimum)
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

impl<P: DelayPolicy> JitterBuffer for DelayBuffer<P> {
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
        let playback = self.playback.as_mut().ok_or_else(not_active)?;
        let insertion = playback.insert(now, packet, released)?;
        if matches!(insertion, Insertion::Accepted | Insertion::Flushed) {
            self.policy.arrived(now, packet);
        }
        Ok(insertion)
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
        let target = self.target();
        Ok(self.playback.as_ref().ok_or_else(not_active)?.delay(now, target))
    }

    fn hand_over(&mut self, _now: Timestamp) -> Result<JitterHandover, Fault> {
        let target = self.target();
        Ok(self.playback.as_ref().ok_or_else(not_active)?.hand_over(target))
    }

    fn take_over(&mut self, _now: Timestamp, state: &JitterHandover) -> Result<(), Fault> {
        self.playback.as_mut().ok_or_else(not_active)?.take_over(state);
        self.policy.take_over(state.target);
        Ok(())
    }
}

fn not_active() -> Fault {
    Fault::state("call `activate` first")
}
