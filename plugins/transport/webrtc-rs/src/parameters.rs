//! What can be set.

use jackfield_sdk::prelude::*;

/// The parameters of [`WebrtcRs`](crate::WebrtcRs). They take effect at once.
#[derive(Params)]
pub struct WebrtcRsParameters {
    /// After so long without a sign of life from the peer the state is `disconnected`.
    #[param(
        title = "Disconnected after",
        unit = "ms",
        min = 500,
        max = 30000,
        default = 2500
    )]
    pub disconnected_ms: u32,
    /// After so long without the peer's consent (RFC 7675), or without a path and keys to begin with, nothing is sent any more and the state is `failed`.
    #[param(title = "Failed after", unit = "ms", min = 3000, max = 60000, default = 30000)]
    pub failed_ms: u32,
}

impl WebrtcRsParameters {
    pub(crate) fn disconnected(&self) -> TimeDelta {
        TimeDelta::ms(self.disconnected_ms.into())
    }

    pub(crate) fn failed(&self) -> TimeDelta {
        TimeDelta::ms(self.failed_ms.into())
    }
}
