//! The numbers by which the sentences of RFC 8867 are judged. None of them is what we happened to measure.

/// What a video and a voice flow can make use of, kbit/s (RFC 8867 section 4.3, and 20 kbit/s of voice).
pub(crate) const MOST: f64 = 1_520.0;

/// What they need, kbit/s: "the minimum bitrate" of sections 5.6 and 5.7.
pub(crate) const LEAST: f64 = 170.0;

/// "Converged", "at its maximum", "saturated": from this share on of what there is. The RFC gives no number; libwebrtc's own scenarios are
/// content with 70 % (`goog_cc_network_control_unittest.cc`: 350 of 500 kbit/s is near 450).
pub(crate) const FULL: f64 = 0.7;

/// What has converged is judged over the last so many seconds of a segment: the segments last 20 s at least, so that as many are left to
/// converge in.
pub(crate) const SETTLED: f64 = 10.0;

/// "Fair": what flows of one priority get differs by no more than this factor (RFC 8868 section 4: the ratio lies in 0.333 to 3).
pub(crate) const FAIR: f64 = 3.0;

/// "Low delay": 95 % of packets wait no longer in queues, ms. With the 50 ms of the path this is the 150 ms of one-way delay that ITU-T G.114
/// calls good; the queue holds 300 ms.
pub(crate) const SHORT_WAIT: f64 = 100.0;

/// "Without oscillation": once settled no second's target is further than this factor from another's. An encoder that is asked for half or
/// twice as much shows it.
pub(crate) const STEADY: f64 = 2.0;

/// "Better than by delay alone": a difference of the 95 % of waits counts from this on, ms. It is what the experiments let a delay differ by
/// (`benches/ab/experiments/rfc8867.toml`).
pub(crate) const NOTICED_WAIT: f64 = 10.0;

/// The same of what arrives, as a share: what an encoder makes varies by a twentieth (RFC 8867 section 4.3).
pub(crate) const NOTICED_RATE: f64 = 0.05;
