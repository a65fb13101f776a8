//! The congestion controller that knows: it is told what the path bears, and sends at a fraction of that. No real network tells, a simulated
//! one does; so it shows what there was to be had, and every other controller's regret is measured against it.
//!
//! It takes the truth from `NetworkStateEstimate` events (their rate, or the least that the link bears if no rate is told). Until the first
//! one it holds the rate that it started from. It paces at the rate that the path bears, so that a frame fills no queue.
//!
//! It must never believe anything else: neither losses nor delays nor marks move it.
//!
//! ```
//! use jackfield_congestion_oracle::Oracle;
//! use jackfield_sdk::prelude::*;
//!
//! struct NoProbes;
//! impl ProbeSink for NoProbes {
//!     fn probe(&mut self, _: &ProbeCluster) -> Result<(), Fault> {
//!         Ok(())
//!     }
//! }
//!
//! let mut oracle = Oracle::create(&Environment::seeded(1))?;
//! let bounds = RateConstraints { minimum: DataRate::kbps(6), maximum: DataRate::kbps(5_000), start: DataRate::kbps(300) };
//! oracle.activate(Timestamp::ZERO, &bounds)?;
//! let truth = CongestionEvent {
//!     rate: DataRate::kbps(2_000),
//!     ..CongestionEvent::new(CongestionEventKind::NetworkStateEstimate, Timestamp::ZERO)
//! };
//! assert_eq!(oracle.on_event(Timestamp::ZERO, &truth, &[], &mut NoProbes)?.target, DataRate::kbps(1_900));
//! # Ok::<(), Fault>(())
//! ```

use jackfield_sdk::congestion::{Path, RateController, RateRule};
use jackfield_sdk::prelude::*;

/// The controller.
pub type Oracle = RateController<Knowledge>;

/// What can be set.
#[derive(Params)]
pub struct OracleParameters {
    /// The share of what the path bears that is sent. The session's bounds still hold.
    #[param(title = "Fraction", min = 0.05, max = 2.0, default = 0.95)]
    pub fraction: f64,
}

/// What the path bears, and how much of it is taken.
pub struct Knowledge {
    parameters: OracleParameters,
    /// Zero as long as nobody has told.
    capacity: DataRate,
}

impl Plugin for Knowledge {
    const DESCRIPTOR: Descriptor =
        Descriptor::new("jackfield.congestion.oracle", "Oracle", env!("CARGO_PKG_VERSION"))
            .vendor("Jackfield")
            .license("MIT OR Apache-2.0")
            .description(
                "Is told what the path bears and sends at a fraction of it; for comparison in virtual time.",
            );
    type Parameters = OracleParameters;

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: OracleParameters::defaults(),
            capacity: DataRate::ZERO,
        })
    }

    fn parameters(&mut self) -> &mut OracleParameters {
        &mut self.parameters
    }

    fn reset(&mut self, _reason: ResetReason) {
        self.capacity = DataRate::ZERO;
    }
}

impl RateRule for Knowledge {
    fn target(&mut self, _: Timestamp, event: &CongestionEvent, path: &Path) -> DataRate {
        match event.kind {
            CongestionEventKind::NetworkStateEstimate => {
                let told = if event.rate > DataRate::ZERO {
                    event.rate
                } else {
                    event.lower
                };
                self.capacity = told.max(DataRate::ZERO);
            }
            // Another path, another truth.
            CongestionEventKind::RouteChange => self.capacity = DataRate::ZERO,
            _ => {}
        }
        if self.capacity > DataRate::ZERO {
            self.capacity * self.parameters.fraction
        } else {
            path.target
        }
    }

    fn estimate(&self, path: &Path, _: DataRate) -> DataRate {
        if self.capacity > DataRate::ZERO {
            self.capacity
        } else {
            path.target
        }
    }

    fn pacing_factor(&self) -> f64 {
        1.0 / self.parameters.fraction
    }
}

jackfield_sdk::export! { CongestionController => Oracle }
