//! From the text of a scenario to what is meant by it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jackfield_core::units::{DataRate, DataSize, TimeDelta};
use jackfield_rtp::twcc::FEEDBACK_SHARE;

use super::flows::{
    AudioSpec, Burst, ClockSpec, CrossKind, CrossTrafficSpec, FeedbackFormat, FlowSpec, OnOff, Pause,
    RepairSpec, RouteChange, Segment, ShortTcp, StreamKind, StreamSpec, TcpAlgorithm, TcpSpec, VideoSpec,
};
use super::links::{
    AccessCategory, ContentionSpec, DeliverySlots, JitterSpec, LinkSpec, LossSpec, MarkingSpec, MediumSpec,
    Outage, PolicerSpec, RateSpec, ReorderSpec,
};
use super::raw::{
    RawCross, RawFlow, RawLink, RawLoss, RawRate, RawScenario, RawSegment, RawShort, RawStream, Steps,
};
use super::traces::Traces;
use super::units::{Rate, Share, Size, Time};
use super::{Scenario, ScenarioError, TraceSource, check, ladder, queues, sweep};

/// The scenario of `text` as it is written.
pub(super) fn base(text: &str, source: &mut dyn TraceSource) -> Result<Scenario, ScenarioError> {
    written(text, &mut Traces::of(source))
}

fn written(text: &str, traces: &mut Traces<'_>) -> Result<Scenario, ScenarioError> {
    let raw: RawScenario = toml::from_str(text).map_err(|error| ScenarioError::syntax(text, &error))?;
    scenario(raw, traces)
}

/// All scenarios of `text`.
pub(super) fn all(text: &str, source: &mut dyn TraceSource) -> Result<Vec<Scenario>, ScenarioError> {
    let traces = &mut Traces::of(source);
    let base = written(text, traces)?;
    let variants = sweep::variants(text)?;
    if variants.is_empty() {
        return Ok(vec![base]);
    }
    let mut scenarios = Vec::new();
    for variant in variants {
        let raw: RawScenario = variant
            .table
            .try_into()
            .map_err(|error| ScenarioError::syntax("", &error).in_variant(&variant.name))?;
        let mut read = scenario(raw, traces).map_err(|error| error.in_variant(&variant.name))?;
        read.name = format!("{}/{}", base.name, variant.name);
        scenarios.push(read);
    }
    Ok(scenarios)
}

fn scenario(raw: RawScenario, traces: &mut Traces<'_>) -> Result<Scenario, ScenarioError> {
    let duration = raw.duration.0;
    let mut links = BTreeMap::new();
    let mut traced = BTreeSet::new();
    for (name, raw) in raw.links {
        if matches!(raw.rate, Some(RawRate::Trace(_))) {
            traced.insert(name.clone());
        }
        let spec = link(&format!("links.{name}"), raw, duration, traces)?;
        links.insert(name, spec);
    }
    let media = raw
        .media
        .into_iter()
        .map(|(name, raw)| {
            let spec = MediumSpec {
                overhead: raw.overhead.0,
                turn: raw.turn.0,
                packets: raw.packets,
                contention: raw.contention.map(|raw| ContentionSpec {
                    slot: raw.slot.map_or(ContentionSpec::DEFAULT.slot, |Time(slot)| slot),
                    sifs: raw.sifs.map_or(ContentionSpec::DEFAULT.sifs, |Time(sifs)| sifs),
                    retries: raw.retries.unwrap_or(ContentionSpec::DEFAULT.retries),
                }),
            };
            (name, spec)
        })
        .collect();
    let flows = raw
        .flows
        .into_iter()
        .enumerate()
        .map(|(n, raw)| flow(&format!("flows[{n}]"), raw, duration, traces))
        .collect::<Result<_, _>>()?;
    let cross_traffic = raw
        .cross_traffic
        .into_iter()
        .enumerate()
        .map(|(n, raw)| cross(&format!("cross_traffic[{n}]"), raw, duration))
        .collect::<Result<_, _>>()?;
    let segments = if raw.segments.is_empty() {
        by_capacity(
            links
                .iter()
                .filter(|(name, _)| !traced.contains(*name))
                .map(|(_, link)| link),
            duration,
        )
    } else {
        raw.segments.into_iter().map(segment).collect()
    };
    let scenario = Scenario {
        name: raw.name,
        description: raw.description,
        duration,
        links,
        media,
        flows,
        cross_traffic,
        segments,
    };
    check::scenario(&scenario)?;
    Ok(scenario)
}

