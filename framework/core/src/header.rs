//! The C header of all areas, for plugins that are not written in Rust. It is checked in as `plugin-sdk/abi/include/jackfield.h`.

use jackfield_abi::Pod;
use jackfield_abi::header::Constant;

use crate::AREAS;
use crate::environment::Environment;

/// The text of `jackfield.h`.
pub fn c_header() -> String {
    jackfield_abi::header::write(AREAS, &[<Environment as Pod>::SHAPE], CONSTANTS)
}

const fn constant(name: &'static str, value: &'static str, docs: &'static str) -> Constant {
    Constant { name, value, docs }
}

const CONSTANTS: &[Constant] = &[
    constant(
        "JF_TIMESTAMP_NEVER",
        "INT64_MAX",
        "A deadline that never comes; a packet that never arrived.",
    ),
    constant(
        "JF_TIME_DELTA_INFINITE",
        "INT64_MAX",
        "Longer than any other span of time.",
    ),
    constant(
        "JF_DATA_RATE_INFINITE",
        "INT64_MAX",
        "Faster than any other rate.",
    ),
    constant("JF_DATA_SIZE_INFINITE", "INT64_MAX", "More than any other size."),
    constant(
        "JF_PAYLOAD_FORMAT_DYNAMIC",
        "UINT32_MAX",
        "No static payload type: one of 96 to 127 is chosen in negotiation.",
    ),
    constant(
        "JF_MIX_REQUEST_EVERYONE",
        "UINT32_MAX",
        "Nobody is left out of the mix.",
    ),
    constant(
        "JF_MAX_CHANNELS",
        "8u",
        "The most channels that a block can have.",
    ),
    constant(
        "JF_MAX_BLOCK_SAMPLES",
        "480u",
        "The most samples that one channel of a block can have: 10 ms at 48 kHz.",
    ),
];
