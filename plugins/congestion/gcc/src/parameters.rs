//! What can be set. The defaults are what libwebrtc does when no field trial says otherwise.

use jackfield_sdk::prelude::*;

use crate::controller::{Controller, WindowUse};

/// What can be set while it runs.
#[derive(Params)]
pub struct GccParameters {
    /// What is done when more data is on its way than the congestion window: nothing; the window itself is given to the pacer; the target
    /// is pushed back; or the encoders are told to leave out frames while the target stays.
    #[param(title = "Congestion window", choices = ["off", "window", "target", "frames"], default = 3)]
    pub congestion_window: u32,
    /// The queueing time that the congestion window grants beyond the shortest round trip.
    #[param(
        title = "Congestion window: queueing",
        unit = "ms",
        min = 10.0,
        max = 10_000.0,
        default = 350.0
    )]
    pub congestion_window_queueing: f64,
    /// A full window does not push the target below this.
    #[param(
        title = "Congestion window: lowest target",
        unit = "kbit/s",
        min = 0.0,
        max = 10_000.0,
        default = 30.0
    )]
    pub congestion_window_lowest: f64,
    /// Whether what waits in the pacer counts as on its way.
    #[param(title = "Congestion window: count the pacer's queue", default = false)]
    pub congestion_window_counts_pacer: bool,
    /// A round trip that takes longer than this lowers the rate step by step to the floor; 0 for never.
    #[param(title = "Round-trip limit", unit = "s", min = 0.0, max = 60.0, default = 3.0)]
    pub round_trip_limit: f64,
    /// Where those steps end.
    #[param(
        title = "Round-trip limit: floor",
        unit = "kbit/s",
        min = 5.0,
        max = 10_000.0,
        default = 5.0
    )]
    pub round_trip_floor: f64,
    /// Whether a change of the path starts at no more than what got through on the old one.
    #[param(title = "Start a new path at what got through", default = true)]
    pub safe_reset: bool,
    /// Pacing as a multiple of the target before the first feedback on packets.
    #[param(title = "Pacing factor before feedback", min = 1.0, max = 10.0, default = 2.5)]
    pub pacing_factor_before_feedback: f64,
    /// Pacing as a multiple of the target afterwards, unless the streams ask for another.
    #[param(title = "Pacing factor", min = 1.0, max = 10.0, default = 1.1)]
    pub pacing_factor: f64,
    /// What the pacing rate allows in so long may leave at once.
    #[param(title = "Pacing window", unit = "ms", min = 0.0, max = 500.0, default = 40.0)]
    pub pacing_window: f64,
    /// Whether pacing stays within an upper bound of the link that is known from elsewhere.
    #[param(title = "Pace within the known link", default = false)]
    pub pace_within_link: bool,
    /// How many groups of packets the trend of the delay is drawn through.
    #[param(title = "Trend window", unit = "groups", min = 10, max = 200, default = 20)]
    pub trend_window: u32,
    /// What is left of the throughput when the delay grows.
    #[param(title = "Backoff", min = 0.5, max = 0.99, default = 0.85)]
    pub backoff: f64,
    /// Whether the delay-based estimate stays while the media does not fill it.
    #[param(title = "Hold the estimate while the media is the bound", default = false)]
    pub hold_in_application_limit: bool,
    /// Whether losses of packets are heard, beyond the receiver reports.
    #[param(title = "Loss-based estimate", default = true)]
    pub loss_based: bool,
    /// For so long padding fills up what the media does not when the estimate rises after losses; 0 for never.
    #[param(
        title = "Loss-based: padding",
        unit = "s",
        min = 0.0,
        max = 30.0,
        default = 2.0
    )]
    pub loss_padding: f64,
    /// Each hold after losses is so many times as long as the one before; 0 for no holds.
    #[param(title = "Loss-based: growth of holds", min = 0.0, max = 10.0, default = 2.0)]
    pub loss_hold_growth: f64,
    /// After losses the estimate rises to at most this many times what gets through.
    #[param(title = "Loss-based: rise", min = 1.01, max = 10.0, default = 1.5)]
    pub loss_rampup: f64,
    /// The first probe as a multiple of the start rate.
    #[param(title = "First probe", min = 1.0, max = 20.0, default = 3.0)]
    pub first_probe: f64,
    /// The second as a multiple of the start rate; 0 for none.
    #[param(title = "Second probe", min = 0.0, max = 20.0, default = 6.0)]
    pub second_probe: f64,
    /// Each further probe as a multiple of the result before.
    #[param(title = "Further probes", min = 1.0, max = 10.0, default = 2.0)]
    pub further_probes: f64,
    /// How often to probe while the media does not fill the estimate, if the streams ask for it.
    #[param(title = "Periodic probes", unit = "s", min = 0.5, max = 600.0, default = 5.0)]
    pub periodic_probes: f64,
    /// Whether to probe when the streams can do with more.
    #[param(title = "Probe for more streams", default = true)]
    pub allocation_probes: bool,
    /// How long a probe lasts.
    #[param(
        title = "Length of probes",
        unit = "ms",
        min = 1.0,
        max = 1_000.0,
        default = 15.0
    )]
    pub probe_duration: f64,
    /// How many packets it has at least.
    #[param(title = "Packets of a probe", min = 2, max = 100, default = 5)]
    pub probe_packets: u32,
    /// The share of the estimate that counts as filling it.
    #[param(title = "Share that fills the estimate", min = 0.1, max = 1.0, default = 0.65)]
    pub application_limit: f64,
}