fn segment(raw: RawSegment) -> Segment {
    Segment {
        name: raw.name,
        from: raw.from.0,
        to: raw.to.0,
    }
}

/// One segment for each step of the rate of any of these links.
fn by_capacity<'a>(links: impl Iterator<Item = &'a LinkSpec>, duration: TimeDelta) -> Vec<Segment> {
    let mut bounds = vec![TimeDelta::ZERO, duration];
    for link in links {
        if let RateSpec::Steps(steps) = &link.rate {
            bounds.extend(steps.iter().map(|(at, _)| *at).filter(|at| *at < duration));
        }
    }
    bounds.sort();
    bounds.dedup();
    bounds
        .windows(2)
        .map(|pair| Segment {
            name: format!("{}-{} s", pair[0].as_seconds_f64(), pair[1].as_seconds_f64()),
            from: pair[0],
            to: pair[1],
        })
        .collect()
}

/// Steps whose first stands at 0: what a first step at a later time leaves open is an error of the file.
fn stepped<T, U>(
    key: &str,
    steps: Steps<T>,
    value: impl Fn(T) -> U,
) -> Result<Vec<(TimeDelta, U)>, ScenarioError> {
    match steps {
        Steps::One(one) => Ok(vec![(TimeDelta::ZERO, value(one))]),
        Steps::Several(several) => {
            let steps: Vec<_> = several
                .into_iter()
                .map(|(Time(at), one)| (at, value(one)))
                .collect();
            if steps.first().is_none_or(|(at, _)| *at != TimeDelta::ZERO) {
                return Err(ScenarioError::new(
                    key,
                    "nothing is said about the beginning",
                    "let the first step stand at \"0 s\"",
                ));
            }
            Ok(steps)
        }
    }
}

fn link(
    key: &str,
    raw: RawLink,
    duration: TimeDelta,
    traces: &mut Traces<'_>,
) -> Result<LinkSpec, ScenarioError> {
    let rate = match raw.rate {
        None | Some(RawRate::Unlimited) => RateSpec::Unlimited,
        Some(RawRate::Steps(steps)) => {
            RateSpec::Steps(stepped(&format!("{key}.rate"), steps, |Rate(rate)| rate)?)
        }
        Some(RawRate::Trace(name)) => traces
            .rate(&format!("{key}.rate.trace"), &name)?
            .schedule(duration),
        Some(RawRate::Slots(slots)) => RateSpec::Slots(Arc::new(DeliverySlots {
            at: slots.slots.into_iter().map(|Time(at)| at).collect(),
            period: slots.period.0,
            size: slots.size.map_or(DataSize::bytes(1_504), |Size(size)| size),
        })),
    };
    let delay = match raw.delay {
        None => vec![(TimeDelta::ZERO, TimeDelta::ZERO)],
        Some(steps) => stepped(&format!("{key}.delay"), steps, |Time(delay)| delay)?,
    };
    let marking = raw.ecn.map_or(MarkingSpec::default(), |raw| MarkingSpec {
        bleach: raw.bleach,
        share: raw.share.map_or(0.0, |Share(share)| share),
        above: raw.above.map_or(TimeDelta::ZERO, |Time(above)| above),
    });
    Ok(LinkSpec {
        rate,
        delay,
        queue: queues::queue(&format!("{key}.queue"), raw.queue)?,
        loss: raw
            .loss
            .map_or(Ok(LossSpec::None), |raw| loss(&format!("{key}.loss"), raw))?,
        jitter: raw.jitter.map(|raw| JitterSpec {
            deviation: raw.deviation.0,
            limit: raw.limit.unwrap_or(3.0),
        }),
        reorder: raw.reorder.map(|raw| ReorderSpec {
            share: raw.share.0,
            delay: raw.delay.0,
        }),
        policer: raw.policer.map(|raw| PolicerSpec {
            rate: raw.rate.0,
            burst: raw.burst.0,
        }),
        marking,
        outages: raw
            .outages
            .into_iter()
            .map(|raw| Outage {
                from: raw.from.0,
                to: raw.to.0,
                hold: raw.hold,
            })
            .collect(),
        medium: raw.medium,
        category: raw.category.map_or(Ok(AccessCategory::Distributed), |name| {
            category(&format!("{key}.category"), &name)
        })?,
    })
}

