//! From counts to the values of metrics.

use super::catalogue::NETWORK;
use super::counts::{Flow, Tally};
use super::dynamics::Course;
use super::light::LightMetrics;
use super::mos::mos;
use super::spans::Span;
use super::windows::WINDOW;
use crate::report::WHOLE;
use crate::series::{FlowSeries, LinkSeries, Series};

/// A value of a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricValue {
    /// The flow's name, or `*` for all flows together.
    pub flow: String,
    /// The segment's name, or `*` for the whole run.
    pub segment: String,
    /// The metric's name.
    pub metric: &'static str,
    /// The value.
    pub value: f64,
}

impl LightMetrics {
    /// The values of all metrics that apply, for every flow and segment and the whole run. A flow that is active for less than a second of a
    /// segment is left out there. Where a flow was active and nothing of it arrived, it gets the worst value of each metric that judges.
    pub fn rows(&self) -> Vec<MetricValue> {
        let held = self.held();
        let mut rows = Vec::new();
        for (index, span) in held.spans.all.iter().enumerate() {
            for flow in &held.flows {
                let before = span
                    .windows()
                    .start
                    .checked_sub(1)
                    .map_or(f64::NAN, |window| flow.available.at(window));
                of_flow(flow, span, &flow.tallies[index], before, &mut rows);
            }
            held.of_all(span, &mut rows);
        }
        rows
    }

    /// What a run of the scenario that failed leaves behind: the worst value of each metric that judges, for every flow and segment and the whole
    /// run. Needs no run.
    pub fn worst(&self) -> Vec<MetricValue> {
        let mut rows = Vec::new();
        for span in &self.spans.all {
            let flows = self
                .flows
                .iter()
                .filter(|flow| Course::new(flow, span.windows()).seconds() >= 1.0);
            let of_flows = flows.flat_map(|flow| {
                NETWORK
                    .iter()
                    .filter(|metric| flow.is_judged_by(metric.name) && of_a_flow(metric.name, &span.name))
                    .map(|metric| (flow.name.as_str(), metric))
            });
            let of_all = NETWORK
                .iter()
                .filter(|metric| of_all(metric.name))
                .map(|metric| (WHOLE, metric));
            let of_tcp = self.cross.iter().filter(|cross| cross.tcp);
            let of_tcp = of_tcp.flat_map(|cross| {
                NETWORK
                    .iter()
                    .filter(|metric| metric.name.starts_with("tcp_"))
                    .map(|metric| (cross.name.as_str(), metric))
            });
            rows.extend(
                of_flows
                    .chain(of_all)
                    .chain(of_tcp)
                    .map(|(flow, metric)| MetricValue {
                        flow: flow.to_owned(),
                        segment: span.name.clone(),
                        metric: metric.name,
                        value: metric.worst,
                    }),
            );
        }
        rows
    }

    /// What happened over time, in steps of so many windows of 100 ms (at least one).
    pub fn series(&self, windows: usize) -> Series {
        let held = self.held();
        let length = windows.max(1);
        let steps: Vec<std::ops::Range<usize>> = (0..held.windows)
            .step_by(length)
            .map(|begin| begin..(begin + length).min(held.windows))
            .collect();
        let over = |value: &dyn Fn(std::ops::Range<usize>) -> f64| {
            steps.iter().map(|step| value(step.clone())).collect::<Vec<_>>()
        };
        let kbps =
            |bytes: f64, step: &std::ops::Range<usize>| bytes * 8.0 / 1e3 / (step.len() as f64 * WINDOW);
        Series {
            step: length as f64 * WINDOW,
            links: held
                .links
                .iter()
                .map(|link| LinkSeries {
                    name: link.name.clone(),
                    capacity: over(&|step| {
                        super::dynamics::mean(step.map(|window| link.capacity.at(window))) / 1e3
                    }),
                    queue: over(&|step| step.map(|window| link.queue.at(window)).fold(0.0, f64::max)),
                })
                .collect(),
            flows: held
                .flows
                .iter()
                .map(|flow| FlowSeries {
                    name: flow.name.clone(),
                    target: over(&|step| {
                        super::dynamics::mean(step.map(|window| flow.target.at(window))) / 1e3
                    }),
                    sent: over(&|step| kbps(flow.sent.sum(step.clone()), &step)),
                    received: over(&|step| kbps(flow.received.sum(step.clone()), &step)),
                    delay: over(&|step| flow.delay.sum(step.clone()) / flow.arrived.sum(step)),
                    loss: over(&|step| {
                        let lost = flow.lost.sum(step.clone());
                        lost / (lost + flow.arrived.sum(step))
                    }),
                })
                .collect(),
        }
    }

    fn of_all(&self, span: &Span, rows: &mut Vec<MetricValue>) {
        let mut put = |flow: &str, metric: &'static str, value: f64| {
            if value.is_finite() {
                rows.push(MetricValue {
                    flow: flow.to_owned(),
                    segment: span.name.clone(),
                    metric,
                    value,
                });
            }
        };
        let windows = span.windows();
        let (used, available) = self
            .flows
            .iter()
            .map(|flow| Course::new(flow, windows.clone()).used_and_available())
            .fold((0.0, 0.0), |sum, own| (sum.0 + own.0, sum.1 + own.1));
        put(WHOLE, "utilisation", used / available);
        let seconds = windows.len() as f64 * WINDOW;
        let received: f64 = self
            .flows
            .iter()
            .map(|flow| flow.received.sum(windows.clone()))
            .sum();
        put(WHOLE, "total_rate", received * 8.0 / 1e3 / seconds);
        put(
            WHOLE,
            "link_utilisation",
            self.link_utilisation(windows.clone()).unwrap_or(f64::NAN),
        );
        for (metric, seconds) in [("jain_1s", 1), ("jain_5s", 5), ("jain_20s", 20)] {
            if let Some((index, ratio)) = self.fairness(windows.clone(), seconds) {
                put(WHOLE, metric, index);
                if seconds == 5 {
                    put(WHOLE, "rate_ratio", ratio);
                }
            }
        }
        for (index, cross) in self.cross.iter().enumerate().filter(|(_, cross)| cross.tcp) {
            if let Some((share, harm)) = self.beside_tcp(index, windows.clone()) {
                put(&cross.name, "tcp_share", share);
                put(&cross.name, "tcp_harm", harm);
            }
        }
    }
}

