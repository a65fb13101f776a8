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

impl Series {
    /// As CSV: a line per step, with the time in seconds and a column for each series of each link and flow.
    pub fn to_csv(&self) -> String {
        let mut columns: Vec<(String, &[f64])> = Vec::new();
        for link in &self.links {
            columns.push((format!("{} capacity kbit/s", link.name), &link.capacity));
            columns.push((format!("{} queue kB", link.name), &link.queue));
        }
        for flow in &self.flows {
            for (what, values) in [
                ("target kbit/s", &flow.target),
                ("sent kbit/s", &flow.sent),
                ("received kbit/s", &flow.received),
                ("delay ms", &flow.delay),
                ("loss", &flow.loss),
            ] {
                columns.push((format!("{} {what}", flow.name), values));
            }
        }
        let mut text = String::from("time s");
        for (name, _) in &columns {
            text.push(',');
            text.push_str(&quoted(name));
        }
        text.push('\n');
        let steps = columns.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
        for step in 0..steps {
            text.push_str(&format!("{:.3}", step as f64 * self.step));
            for (_, values) in &columns {
                text.push(',');
                // Where nothing was measured the field stays empty.
                if let Some(value) = values.get(step).filter(|value| value.is_finite()) {
                    text.push_str(&value.to_string());
                }
            }
            text.push('\n');
        }
        text
    }
}

fn quoted(name: &str) -> String {
    if name.contains([',', '"', '\n']) {
        format!("\"{}\"", name.replace('"', "\"\""))
    } else {
        name.to_owned()
    }
}
