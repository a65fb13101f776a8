//! What is measured of a run: metrics by name, and an observer that measures media over a network.
//!
//! A metric is described once, in a [`Registry`]: its unit, which way is better, what a cell gets that failed. Rows and reports go by its name;
//! other areas add metrics of their own and measure them as they like.
//!
//! [`LightMetrics`] watches a run of `jackfield_sim::light`. Its memory grows with the length of the scenario (windows of 100 ms), never with
//! the number of packets. Delays go into histograms whose quantiles are off by less than 0.8 %; everything else is exact.
//!
//! What was truly available to a flow is its fair share of the tightest link on its path: what constant traffic leaves of the capacity, divided
//! by the weights of the flows and lasting TCP connections that want it, and no more than the flow may send. So a flow can use more than it
//! "could have had" if others leave it more than their shares, and of a flow alone on a link it is the capacity.

mod catalogue;
mod counts;
mod dynamics;
mod fairness;
mod freezes;
mod histogram;
mod light;
pub mod mos;
mod registry;
mod spans;
mod values;
mod windows;

pub use freezes::FreezeWatch;
pub use histogram::Histogram;
pub use light::LightMetrics;
pub use registry::{Better, Metric, NameTaken, Registry, Unit};
pub use values::MetricValue;