fn of_flow(flow: &Flow, span: &Span, tally: &Tally, before: f64, rows: &mut Vec<MetricValue>) {
    let course = Course::new(flow, span.windows());
    let seconds = course.seconds();
    if seconds < 1.0 {
        return;
    }
    let mut put = |metric: &'static str, value: f64| {
        if value.is_finite() && (span.name != WHOLE || !OF_SEGMENTS.contains(&metric)) {
            rows.push(MetricValue {
                flow: flow.name.clone(),
                segment: span.name.clone(),
                metric,
                value,
            });
        }
    };
    put("packets", tally.packets as f64);
    put("bytes", tally.bytes as f64);
    put("sent_rate", tally.bytes as f64 * 8.0 / 1e3 / seconds);
    put("target_rate", course.mean_target() / 1e3);
    if tally.received == 0 {
        for metric in NETWORK.iter().filter(|metric| of_a_flow(metric.name, &span.name)) {
            if flow.is_judged_by(metric.name) {
                put(metric.name, metric.worst);
            }
        }
        return;
    }
    let (used, available) = course.used_and_available();
    put("utilisation", used / available);
    if let Some(errors) = course.rate_errors() {
        put("rate_error", errors.error);
        put("overestimation", errors.over);
        put("rate_squared_error", errors.squared);
    }
    put("received_rate", tally.received as f64 * 8.0 / 1e3 / seconds);
    for (metric, histogram, q) in [
        ("delay_p50", &tally.delay, 0.5),
        ("delay_p95", &tally.delay, 0.95),
        ("delay_p99", &tally.delay, 0.99),
        ("queueing_p95", &tally.queueing, 0.95),
        ("self_queueing_p95", &tally.own_queueing, 0.95),
        ("frame_delay_p95", &tally.frame_delay, 0.95),
    ] {
        put(metric, histogram.quantile_ms(q));
    }
    put("time_to_90", course.time_to_90());
    put("settling_time", course.settling_time());
    put("reaction_time", course.reaction_time(before).unwrap_or(f64::NAN));
    put("overshoot", course.overshoot());
    put("oscillation", course.oscillation());
    let share = |part: u64, of: u64| part as f64 / of as f64;
    put("loss", share(tally.media_lost, tally.media + tally.media_lost));
    let lost = tally.media_lost.saturating_sub(tally.repaired);
    put("loss_after_repair", share(lost, tally.media + tally.media_lost));
    put("frames_lost", share(tally.frames_lost, tally.frames));
    put("marked", share(tally.marked, tally.media));
    put("feedback_overhead", share(tally.feedback, tally.received));
    put("padding_overhead", share(tally.padding, tally.bytes));
    put("probe_overhead", share(tally.probes, tally.bytes));
    put("repair_overhead", share(tally.resent, tally.bytes));
    if flow.has_video {
        put("freezes", 60.0 * tally.freezes as f64 / seconds);
        put("frozen", (tally.frozen as f64 / 1e9 / seconds).min(1.0));
        put("frame_rate", 60.0 * tally.video_frames as f64 / seconds);
    }
    let heard = if tally.audio[1] > 0 {
        share(tally.audio[0], tally.audio[1])
    } else {
        share(tally.frames_lost, tally.frames.max(1))
    };
    if tally.frames > 0 {
        put("mos", mos(tally.delay.quantile_ms(0.95), heard));
    }
}

/// How a flow follows one step: over a whole run with several of them it means nothing, so that a cell's value is the mean over segments.
const OF_SEGMENTS: [&str; 4] = ["time_to_90", "settling_time", "reaction_time", "oscillation"];

/// Metrics that every active flow has a value of, so that one whose media never came gets their worst.
impl Flow {
    /// TCP in the place of media has no frames and no target.
    fn is_judged_by(&self, metric: &str) -> bool {
        const OF_MEDIA: [&str; 9] = [
            "mos",
            "freezes",
            "frozen",
            "frame_rate",
            "frames_lost",
            "frame_delay_p95",
            "rate_error",
            "overestimation",
            "rate_squared_error",
        ];
        self.has_media || !OF_MEDIA.contains(&metric)
    }
}

fn of_a_flow(name: &str, segment: &str) -> bool {
    const OTHERS: [&str; 13] = [
        "link_utilisation",
        "total_rate",
        "jain_1s",
        "jain_5s",
        "jain_20s",
        "rate_ratio",
        "tcp_share",
        "tcp_harm",
        "reaction_time",
        "packets",
        "bytes",
        "sent_rate",
        "target_rate",
    ];
    !OTHERS.contains(&name) && (segment != WHOLE || !OF_SEGMENTS.contains(&name))
}

/// Metrics of all flows together; fairness needs two of them.
fn of_all(name: &str) -> bool {
    ["utilisation", "link_utilisation", "total_rate"].contains(&name)
}
