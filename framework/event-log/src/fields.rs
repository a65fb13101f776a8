//! The names of the fields of events, for writing and reading alike.

use jackfield_core::congestion_controller::{CongestionEvent, CongestionEventKind, CongestionHandover};
use jackfield_core::units::{DataRate, DataSize, TimeDelta};

/// A field that is a whole number.
pub(crate) struct Field<T> {
    pub(crate) key: &'static str,
    pub(crate) get: fn(&T) -> i64,
    /// False if the number does not fit.
    pub(crate) set: fn(&mut T, i64) -> bool,
}

macro_rules! rate {
    ($key:literal, $($field:ident).+) => {
        Field { key: $key, get: |of| of.$($field).+.as_bps(), set: |of, value| { of.$($field).+ = DataRate::bps(value); true } }
    };
}
macro_rules! span {
    ($key:literal, $field:ident) => {
        Field {
            key: $key,
            get: |of| of.$field.as_us(),
            set: |of, value| {
                of.$field = TimeDelta::us(value);
                true
            },
        }
    };
}
macro_rules! size {
    ($key:literal, $field:ident) => {
        Field {
            key: $key,
            get: |of| of.$field.as_bytes(),
            set: |of, value| {
                of.$field = DataSize::bytes(value);
                true
            },
        }
    };
}
macro_rules! whole {
    ($key:literal, $field:ident) => {
        Field {
            key: $key,
            get: |of| of.$field,
            set: |of, value| {
                of.$field = value;
                true
            },
        }
    };
}
macro_rules! count {
    ($key:literal, $field:ident) => {
        Field {
            key: $key,
            get: |of| i64::from(of.$field),
            set: |of, value| u32::try_from(value).map(|value| of.$field = value).is_ok(),
        }
    };
}

pub(crate) mod jitter;

pub(crate) const EVENT: &[Field<CongestionEvent>] = &[
    span!("time", time),
    rate!("rate", rate),
    size!("size", size),
    size!("in_flight", in_flight),
    whole!("sequence_number", sequence_number),
    rate!("minimum", constraints.minimum),
    rate!("maximum", constraints.maximum),
    rate!("start", constraints.start),
    count!("lost", lost),
    count!("received", received),
    count!("cluster", cluster),
    count!("flag", flag),
    count!("ssrc", ssrc),
    count!("ecn", ecn),
    size!("untracked", untracked),
    rate!("padding", padding),
    rate!("lower", lower),
    rate!("upper", upper),
    rate!("deviation", deviation),
    span!("before_link", before_link),
    span!("behind_link", behind_link),
    count!("probe_repeatedly", probe_repeatedly),
];

pub(crate) const HANDOVER: &[Field<CongestionHandover>] = &[
    rate!("estimate", estimate),
    rate!("target", target),
    span!("round_trip", round_trip),
    span!("minimum_round_trip", minimum_round_trip),
    size!("in_flight", in_flight),
    count!("loss_ppm", loss_ppm),
];

const KINDS: &[(CongestionEventKind, &str)] = &[
    (CongestionEventKind::NetworkAvailability, "network-availability"),
    (CongestionEventKind::RouteChange, "route-change"),
    (CongestionEventKind::ProcessInterval, "process-interval"),
    (CongestionEventKind::RemoteBitrate, "remote-bitrate"),
    (CongestionEventKind::RoundTripTime, "round-trip-time"),
    (CongestionEventKind::SentPacket, "sent-packet"),
    (CongestionEventKind::ReceivedPacket, "received-packet"),
    (CongestionEventKind::StreamsConfig, "streams-config"),
    (
        CongestionEventKind::TargetRateConstraints,
        "target-rate-constraints",
    ),
    (CongestionEventKind::TransportLoss, "transport-loss"),
    (CongestionEventKind::PacketFeedback, "packet-feedback"),
    (
        CongestionEventKind::NetworkStateEstimate,
        "network-state-estimate",
    ),
];

/// The name of a kind of event; none of one that is newer than this program.
pub(crate) fn kind_name(kind: CongestionEventKind) -> Option<&'static str> {
    KINDS
        .iter()
        .find(|(known, _)| *known == kind)
        .map(|(_, name)| *name)
}

/// The kind of event of this name.
pub(crate) fn kind_named(name: &str) -> Option<CongestionEventKind> {
    KINDS
        .iter()
        .find(|(_, known)| *known == name)
        .map(|(kind, _)| *kind)
}
