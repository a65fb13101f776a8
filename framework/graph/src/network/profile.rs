//! What the kind of link that a participant has lets us use of it.

use jackfield_core::congestion_controller::RateConstraints;
use jackfield_core::units::DataRate;

/// What may be used of the link of a participant: less of a mobile one than of one that costs nothing. Chosen by whoever knows the link, and again
/// when it becomes another (after libwebrtc's `WebRTC-Bwe-NetworkRouteConstraints`, which has bounds by adapter type).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitrateProfile {
    /// Between which the rate of all that we send stays, and where it starts.
    pub bounds: RateConstraints,
    /// Whether anything may be sent that is no media: probes, and padding.
    pub padding: bool,
}

impl BitrateProfile {
    /// Of a link that costs nothing. The bounds of Opus (RFC 7587 section 6.1) with IP, UDP and RTP around it, and a start at what speech in full
    /// band sounds good at.
    pub const DESKTOP: Self = Self {
        bounds: RateConstraints {
            minimum: DataRate::kbps(16),
            maximum: DataRate::kbps(640),
            start: DataRate::kbps(64),
        },
        padding: true,
    };
}

impl Default for BitrateProfile {
    /// Nothing is known of the link.
    fn default() -> Self {
        Self::DESKTOP
    }
}
