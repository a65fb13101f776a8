//! What happened in a cell over time, for plots.

/// A cell over time, in steps of equal length. Every list has one value per step; where nothing was measured it is not a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The length of a step in seconds.
    pub step: f64,
    /// What each link bears, in kbit/s.
    pub links: Vec<LinkSeries>,
    /// Each flow.
    pub flows: Vec<FlowSeries>,
}

/// A link over time.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkSeries {
    /// Its name.
    pub name: String,
    /// What it bears, in kbit/s.
    pub capacity: Vec<f64>,
    /// What waits in its queue, in kilobytes, at most within the step.
    pub queue: Vec<f64>,
}

/// A flow over time.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowSeries {
    /// Its name.
    pub name: String,
    /// What its controller aims at, in kbit/s.
    pub target: Vec<f64>,
    /// What it sent, in kbit/s.
    pub sent: Vec<f64>,
    /// What arrived, in kbit/s.
    pub received: Vec<f64>,
    /// The mean one-way delay of what arrived, in milliseconds.
    pub delay: Vec<f64>,
    /// The share of what was sent in this step that never arrived, 0 to 1.
    pub loss: Vec<f64>,
}
