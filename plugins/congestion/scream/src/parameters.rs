//! What can be set.

use jackfield_sdk::prelude::*;

/// What can be set. Which document a default comes from stands in the table of the crate's page.
#[derive(Params)]
pub struct ScreamParameters {
    /// Send with ECT(1) and answer marks in proportion to their share (RFC 9331). Without it a mark is answered as classic ECN asks, once per
    /// round trip.
    #[param(title = "L4S", default = true)]
    pub l4s: bool,
    /// The queue delay to stay below where nothing marks: reduction begins at half of it.
    #[param(title = "Queue delay", unit = "ms", min = 5.0, max = 1_000.0, default = 60.0)]
    pub queue_delay: f64,
    /// Raise the queue delay to stay below where flows that heed nothing but loss fill the queue, lest they starve this one.
    #[param(title = "Competing flows", default = true)]
    pub competing_flows: bool,
    /// How far it may be raised.
    #[param(
        title = "Most queue delay",
        unit = "ms",
        min = 5.0,
        max = 2_000.0,
        default = 400.0
    )]
    pub most_queue_delay: f64,
    /// How far the window may grow beyond what is in flight.
    #[param(title = "Headroom", min = 1.0, max = 3.0, default = 1.1)]
    pub headroom: f64,
    /// What a loss leaves of the window.
    #[param(title = "Left by loss", min = 0.3, max = 0.99, default = 0.7)]
    pub left_by_loss: f64,
    /// What a classic ECN mark leaves of the window.
    #[param(title = "Left by classic ECN", min = 0.3, max = 0.99, default = 0.8)]
    pub left_by_ecn: f64,
    /// So many round trips in a row must have losses before they count as congestion, unless the queue is long; 1 heeds every loss.
    #[param(title = "Lossy rounds", min = 1, max = 20, default = 3)]
    pub lossy_rounds: i32,
    /// By what share of itself the window may grow per round trip, long after the last congestion.
    #[param(title = "Multiplicative increase", min = 0.0, max = 0.2, default = 0.02)]
    pub multiplicative_increase: f64,
    /// How quickly change grows with the distance from where congestion was met last.
    #[param(title = "Inflection scale", min = 0.5, max = 16.0, default = 2.0)]
    pub inflection_scale: f64,
    /// Flows with a shorter round trip than this grow as if theirs were nearly as long.
    #[param(
        title = "Virtual round trip",
        unit = "ms",
        min = 1.0,
        max = 200.0,
        default = 25.0
    )]
    pub virtual_round_trip: f64,
    /// The pacing rate as a multiple of the target. Where queues mark, what is reached is the capacity divided by it: as soon as a frame leaves
    /// faster than the link sends, the queue marks.
    #[param(title = "Pacing", min = 1.0, max = 5.0, default = 1.3)]
    pub pacing: f64,
    /// Pad now and then up to the target, so that it can grow though the media stays below it.
    #[param(title = "Padding", default = true)]
    pub padding: bool,
}
