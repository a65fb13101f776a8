//! What cannot be: a queue of nothing, a delay below zero, a flow over a link that is not there.

use std::collections::BTreeSet;

use jackfield_core::units::{DataRate, DataSize, TimeDelta};

use super::check_links;
use super::flows::{CrossKind, CrossTrafficSpec, FlowSpec, StreamKind, StreamSpec};
use super::{Scenario, ScenarioError};

type Checked = Result<(), ScenarioError>;

/// Longer scenarios than this are a slip of the pen.
const LONGEST: TimeDelta = TimeDelta::seconds(7 * 24 * 3_600);
/// More packets per second than this one source does not send.
pub(super) const FASTEST: DataRate = DataRate::kbps(400_000_000);

pub(super) fn scenario(scenario: &Scenario) -> Checked {
    if scenario.name.trim().is_empty() {
        return err(
            "name",
            "it is empty",
            "results go by it: say what the scenario is",
        );
    }
    if scenario.duration <= TimeDelta::ZERO || scenario.duration > LONGEST {
        return err(
            "duration",
            format!("{:?} is no duration of a scenario", scenario.duration),
            "make it longer than 0 and no longer than a week",
        );
    }
    for (name, link) in &scenario.links {
        check_links::link(&format!("links.{name}"), link, scenario)?;
    }
    for (name, medium) in &scenario.media {
        check_links::medium(&format!("media.{name}"), medium)?;
    }
    if scenario.flows.is_empty() && scenario.cross_traffic.is_empty() {
        return err(
            "flows",
            "nobody sends anything",
            "add `[[flows]]` or `[[cross_traffic]]`",
        );
    }
    let mut names = BTreeSet::new();
    for (n, flow) in scenario.flows.iter().enumerate() {
        let key = format!("flows[{n}]");
        unique(&format!("{key}.name"), &flow.name, &mut names)?;
        self::flow(&key, flow, scenario)?;
    }
    peers(&scenario.flows)?;
    for (n, cross) in scenario.cross_traffic.iter().enumerate() {
        let key = format!("cross_traffic[{n}]");
        unique(&format!("{key}.name"), &cross.name, &mut names)?;
        self::cross(&key, cross, scenario)?;
    }
    let mut names = BTreeSet::new();
    for (n, segment) in scenario.segments.iter().enumerate() {
        let key = format!("segments[{n}]");
        unique(&format!("{key}.name"), &segment.name, &mut names)?;
        span(&key, segment.from, segment.to, scenario.duration)?;
    }
    Ok(())
}

pub(super) fn err<T>(
    key: impl Into<String>,
    message: impl Into<String>,
    advice: impl Into<String>,
) -> Result<T, ScenarioError> {
    Err(ScenarioError::new(key, message, advice))
}

fn unique(key: &str, name: &str, names: &mut BTreeSet<String>) -> Checked {
    if name.trim().is_empty() {
        return err(key, "it is empty", "give it a name: results go by it");
    }
    if !names.insert(name.to_owned()) {
        return err(
            key,
            format!("`{name}` is there twice"),
            "give each a name of its own",
        );
    }
    Ok(())
}

/// `from` lies before `to`, and both within the scenario.
pub(super) fn span(key: &str, from: TimeDelta, to: TimeDelta, duration: TimeDelta) -> Checked {
    if from < TimeDelta::ZERO {
        return err(
            format!("{key}.from"),
            format!("{from:?} lies before the beginning"),
            "begin at \"0 s\" or later",
        );
    }
    if to <= from {
        return err(
            format!("{key}.to"),
            format!("it ends at {to:?}, before it begins at {from:?}"),
            "let `to` lie after `from`",
        );
    }
    if to > duration {
        return err(
            format!("{key}.to"),
            format!("{to:?} lies outside the duration of {duration:?}"),
            "end it earlier, or make `duration` longer",
        );
    }
    Ok(())
}

