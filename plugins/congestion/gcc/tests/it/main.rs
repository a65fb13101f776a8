//! Google congestion control against the suite of its area, and against what libwebrtc's own tests say of each part and of the whole.

mod acknowledged;
mod aimd;
mod alr;
mod delay_based;
mod delay_bench;
mod driver;
mod loss_based;
mod loss_bench;
mod loss_recovery;
mod nonsense;
mod probe_controller;
mod probe_estimator;
mod ramps;
mod scenario_bench;
mod scenarios;
mod trendline;
mod whole;
mod window;

jackfield_testkit::conformance! { congestion_controller: jackfield_congestion_gcc::Gcc }
