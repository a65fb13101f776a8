//! What the author of a jitter buffer decides.

use jackfield_core::units::TimeDelta;

/// What a jitter buffer wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long the fastest packets shall wait.
    pub target: TimeDelta,
    /// If the delay exceeds the target by more than this, packets are given back unplayed until it does not.
    pub excess: TimeDelta,
    /// How much must wait before playing goes on after it ran dry.
    pub resume: TimeDelta,
    /// What to do with the next packet, if it follows the one before without a break.
    pub stretch: Stretch,
}

impl Policy {
    /// Keeps `target` and never stretches.
    pub const fn constant(target: TimeDelta) -> Self {
        Self {
            target,
            excess: TimeDelta::ms(100),
            resume: TimeDelta::ZERO,
            stretch: Stretch::None,
        }
    }
}

/// Whether time is stretched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stretch {
    /// Play as it is.
    #[default]
    None,
    /// Play faster, to reduce the delay.
    Accelerate,
    /// Play as much faster as can be borne; by hosts that do not know how, faster.
    FastAccelerate,
    /// Play slower, to build the delay up.
    Expand,
}
