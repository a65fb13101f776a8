//! Everything that the author of a plugin needs, in one import.

pub use jackfield_core::audio::{
    AudioBlock, AudioFormat, BLOCK_DURATION, MAX_BLOCK_SAMPLES, MAX_CHANNELS, level_dbov,
};
pub use jackfield_core::audio_codec::*;
pub use jackfield_core::audio_processor::*;
pub use jackfield_core::audio_sink::*;
pub use jackfield_core::audio_source::*;
pub use jackfield_core::congestion_controller::*;
pub use jackfield_core::environment::Environment;
pub use jackfield_core::jitter_buffer::*;
pub use jackfield_core::mixer::*;
pub use jackfield_core::module::{AudioCapabilities, Descriptor, Latency, Plugin, ResetReason};
pub use jackfield_core::pacer::*;
pub use jackfield_core::parameter::{Parameter, ParameterKind, Parameters};
pub use jackfield_core::stats::{Statistic, StatisticKind};
pub use jackfield_core::time::{MediaTime, NtpTime, Timestamp};
pub use jackfield_core::transport::*;
pub use jackfield_core::units::{DataRate, DataSize, SampleRate, TimeDelta};
pub use jackfield_core::{Fault, FaultCode};

pub use crate::{Params, export};