fn life(key: &str, start: TimeDelta, stop: TimeDelta, duration: TimeDelta) -> Checked {
    if start < TimeDelta::ZERO || start >= duration {
        return err(
            format!("{key}.start"),
            format!("{start:?} lies outside the duration of {duration:?}"),
            "start it within the scenario",
        );
    }
    if stop <= start {
        return err(
            format!("{key}.stop"),
            format!("it stops at {stop:?}, before it starts at {start:?}"),
            "let `stop` lie after `start`",
        );
    }
    if stop > duration {
        return err(
            format!("{key}.stop"),
            format!("{stop:?} lies outside the duration of {duration:?}"),
            "stop it earlier, or make `duration` longer",
        );
    }
    Ok(())
}

fn path(key: &str, path: &[String], may_be_empty: bool, scenario: &Scenario) -> Checked {
    if path.is_empty() && !may_be_empty {
        return err(key, "it is empty", "name the links that packets cross, in order");
    }
    for name in path {
        if !scenario.links.contains_key(name) {
            let known: Vec<_> = scenario.links.keys().map(|name| format!("`{name}`")).collect();
            let advice = if known.is_empty() {
                format!("add `[links.{name}]`")
            } else {
                format!("add `[links.{name}]`, or use one of: {}", known.join(", "))
            };
            return err(key, format!("there is no link `{name}`"), advice);
        }
    }
    Ok(())
}

fn flow(key: &str, flow: &FlowSpec, scenario: &Scenario) -> Checked {
    let duration = scenario.duration;
    path(&format!("{key}.path"), &flow.path, false, scenario)?;
    path(&format!("{key}.return_path"), &flow.return_path, true, scenario)?;
    life(key, flow.start, flow.stop, duration)?;
    let mut before = flow.start;
    for (n, pause) in flow.pauses.iter().enumerate() {
        span(&format!("{key}.pauses[{n}]"), pause.from, pause.to, duration)?;
        if pause.from < before {
            return err(
                format!("{key}.pauses[{n}].from"),
                format!("{:?} lies before the start or in the pause before", pause.from),
                "list pauses in their order, after `start` and none within another",
            );
        }
        before = pause.to;
    }
    for (n, change) in flow.route_changes.iter().enumerate() {
        let key = format!("{key}.route_changes[{n}]");
        if change.at < TimeDelta::ZERO || change.at > duration {
            return err(
                format!("{key}.at"),
                format!("{:?} lies outside the duration of {duration:?}", change.at),
                "let the change happen within the scenario",
            );
        }
        path(&format!("{key}.path"), &change.path, true, scenario)?;
        path(&format!("{key}.return_path"), &change.return_path, true, scenario)?;
    }
    if flow.minimum < DataRate::ZERO
        || flow.maximum <= DataRate::ZERO
        || flow.minimum > flow.maximum
        || flow.maximum > FASTEST
    {
        return err(
            format!("{key}.rate"),
            format!("{:?} to {:?} is no range of rates", flow.minimum, flow.maximum),
            "let `minimum` be 0 or more and `maximum` more than that",
        );
    }
    if flow.start_rate < flow.minimum || flow.start_rate > flow.maximum {
        return err(
            format!("{key}.rate.start"),
            format!(
                "{:?} lies outside {:?} to {:?}",
                flow.start_rate, flow.minimum, flow.maximum
            ),
            "start within `minimum` and `maximum`",
        );
    }
    positive(&format!("{key}.priority"), flow.priority)?;
    if flow.feedback_interval < TimeDelta::ms(1) || flow.feedback_interval > TimeDelta::seconds(10) {
        return err(
            format!("{key}.feedback_interval"),
            format!(
                "feedback every {:?} at the latest is none",
                flow.feedback_interval
            ),
            "choose between \"1 ms\" and \"10 s\"",
        );
    }
    if !(0.001..=1.0).contains(&flow.feedback_share) {
        return err(
            format!("{key}.feedback_share"),
            format!("{} is no share for feedback", flow.feedback_share),
            "choose between \"0.1 %\" and \"100 %\"",
        );
    }
    if flow.clock.drift_ppm.is_nan()
        || flow.clock.drift_ppm.abs() > 10_000.0
        || flow.clock.offset.abs() > TimeDelta::seconds(86_400)
    {
        return err(
            format!("{key}.clock"),
            "no clock is that wrong",
            "keep `drift_ppm` within 10000 and `offset` within a day",
        );
    }
    if flow.padding < DataRate::ZERO {
        return err(
            format!("{key}.padding"),
            "it is below zero",
            "leave it out for none",
        );
    }
    if !(0.0..=100.0).contains(&flow.pacing_factor) {
        return err(
            format!("{key}.pacing_factor"),
            "it is no factor",
            "choose between 0 (the controller's own) and 100",
        );
    }
    if flow.streams.is_empty() {
        return err(
            format!("{key}.streams"),
            "there are none",
            "add one, such as { kind = \"video\" }",
        );
    }
    let mut names = BTreeSet::new();
    for (n, stream) in flow.streams.iter().enumerate() {
        let key = format!("{key}.streams[{n}]");
        unique(&format!("{key}.name"), &stream.name, &mut names)?;
        self::stream(&key, stream)?;
    }
    Ok(())
}