fn category(key: &str, name: &str) -> Result<AccessCategory, ScenarioError> {
    match name {
        "none" => Ok(AccessCategory::Distributed),
        "background" => Ok(AccessCategory::Background),
        "best-effort" => Ok(AccessCategory::BestEffort),
        "video" => Ok(AccessCategory::Video),
        "voice" => Ok(AccessCategory::Voice),
        other => Err(ScenarioError::new(
            key,
            format!("there is no access category `{other}`"),
            "use `voice`, `video`, `best-effort`, `background`, or `none` for a station without WMM",
        )),
    }
}

fn loss(key: &str, raw: RawLoss) -> Result<LossSpec, ScenarioError> {
    let raw = match raw {
        RawLoss::Share(Share(share)) => {
            return Ok(LossSpec::Random {
                share: vec![(TimeDelta::ZERO, share)],
            });
        }
        RawLoss::Table(raw) => *raw,
    };
    let missing = |name: &str| {
        ScenarioError::new(
            format!("{key}.{name}"),
            format!("loss of kind `{}` needs it", raw.kind),
            format!("add `{name}`"),
        )
    };
    match raw.kind.as_str() {
        "random" => Ok(LossSpec::Random {
            share: stepped(
                &format!("{key}.share"),
                raw.share.ok_or_else(|| missing("share"))?,
                |Share(share)| share,
            )?,
        }),
        "gilbert-elliott" => Ok(LossSpec::GilbertElliott {
            good: raw.good.ok_or_else(|| missing("good"))?.0,
            bad: raw.bad.ok_or_else(|| missing("bad"))?.0,
            loss_good: raw.loss_good.map_or(0.0, |Share(share)| share),
            loss_bad: raw.loss_bad.map_or(1.0, |Share(share)| share),
        }),
        "list" => {
            let mut packets = raw.packets.ok_or_else(|| missing("packets"))?;
            packets.sort_unstable();
            packets.dedup();
            Ok(LossSpec::List(packets))
        }
        other => Err(ScenarioError::new(
            format!("{key}.kind"),
            format!("there is no loss of kind `{other}`"),
            "use `random`, `gilbert-elliott` or `list`",
        )),
    }
}

