//! SCReAM v2, Self-Clocked Rate Adaptation for Multimedia, with L4S: a reference window says how much may be in flight, shrinks in proportion
//! to the share of packets that a queue marks (or would mark), and the target rate is that window per round trip.
//!
//! Written after draft-johansson-ccwg-rfc8298bis-screamv2-07 and after what libwebrtc makes of it
//! (`modules/congestion_controller/scream` at f3ae3eb, 2026-08-22). It works with the feedback of RFC 8888, and with transport-wide feedback,
//! which says less: nothing of marks, and nothing of how long the remote end held it back. It must never be called without feedback for long:
//! it then holds its rate and says by its window and by `reduction` that nothing more may leave.
//!
//! # Which value comes from where
//!
//! | | draft-07 | libwebrtc | here | because |
//! |---|---|---|---|---|
//! | smallest window | 3000 B | 1000 B | 1000 B, or what the session's least rate needs, as Ericsson's implementation can | 3000 B are 480 kbit/s at 50 ms: more than a voice call has; and beside TCP in a long queue 1000 B are less than the least rate |
//! | segment | 1000 B | 1280 B | 1280 B | what leaves a browser is that large |
//! | headroom over what is in flight | 1.5 | 1.1 | parameter, 1.1 | a window that is not used is a queue when it is |
//! | left by loss | 0.7 | 0.7 | parameter, 0.7 | |
//! | which loss counts | any, behind a reordering window | the third lossy round in a row, or any with a queue | both: a reordering window, then lossy rounds (parameter, 3) | a wireless path loses packets without being full |
//! | once per | min(virtual, smoothed round trip) | the same | marks and queue: the same, scaled down by round trips longer than 25 ms; loss and classic ECN: smoothed round trip | 0.7 every 25 ms is 0.24 per 100 ms |
//! | `l4s_alpha` gain up, down | 1/8, 1/128 | the same | the same | |
//! | `l4s_alpha` renewed | at most every min(10 ms, round trip) | with every feedback | as the draft | feedback may come for every packet |
//! | classic ECN | times 0.8 | none | parameter, 0.8, with L4S off | |
//! | queue-delay target | 60 ms, raised to 400 ms against flows that heed only loss | 60 ms | parameters, as the draft, but: steady is also what varies little for its length; losses raise it only with a steady queue, as in Ericsson's implementation; while it is raised the queue does not slow growth | starved by TCP otherwise (RFC 8867 5.6): the draft's variance of 0.2 does not see one Reno in 300 ms; and a capacity that shrinks makes losses too |
//! | jitter of the delay | `qdelay_dev_norm` | smallest delay and spread within the last burst of a feedback (25 ms, or up to 50 without gaps), 10 ms each | as libwebrtc, but a feedback of 50 ms is one burst; the spread less the smallest of ten minutes | a path that always has 15 ms of jitter (RFC 8867) would never be used |
//! | mean queue delay | every min(virtual, smoothed round trip) | with every feedback, the smaller of two | as libwebrtc | |
//! | L4S reduction scaled down below | a quarter of the target | half of it | half of it | |
//! | scale at the inflection point | 8 | 2 | parameter, 2; while the queue-delay target is raised, 8 | steadier; but beside those who grow by a segment a quarter is little |
//! | inflection point moves | once in 10 round trips | when shrinking begins after growth | as libwebrtc | it is then the peak, not the slope |
//! | virtual round trip | 25 ms | 25 ms, with the hold of the feedback | parameter, as libwebrtc | growth scaled by the square in all three |
//! | window at the first mark after long calm | what was in flight | the same, and `l4s_alpha` 0.25; never reached, as the time of the reaction is renewed before it is looked at | what growth would allow: headroom times what is in flight, and a segment | more costs a fifth of the rate at the first mark of every ramp |
//! | may be in flight | 1.5 to 3 windows | the same | the same | |
//! | drain | by `qdelay_min`, half the rate | after 20 s above 5 ms half the rate for 5 round trips, then a new base | as libwebrtc, but not while the target is raised | |
//! | hold of the feedback | none | mean by 1/8, frozen while the application limits | as libwebrtc | |
//! | base delay | by clock-drift remedy | smallest of 10 minutes | as libwebrtc | |
//! | pacing | 1.5, relaxed near the maximum | 1.1, at least 0.8 of what arrives; bursts of 10 ms for 15 s after congestion, else 40 ms | parameter, 1.3; the rest as libwebrtc, but bursts of 0.5 ms for 15 s after a mark | 1.3 reaches what Ericsson's log shows on 50 Mbit/s with L4S (38.4 Mbit/s), 1.1 a sixth more, 1.5 a tenth less; a burst of 10 ms is a queue of 10 ms to a link as fast as the pacer |
//! | padding, probing at the start | none | 3 s every 3 s or more, 6 s at the start | as libwebrtc, padding a parameter | |
//! | media queue | `rate_adjust_factor` | reduction by a pacer delay of 100 to 500 ms | as libwebrtc | |
//! | feedback | 2 % of the rate in packets of 100 B | 25 to 250 ms | as the draft, 5 to 100 ms | |
//!
//! ```
//! use jackfield_congestion_scream::Scream;
//! use jackfield_sdk::prelude::*;
//!
//! struct NoProbes;
//! impl ProbeSink for NoProbes {
//!     fn probe(&mut self, _: &ProbeCluster) -> Result<(), Fault> {
//!         Ok(())
//!     }
//! }
//!
//! let mut scream = Scream::create(&Environment::seeded(1))?;
//! let bounds = RateConstraints { minimum: DataRate::kbps(30), maximum: DataRate::kbps(5_000), start: DataRate::kbps(1_000) };
//! scream.activate(Timestamp::ZERO, &bounds)?;
//! // What waits in the pacer takes 300 ms to leave: the encoders had better go down by half.
//! let event = CongestionEvent { size: DataSize::bytes(48_750), ..CongestionEvent::new(CongestionEventKind::ProcessInterval, Timestamp::ZERO) };
//! let update = scream.on_event(Timestamp::ZERO, &event, &[], &mut NoProbes)?;
//! assert_eq!((update.target, update.pacing, update.ecn), (DataRate::kbps(1_000), DataRate::kbps(1_300), 1));
//! assert_eq!(scream.advice(Timestamp::ZERO)?.reduction, 0.5);
//! # Ok::<(), Fault>(())
//! ```

mod competing;
mod controller;
mod delay;
mod digest;
mod loss;
mod marks;
mod padding;
mod parameters;
mod window;

pub use controller::Scream;
pub use parameters::ScreamParameters;

use jackfield_sdk::prelude::*;

jackfield_sdk::export! { CongestionController => Scream }
