//! The names of what jitter buffers are told and answer.

use jackfield_core::jitter_buffer::{
    Action, EventArrival, Insertion, JitterConfig, JitterDelay, JitterHandover, Operation, PacketArrival,
    Playout,
};
use jackfield_core::units::{SampleRate, TimeDelta};

use super::Field;

/// A handle: all of its bits, which a number of JSON may show as a negative one.
macro_rules! handle {
    () => {
        Field {
            key: "handle",
            get: |of| of.handle as i64,
            set: |of, value| {
                of.handle = value as u64;
                true
            },
        }
    };
}

pub(crate) const CONFIG: &[Field<JitterConfig>] = &[
    Field {
        key: "clock_rate",
        get: |of| i64::from(of.clock_rate.as_hz()),
        set: |of, value| {
            u32::try_from(value)
                .map(|hz| of.clock_rate = SampleRate::hz(hz))
                .is_ok()
        },
    },
    count!("max_packets", max_packets),
];

pub(crate) const HANDOVER: &[Field<JitterHandover>] = &[
    count!("started", started),
    whole!("next_sequence_number", next_sequence_number),
    whole!("next_timestamp", next_timestamp),
    span!("target", target),
];

pub(crate) const PACKET: &[Field<PacketArrival>] = &[
    handle!(),
    whole!("sequence_number", sequence_number),
    whole!("timestamp", timestamp),
    count!("ticks", ticks),
    count!("redundancy", redundancy),
    count!("dtx", dtx),
    count!("marker", marker),
];

pub(crate) const TONE: &[Field<EventArrival>] = &[
    count!("tone", event),
    handle!(),
    whole!("sequence_number", sequence_number),
    whole!("timestamp", timestamp),
    count!("ticks", ticks),
    count!("ended", ended),
];

pub(crate) const PLAYOUT: &[Field<Playout>] = &[
    count!("ready_ticks", ready_ticks),
    count!("voice", voice),
    count!("muted", muted),
];

pub(crate) const ACTION: &[Field<Action>] = &[count!("ticks", ticks), handle!(), span!("back", back)];

pub(crate) const DELAY: &[Field<JitterDelay>] = &[span!("target", target), span!("current", current)];

pub(crate) const OPERATIONS: &[(Operation, &str)] = &[
    (Operation::Silence, "silence"),
    (Operation::Normal, "normal"),
    (Operation::Merge, "merge"),
    (Operation::Accelerate, "accelerate"),
    (Operation::PreemptiveExpand, "expand"),
    (Operation::Conceal, "conceal"),
    (Operation::Recover, "recover"),
    (Operation::FastAccelerate, "fast-accelerate"),
    (Operation::ComfortNoise, "comfort-noise"),
    (Operation::Tone, "tone"),
];

pub(crate) const INSERTIONS: &[(Insertion, &str)] = &[
    (Insertion::Accepted, "accepted"),
    (Insertion::Late, "late"),
    (Insertion::Duplicate, "duplicate"),
    (Insertion::Flushed, "flushed"),
];
