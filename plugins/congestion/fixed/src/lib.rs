//! The congestion controller that does not control: it holds the rate that it is set to. The baseline for every other controller, and
//! right on a path whose capacity is known.
//!
//! It must never react to the network. What it hears of round trips, losses and estimates it only keeps, for its successor. After a swap it
//! may be below the rate of its predecessor at once, and grows from there by a fifth in a second.
//!
//! Set to twice what the path bears it is the controller that every comparison needs to have lose: one that does not back off.
//!
//! ```
//! use jackfield_congestion_fixed::Fixed;
//! use jackfield_sdk::prelude::*;
//!
//! struct NoProbes;
//! impl ProbeSink for NoProbes {
//!     fn probe(&mut self, _: &ProbeCluster) -> Result<(), Fault> {
//!         Ok(())
//!     }
//! }
//!
//! let mut fixed = Fixed::create(&Environment::seeded(1))?;
//! fixed.parameters().rate = 64.0;
//! let bounds = RateConstraints { minimum: DataRate::kbps(6), maximum: DataRate::kbps(510), start: DataRate::kbps(32) };
//! fixed.activate(Timestamp::ZERO, &bounds)?;
//! let event = CongestionEvent::new(CongestionEventKind::ProcessInterval, Timestamp::ZERO);
//! assert_eq!(fixed.on_event(Timestamp::ZERO, &event, &[], &mut NoProbes)?.target, DataRate::kbps(64));
//! # Ok::<(), Fault>(())
//! ```

use jackfield_sdk::congestion::{Path, RateController, RateRule};
use jackfield_sdk::prelude::*;

/// The controller.
pub type Fixed = RateController<FixedRate>;

/// What can be set.
#[derive(Params)]
pub struct FixedParameters {
    /// The rate of all media together, headers included; encoders keep below it. The session's bounds still hold.
    #[param(
        title = "Rate",
        unit = "kbit/s",
        min = 1.0,
        max = 1_000_000.0,
        default = 128.0
    )]
    pub rate: f64,
}

/// Holds one rate.
pub struct FixedRate {
    parameters: FixedParameters,
}

impl Plugin for FixedRate {
    const DESCRIPTOR: Descriptor = Descriptor::new(
        "jackfield.congestion.fixed",
        "Fixed rate",
        env!("CARGO_PKG_VERSION"),
    )
    .vendor("Jackfield")
    .license("MIT OR Apache-2.0")
    .description("Holds one rate, whatever the network does.")
    .congestion_role(CongestionRole::Either);
    type Parameters = FixedParameters;

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: FixedParameters::defaults(),
        })
    }

    fn parameters(&mut self) -> &mut FixedParameters {
        &mut self.parameters
    }
}

impl RateRule for FixedRate {
    fn target(&mut self, _: Timestamp, _: &CongestionEvent, _: &Path) -> DataRate {
        DataRate::bps((self.parameters.rate * 1e3).round() as i64)
    }

    /// What somebody measured, if anybody did; else the rate that is held.
    fn estimate(&self, path: &Path, measured: DataRate) -> DataRate {
        if measured > DataRate::ZERO {
            measured
        } else {
            path.target
        }
    }
}

jackfield_sdk::export! { CongestionController => Fixed }