/// Whoever is named as a peer is there, is not the flow itself, and is nobody else's.
fn peers(flows: &[FlowSpec]) -> Checked {
    for (n, flow) in flows.iter().enumerate().filter(|(_, flow)| !flow.peer.is_empty()) {
        let (key, name, peer) = (format!("flows[{n}].peer"), &flow.name, &flow.peer);
        if peer == name {
            return err(
                key,
                format!("`{name}` is a peer of itself"),
                "name the flow that its receiver sends the other way",
            );
        }
        let Some(other) = flows.iter().find(|other| other.name == *peer) else {
            return err(
                key,
                format!("there is no flow `{peer}`"),
                format!(
                    "add a flow of this name, or leave `peer` out: feedback on `{name}` then goes by what is received"
                ),
            );
        };
        if !other.peer.is_empty() && other.peer != *name {
            return err(
                key,
                format!("the peer of `{peer}` is `{}`, not `{name}`", other.peer),
                "let two flows be each other's peers; one of them need not name the other",
            );
        }
        if let Some(rival) = flows[..n].iter().find(|rival| rival.peer == *peer) {
            return err(
                key,
                format!("`{peer}` is the peer of `{}` already", rival.name),
                "a call has two flows: give each its own peer",
            );
        }
    }
    Ok(())
}

fn positive(key: &str, value: f64) -> Checked {
    if value > 0.0 && value <= 1e6 {
        return Ok(());
    }
    err(key, format!("{value} is no weight"), "choose a number above 0")
}

