//! How plugins of an area are swapped while a call runs. Each area says it of itself, in the file of its trait, such as
//! [`PROCESSOR_SWAP`](crate::audio_processor::PROCESSOR_SWAP).

use crate::units::TimeDelta;

/// The rules of an area for a swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwapRules {
    /// For so long a newcomer is fed the live input while its output is judged and thrown away.
    pub shadow: TimeDelta,
    /// How it comes in.
    pub join: Join,
    /// For so long its predecessor is kept warm, to take over within the step in which the newcomer fails.
    pub probation: TimeDelta,
}

/// How a newcomer comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// One block is faded from the predecessor's output to the newcomer's, at the same instant of the signal.
    Crossfade,
    /// What the predecessor holds is handed over between two steps.
    HandOver,
    /// At the next edge of a packet, so that nothing that was gathered is lost.
    PacketEdge,
    /// The newcomer connects beside its predecessor and takes over when it has.
    MakeBeforeBreak,
}