fn flow(
    key: &str,
    raw: RawFlow,
    duration: TimeDelta,
    traces: &mut Traces<'_>,
) -> Result<FlowSpec, ScenarioError> {
    let streams: Vec<StreamSpec> = raw
        .streams
        .into_iter()
        .enumerate()
        .map(|(n, raw)| stream(&format!("{key}.streams[{n}]"), raw, traces))
        .collect::<Result<_, _>>()?;
    let sum = |of: fn(&StreamSpec) -> DataRate| streams.iter().map(of).fold(DataRate::ZERO, |a, b| a + b);
    let (least, most) = (sum(|stream| stream.minimum), sum(|stream| stream.maximum));
    let (minimum, start, maximum) = raw
        .rate
        .map_or((None, None, None), |raw| (raw.minimum, raw.start, raw.maximum));
    let minimum = minimum.map_or(least, |Rate(rate)| rate);
    let maximum = maximum.map_or(most, |Rate(rate)| rate);
    Ok(FlowSpec {
        name: raw.name,
        path: raw.path,
        return_path: raw.return_path,
        start: raw.start.map_or(TimeDelta::ZERO, |Time(at)| at),
        stop: raw.stop.map_or(duration, |Time(at)| at),
        pauses: raw
            .pauses
            .into_iter()
            .map(|raw| Pause {
                from: raw.from.0,
                to: raw.to.0,
            })
            .collect(),
        streams,
        minimum,
        start_rate: start.map_or(DataRate::kbps(300).max(minimum).min(maximum), |Rate(rate)| rate),
        maximum,
        priority: raw.priority.unwrap_or(1.0),
        feedback: match raw.feedback.as_deref() {
            None | Some("transport-cc") => FeedbackFormat::TransportCc,
            Some("ccfb") => FeedbackFormat::Ccfb,
            Some("none") => FeedbackFormat::None,
            Some(other) => {
                return Err(ScenarioError::new(
                    format!("{key}.feedback"),
                    format!("there is no feedback `{other}`"),
                    "use `transport-cc`, `ccfb` or `none`",
                ));
            }
        },
        peer: raw.peer.unwrap_or_default(),
        feedback_share: raw.feedback_share.map_or(FEEDBACK_SHARE, |Share(share)| share),
        feedback_interval: raw
            .feedback_interval
            .map_or(TimeDelta::ms(250), |Time(time)| time),
        clock: raw.clock.map_or(ClockSpec::default(), |raw| ClockSpec {
            offset: raw.offset.map_or(TimeDelta::ZERO, |Time(time)| time),
            drift_ppm: raw.drift_ppm,
        }),
        route_changes: raw
            .route_changes
            .into_iter()
            .map(|raw| RouteChange {
                at: raw.at.0,
                path: raw.path,
                return_path: raw.return_path,
                start_rate: raw.start.map_or(DataRate::ZERO, |Rate(rate)| rate),
                announced: raw.announced.unwrap_or(true),
            })
            .collect(),
        padding: raw.padding.map_or(DataRate::ZERO, |Rate(rate)| rate),
        probe_when_limited: raw.probe_when_limited,
        pacing_factor: raw.pacing_factor.unwrap_or(0.0),
    })
}

fn stream(key: &str, mut raw: RawStream, traces: &mut Traces<'_>) -> Result<StreamSpec, ScenarioError> {
    let ladder = ladder::ladder(key, &mut raw, traces)?;
    let rate = raw.rate.map(|Rate(rate)| rate);
    let name = raw.name.unwrap_or_else(|| raw.kind.clone());
    let priority = raw.priority.unwrap_or(1.0);
    let repair = raw.repair.map(|raw| RepairSpec {
        attempts: raw.attempts.unwrap_or(RepairSpec::DEFAULT.attempts),
        patience: raw
            .patience
            .map_or(RepairSpec::DEFAULT.patience, |Time(patience)| patience),
    });
    match raw.kind.as_str() {
        "audio" => {
            let bound = |own: Option<Rate>| rate.or(own.map(|Rate(rate)| rate)).unwrap_or(DataRate::kbps(20));
            Ok(StreamSpec {
                name,
                kind: StreamKind::Audio(AudioSpec {
                    frame: raw.frame.map_or(TimeDelta::ms(20), |Time(time)| time),
                }),
                minimum: bound(raw.minimum),
                maximum: bound(raw.maximum),
                priority,
                repair,
                ladder,
            })
        }
        "video" => {
            let base = match raw.model.as_deref() {
                None | Some("rfc8593") => VideoSpec::RFC8593,
                Some("steady") => VideoSpec::STEADY,
                Some("trace") => VideoSpec::TRACED,
                Some("hybrid") => VideoSpec::HYBRID,
                Some(other) => {
                    return Err(ScenarioError::new(
                        format!("{key}.model"),
                        format!("there is no model `{other}`"),
                        "use `rfc8593`, `trace`, `hybrid` or `steady`",
                    ));
                }
            };
            let spec = VideoSpec {
                frame_rate: raw.frame_rate.unwrap_or(base.frame_rate),
                lag: raw.lag.map_or(base.lag, |Time(time)| time),
                warm_up: raw.warm_up.map_or(base.warm_up, |Time(time)| time),
                transient_frames: raw.transient_frames.unwrap_or(base.transient_frames),
                transient_size: raw.transient_size.map_or(base.transient_size, |Size(size)| size),
                interval_scale: raw.interval_scale.unwrap_or(base.interval_scale),
                size_scale: raw.size_scale.unwrap_or(base.size_scale),
                key_interval: raw.key_interval.unwrap_or(base.key_interval),
                packet: raw.packet.map_or(base.packet, |Size(size)| size),
            };
            Ok(StreamSpec {
                name,
                kind: StreamKind::Video(spec),
                minimum: rate
                    .or(raw.minimum.map(|Rate(rate)| rate))
                    .unwrap_or(DataRate::kbps(150)),
                maximum: rate
                    .or(raw.maximum.map(|Rate(rate)| rate))
                    .unwrap_or(DataRate::kbps(1_500)),
                priority,
                repair,
                ladder,
            })
        }
        other => Err(ScenarioError::new(
            format!("{key}.kind"),
            format!("there is no stream of kind `{other}`"),
            "use `audio` or `video`",
        )),
    }
}