fn stream(key: &str, stream: &StreamSpec) -> Checked {
    if stream.minimum <= DataRate::ZERO || stream.maximum < stream.minimum || stream.maximum > FASTEST {
        return err(
            format!("{key}.minimum"),
            format!(
                "{:?} to {:?} is no range of rates",
                stream.minimum, stream.maximum
            ),
            "let `minimum` be more than 0 and `maximum` no less than that",
        );
    }
    positive(&format!("{key}.priority"), stream.priority)?;
    if let Some(repair) = stream.repair {
        if matches!(stream.kind, StreamKind::Audio(_)) {
            return err(
                format!("{key}.repair"),
                "voice is not repaired",
                "leave it out; video can be",
            );
        }
        if !(1..=100).contains(&repair.attempts)
            || !(TimeDelta::ms(1)..=TimeDelta::seconds(60)).contains(&repair.patience)
        {
            return err(
                format!("{key}.repair"),
                format!(
                    "nothing is repaired with {} requests within {:?}",
                    repair.attempts, repair.patience
                ),
                "let `attempts` be 1 to 100 and `patience` \"1 ms\" to \"60 s\"",
            );
        }
    }
    match &stream.kind {
        StreamKind::Audio(audio) => {
            if audio.frame < TimeDelta::ms(1) || audio.frame > TimeDelta::seconds(1) {
                return err(
                    format!("{key}.frame"),
                    format!("{:?} of voice is no packet", audio.frame),
                    "choose between \"1 ms\" and \"1 s\"",
                );
            }
        }
        StreamKind::Video(video) => {
            if !(1.0..=1_000.0).contains(&video.frame_rate) {
                return err(
                    format!("{key}.frame_rate"),
                    format!("{} frames per second are no video", video.frame_rate),
                    "choose between 1 and 1000",
                );
            }
            if video.lag < TimeDelta::ZERO || video.transient_size < DataSize::ZERO {
                return err(
                    format!("{key}.lag"),
                    "the model knows nothing below zero",
                    "make `lag` and `transient_size` 0 or more",
                );
            }
            if !(TimeDelta::ZERO..=TimeDelta::seconds(60)).contains(&video.warm_up) {
                return err(
                    format!("{key}.warm_up"),
                    format!("no encoder needs {:?} to warm up", video.warm_up),
                    "choose between \"0 s\" and \"60 s\"",
                );
            }
            for (name, scale) in [
                ("interval_scale", video.interval_scale),
                ("size_scale", video.size_scale),
            ] {
                if !(0.0..=1.0).contains(&scale) {
                    return err(
                        format!("{key}.{name}"),
                        format!("{scale} is no scale of noise"),
                        "choose between 0 and 1",
                    );
                }
            }
            packet(&format!("{key}.packet"), video.packet)?;
        }
    }
    Ok(())
}

fn packet(key: &str, size: DataSize) -> Checked {
    if (DataSize::bytes(40)..=DataSize::bytes(65_535)).contains(&size) {
        return Ok(());
    }
    err(
        key,
        format!("{size:?} is no packet"),
        "choose between \"40 B\" and \"65535 B\"",
    )
}

fn cross(key: &str, cross: &CrossTrafficSpec, scenario: &Scenario) -> Checked {
    path(&format!("{key}.path"), &cross.path, false, scenario)?;
    path(&format!("{key}.return_path"), &cross.return_path, true, scenario)?;
    life(key, cross.start, cross.stop, scenario.duration)?;
    if let Some(on_off) = cross.on_off
        && (on_off.on <= TimeDelta::ZERO || on_off.off <= TimeDelta::ZERO)
    {
        return err(
            format!("{key}.on_off"),
            "a span of it is not longer than 0",
            "make `on` and `off` longer than 0",
        );
    }
    match &cross.kind {
        CrossKind::Constant { rate, packet } | CrossKind::Poisson { rate, packet } => {
            check_links::steps(&format!("{key}.rate"), rate, scenario.duration, |rate| {
                (DataRate::ZERO..=FASTEST).contains(rate)
            })?;
            self::packet(&format!("{key}.packet"), *packet)
        }
        CrossKind::Burst(burst) => {
            if burst.packets == 0 || burst.packets > 1_000_000 {
                return err(
                    format!("{key}.packets"),
                    format!("{} packets are no burst", burst.packets),
                    "choose between 1 and 1000000",
                );
            }
            packet(&format!("{key}.packet"), burst.packet)
        }
        CrossKind::Tcp(tcp) => {
            if cross.on_off.is_some() {
                return err(
                    format!("{key}.on_off"),
                    "a TCP connection does not come and go",
                    "use `short`, or `start` and `stop`",
                );
            }
            if let Some(short) = tcp.short
                && (short.smallest <= DataSize::ZERO
                    || short.largest < short.smallest
                    || short.idle < TimeDelta::ZERO)
            {
                return err(
                    format!("{key}.short"),
                    format!("{:?} to {:?} is no range of sizes", short.smallest, short.largest),
                    "let `smallest` be more than 0, `largest` no less, and `idle` 0 or more",
                );
            }
            Ok(())
        }
    }
}
