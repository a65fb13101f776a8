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

use jackfield_sdk::jitter::{DelayBuffer, DelayPolicy};
use jackfield_sdk::prelude::*;

/// The jitter buffer.
pub type FixedDelay = DelayBuffer<Constant>;

/// What can be set while it runs.
#[derive(Params)]
pub struct FixedDelayParameters {
    /// How long the fastest packets wait, which is the jitter that it bears. A change is reached by playing faster or slower.
    #[param(title = "Delay", unit = "ms", min = 0, max = 2_000, default = 60)]
    pub target_ms: i32,
}

/// Aims for the delay that it is set to.
pub struct Constant {
    parameters: FixedDelayParameters,
}

impl Plugin for Constant {
    const DESCRIPTOR: Descriptor =
        Descriptor::new("jackfield.jitter.fixed", "Fixed delay", env!("CARGO_PKG_VERSION"))
            .vendor("Jackfield")
            .license("MIT OR Apache-2.0")
            .description("A jitter buffer that keeps the delay it is set to");
    type Parameters = FixedDelayParameters;

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: FixedDelayParameters::defaults(),
        })
    }

    fn parameters(&mut self) -> &mut FixedDelayParameters {
        &mut self.parameters
    }
}

impl DelayPolicy for Constant {
    fn target(&self) -> TimeDelta {
        TimeDelta::ms(i64::from(self.parameters.target_ms))
    }
}

jackfield_sdk::export! { JitterBuffer => FixedDelay }
