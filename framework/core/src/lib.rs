//! The vocabulary of Jackfield: units, three kinds of time, audio blocks, parameters, statistics, faults, and one trait per area.
//!
//! This crate must never read a clock, draw a random number, start a thread or touch a socket, a file or a device: whatever a module needs
//! comes in as an argument.
//!
//! ```
//! use jackfield_core::units::{DataRate, SampleRate, TimeDelta};
//! assert_eq!(DataRate::kbps(32) * TimeDelta::ms(20), jackfield_core::units::DataSize::bytes(80));
//! assert_eq!(SampleRate::HZ_48000.samples(TimeDelta::ms(10)), 480);
//! ```

extern crate self as jackfield_core;

pub mod audio;
pub mod audio_codec;
pub mod audio_processor;
pub mod audio_sink;
pub mod audio_source;
pub mod congestion_controller;
pub mod environment;
pub mod header;
pub mod jitter_buffer;
pub mod metadata;
pub mod mixer;
pub mod module;
pub mod pacer;
pub mod parameter;
pub mod stats;
pub mod swap;
pub mod time;
pub mod transport;
pub mod units;

pub use jackfield_abi::{Fault, FaultCode};

use jackfield_abi::Area;
use jackfield_abi::proof::AreaProof;
use jackfield_abi::shape::AreaShape;
use jackfield_abi::wire::AreaWire;

macro_rules! areas {
    ($($area:path),* $(,)?) => {
        /// The description of every area, `jackfield.module/1` first. A new area is added here and nowhere else.
        pub const AREAS: &[&AreaShape] = &[$(<dyn $area as Area>::SHAPE),*];
        /// The layout proof of every area, in the same order.
        pub static PROOFS: &[&AreaProof] = &[$(<dyn $area as Area>::PROOF),*];
        /// The wire of every area between processes, in the same order.
        pub static WIRES: &[&AreaWire] = &[$(<dyn $area as Area>::WIRE),*];
    };
}
areas!(
    module::Module,
    audio_source::AudioSource,
    audio_sink::AudioSink,
    audio_processor::AudioProcessor,
    audio_codec::AudioCodec,
    audio_codec::AudioEncoder,
    audio_codec::AudioDecoder,
    jitter_buffer::JitterBuffer,
    mixer::Mixer,
    congestion_controller::CongestionController,
    pacer::Pacer,
    transport::Transport,
);
