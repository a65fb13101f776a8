//! What the control thread asks of the audio thread, and what comes back. Whatever was made on the control thread is dropped there.

use jackfield_core::Fault;
use jackfield_core::jitter_buffer::JitterBuffer;
use jackfield_core::mixer::Mixer;
use jackfield_core::units::DataRate;

use crate::codec_trial::CodecTrial;
use crate::conference::SharedEncoder;
use crate::mixing::MixerSwapped;
use crate::processor::PreparedProcessor;
use crate::receive::Decoder;
use crate::send::Encoder;
use crate::strip::Strip;
use crate::swap::{SwapMeasure, SwapOutcome};
use crate::transaction::Step;

/// An order to the audio thread.
pub enum Command {
    /// Somebody joins.
    AddStrip(Box<Strip>),
    /// Somebody leaves.
    RemoveStrip(u32),
    /// Somebody is muted or not.
    Mute {
        /// Who.
        participant: u32,
        /// Whether.
        muted: bool,
    },
    /// A codec is used in the room for the first time, or by another build from the end of a packet on.
    AddSharedEncoder(Box<SharedEncoder>),
    /// A parameter is set.
    SetParameter(SetParameter),
    /// A processor is swapped in one strip.
    SwapProcessor(SwapProcessor),
    /// The mixer is swapped.
    SwapMixer {
        /// The swap.
        swap: u64,
        /// The newcomer, activated.
        newcomer: Box<dyn Mixer>,
        /// Whether it waits to be promoted.
        hold: bool,
    },
    /// A jitter buffer is swapped in one strip.
    SwapJitter(SwapJitter),
    /// The codec that a participant is sent is swapped.
    SwapCodec(Box<SwapCodec>),
    /// Somebody decided about a swap, wherever it is under way.
    DecideSwap {
        /// The swap.
        swap: u64,
        /// Whether it goes on now, or is taken back.
        promote: bool,
    },
    /// What encoders may make at most, payload each, because a resource runs short.
    Limit {
        /// The encoders of the mixes that this participant hears; everybody's if `None`. Of the two limits the lower one counts.
        participant: Option<u32>,
        /// Infinite takes the limit away.
        most: DataRate,
    },
    /// A participant's decoders are replaced, after its codecs were negotiated anew.
    AddDecoders {
        /// Whose.
        participant: u32,
        /// All of them.
        decoders: Vec<Decoder>,
    },
}

/// Sets a parameter in all or one of the places where a socket is.
pub struct SetParameter {
    /// Comes back with the outcome.
    pub ticket: u64,
    /// Which socket.
    pub socket: Socket,
    /// Only this participant's; everyone's if `None`.
    pub participant: Option<u32>,
    /// Index of the parameter in the plugin's list.
    pub index: u32,
    /// The value.
    pub value: f64,
}

/// A socket of the audio domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Socket {
    /// The processor at this place in the chain.
    Processor(usize),
    /// The jitter buffer.
    Jitter,
    /// The encoders, the participants' own and the shared ones.
    Encoder,
    /// The mixer.
    Mixer,
}

/// Swaps a processor in one strip.
pub struct SwapProcessor {
    /// The swap.
    pub swap: u64,
    /// Whose.
    pub participant: u32,
    /// The place in the chain.
    pub socket: usize,
    /// The newcomer.
    pub newcomer: Box<PreparedProcessor>,
    /// Whether it waits to be promoted.
    pub hold: bool,
}

/// Swaps a jitter buffer in one strip.
pub struct SwapJitter {
    /// The swap.
    pub swap: u64,
    /// Whose.
    pub participant: u32,
    /// The newcomer, activated as `Receiver::new` says.
    pub newcomer: Box<dyn JitterBuffer>,
    /// Whether it waits to be promoted.
    pub hold: bool,
}

/// Swaps the codec in one strip.
pub struct SwapCodec {
    /// The swap.
    pub swap: u64,
    /// Whose.
    pub participant: u32,
    /// The key of the codec that it is sent from now on.
    pub codec: u32,
    /// The participant's own encoder.
    pub encoder: Encoder,
    /// The participant's decoders.
    pub decoders: Vec<Decoder>,
    /// One of those who take part in a swap tries the newcomer out for all: the others follow when it stays.
    pub trial: Option<Box<CodecTrial>>,
}

/// What comes back from the audio thread.
pub enum Outcome {
    /// A participant's strip, after it left.
    Left(Box<Strip>),
    /// A shared encoder that is out of use.
    UnusedEncoder(Box<SharedEncoder>),
    /// Decoders that were replaced.
    UnusedDecoders(Vec<Decoder>),
    /// A parameter was set, or not; how many places took it.
    ParameterSet {
        /// The ticket of the order.
        ticket: u64,
        /// How many places took it, or why one did not.
        result: Result<u32, Fault>,
    },
    /// A swap of a processor ended.
    ProcessorSwapped {
        /// The swap.
        swap: u64,
        /// Whose.
        participant: u32,
        /// The place in the chain.
        socket: usize,
        /// Its figures.
        measure: SwapMeasure,
        /// To be dropped.
        retired: Box<PreparedProcessor>,
    },
    /// A swap of the mixer ended.
    MixerSwapped(MixerSwapped),
    /// A swap of a jitter buffer ended.
    JitterSwapped {
        /// The swap.
        swap: u64,
        /// Whose.
        participant: u32,
        /// Its figures.
        measure: SwapMeasure,
        /// To be dropped.
        retired: Box<dyn JitterBuffer>,
    },
    /// A swap of a codec ended.
    CodecSwapped {
        /// The swap.
        swap: u64,
        /// Whose.
        participant: u32,
        /// Its figures.
        measure: SwapMeasure,
        /// To be dropped.
        retired: Box<SwapCodec>,
    },
    /// A swap goes on, in one place, to a step that others may wait for.
    Stepped {
        /// The swap.
        swap: u64,
        /// `Ready` or `Probation`.
        step: Step,
    },
    /// A processor broke outside of a swap, and the signal goes around it.
    Bypassed {
        /// Whose.
        participant: u32,
        /// The place in the chain.
        socket: usize,
        /// Why.
        reason: &'static str,
    },
}

impl Outcome {
    /// The participant left before its swap began: nothing was lost.
    pub(crate) fn gone(swap: u64, participant: u32, socket: usize, retired: Box<PreparedProcessor>) -> Self {
        let measure = SwapMeasure {
            outcome: SwapOutcome::Committed,
            ..SwapMeasure::CLEAN
        };
        Self::ProcessorSwapped {
            swap,
            participant,
            socket,
            measure,
            retired,
        }
    }
}
