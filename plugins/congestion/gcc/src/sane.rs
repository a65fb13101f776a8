//! What of an event can be believed. Numbers come from outside; whatever does not make sense is left out before anything is reckoned.

use jackfield_sdk::prelude::*;

/// No packet is larger.
const LARGEST_PACKET: DataSize = DataSize::bytes(1 << 20);
/// Feedback on packets older than this is of no use (as long as libwebrtc remembers what it sent).
const OLDEST: TimeDelta = TimeDelta::seconds(60);
/// No clock of a remote end is further off.
const FURTHEST: i64 = 1 << 55;

/// Whether feedback on this packet makes sense.
pub(crate) fn is_sane(now: Timestamp, packet: &PacketFeedback) -> bool {
    let size = (DataSize::ZERO..=LARGEST_PACKET).contains(&packet.size);
    let sent = packet.sent <= now && now - packet.sent <= OLDEST;
    let received = packet.received.is_never() || (-FURTHEST..=FURTHEST).contains(&packet.received.us());
    size && sent && received
}

/// When a packet left: as the event says, or now if that makes no sense.
pub(crate) fn departure(now: Timestamp, at: Timestamp) -> Timestamp {
    if at <= now && now - at <= OLDEST { at } else { now }
}

/// The size of a packet, none larger than there are.
pub(crate) fn packet_size(size: DataSize) -> DataSize {
    size.clamp(DataSize::ZERO, LARGEST_PACKET)
}

/// An amount, not negative and not so large that sums of such overflow.
pub(crate) fn amount(size: DataSize) -> DataSize {
    size.clamp(DataSize::ZERO, DataSize::bytes(1 << 40))
}

/// A rate, not negative.
pub(crate) fn rate(rate: DataRate) -> DataRate {
    rate.max(DataRate::ZERO)
}

/// A round-trip time that can be: positive and below a minute.
pub(crate) fn round_trip(time: TimeDelta) -> Option<TimeDelta> {
    (time > TimeDelta::ZERO && time < TimeDelta::seconds(60)).then_some(time)
}

/// Bounds that hold together: a maximum below the minimum, or none, gives way.
pub(crate) fn bounds(given: &RateConstraints) -> RateConstraints {
    let minimum = rate(given.minimum);
    let maximum = if given.maximum > DataRate::ZERO {
        given.maximum.max(minimum)
    } else {
        DataRate::INFINITE
    };
    RateConstraints {
        minimum,
        maximum,
        start: rate(given.start),
    }
}