impl GccParameters {
    /// Hands the values to the parts that go by them.
    pub(crate) fn apply(&self, controller: &mut Controller) {
        let options = &mut controller.options;
        options.window_use = match self.congestion_window {
            0 => WindowUse::Nothing,
            1 => WindowUse::Window,
            2 => WindowUse::Target,
            _ => WindowUse::Frames,
        };
        options.queueing = milliseconds(self.congestion_window_queueing);
        options.lowest_push_back = kbps(self.congestion_window_lowest);
        options.count_pacer = self.congestion_window_counts_pacer;
        options.safe_reset = self.safe_reset;
        options.pacing_before_feedback = self.pacing_factor_before_feedback;
        options.pacing = self.pacing_factor;
        options.pacing_window = milliseconds(self.pacing_window);
        options.pace_within_link = self.pace_within_link;

        controller.delay.set_window(self.trend_window as usize);
        controller.delay.rate_control.backoff = self.backoff;
        controller.delay.rate_control.hold_in_application_limit = self.hold_in_application_limit;
        controller.alr.settings.usage = self.application_limit;

        let limit = &mut controller.send_side.round_trip_limit.settings;
        limit.limit = if self.round_trip_limit > 0.0 {
            TimeDelta::seconds_f64(self.round_trip_limit)
        } else {
            TimeDelta::INFINITE
        };
        limit.floor = kbps(self.round_trip_floor);
        controller.send_side.use_loss_based = self.loss_based;
        let loss = &mut controller.send_side.loss_based.settings;
        loss.padding_duration = TimeDelta::seconds_f64(self.loss_padding);
        loss.hold_duration_factor = self.loss_hold_growth;
        loss.rampup_factor = self.loss_rampup;

        let probes = &mut controller.probes.settings;
        probes.first_scale = self.first_probe;
        probes.second_scale = self.second_probe;
        probes.further_scale = self.further_probes;
        probes.alr_interval = TimeDelta::seconds_f64(self.periodic_probes);
        probes.on_allocation = self.allocation_probes;
        probes.duration = milliseconds(self.probe_duration);
        probes.packets = self.probe_packets;
    }
}

fn kbps(value: f64) -> DataRate {
    DataRate::bps((value * 1e3).round() as i64)
}

fn milliseconds(value: f64) -> TimeDelta {
    TimeDelta::us((value * 1e3).round() as i64)
}