fn cross(key: &str, raw: RawCross, duration: TimeDelta) -> Result<CrossTrafficSpec, ScenarioError> {
    let packet = raw.packet.map_or(DataSize::bytes(1_500), |Size(size)| size);
    let rate = raw
        .rate
        .map(|steps| stepped(&format!("{key}.rate"), steps, |Rate(rate)| rate))
        .transpose()?;
    let needed = |name: &str| {
        ScenarioError::new(
            format!("{key}.{name}"),
            format!("cross traffic of kind `{}` needs it", raw.kind),
            format!("add `{name}`"),
        )
    };
    let kind = match raw.kind.as_str() {
        "cbr" => CrossKind::Constant {
            rate: rate.ok_or_else(|| needed("rate"))?,
            packet,
        },
        "poisson" => CrossKind::Poisson {
            rate: rate.ok_or_else(|| needed("rate"))?,
            packet,
        },
        "burst" => CrossKind::Burst(Burst {
            packets: raw.packets.ok_or_else(|| needed("packets"))?,
            packet,
        }),
        "tcp" => CrossKind::Tcp(TcpSpec {
            algorithm: algorithm(key, raw.algorithm.as_deref())?,
            short: raw.short.map(|raw| short(&raw)),
            ecn: raw.ecn,
        }),
        other => {
            return Err(ScenarioError::new(
                format!("{key}.kind"),
                format!("there is no cross traffic of kind `{other}`"),
                "use `cbr`, `poisson`, `burst` or `tcp`",
            ));
        }
    };
    Ok(CrossTrafficSpec {
        name: raw.name,
        path: raw.path,
        return_path: raw.return_path,
        start: raw.start.map_or(TimeDelta::ZERO, |Time(at)| at),
        stop: raw.stop.map_or(duration, |Time(at)| at),
        kind,
        l4s: raw.l4s,
        on_off: raw.on_off.map(|raw| OnOff {
            on: raw.on.0,
            off: raw.off.0,
            starts_on: raw.starts_on.unwrap_or(true),
        }),
    })
}

fn short(raw: &RawShort) -> ShortTcp {
    ShortTcp {
        smallest: raw.smallest.map_or(DataSize::bytes(30_000), |Size(size)| size),
        largest: raw.largest.map_or(DataSize::bytes(50_000), |Size(size)| size),
        idle: raw.idle.map_or(TimeDelta::seconds(10), |Time(time)| time),
        starts_on: raw.starts_on.unwrap_or(true),
    }
}

fn algorithm(key: &str, name: Option<&str>) -> Result<TcpAlgorithm, ScenarioError> {
    match name {
        None | Some("reno") => Ok(TcpAlgorithm::Reno),
        Some("cubic") => Ok(TcpAlgorithm::Cubic),
        Some("bbr") => Ok(TcpAlgorithm::Bbr),
        Some("prague") => Ok(TcpAlgorithm::Prague),
        Some(other) => Err(ScenarioError::new(
            format!("{key}.algorithm"),
            format!("there is no TCP `{other}`"),
            "use `reno`, `cubic`, `bbr` or `prague`",
        )),
    }
}
