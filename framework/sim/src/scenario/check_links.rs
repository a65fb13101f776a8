//! What cannot be about links.

use std::fmt::Debug;

use jackfield_core::units::{DataRate, DataSize, TimeDelta};

use super::check::{FASTEST, err, span};
use super::links::{AccessCategory, LinkSpec, LossSpec, MediumSpec, QueueLimit, QueueSpec, RateSpec};
use super::{Scenario, ScenarioError};

type Checked = Result<(), ScenarioError>;

/// Longer than this no packet travels.
const FARTHEST: TimeDelta = TimeDelta::seconds(60);

pub(super) fn link(key: &str, link: &LinkSpec, scenario: &Scenario) -> Checked {
    rate(&format!("{key}.rate"), &link.rate, scenario)?;
    steps(&format!("{key}.delay"), &link.delay, scenario.duration, |delay| {
        (TimeDelta::ZERO..=FARTHEST).contains(delay)
    })?;
    queue(&format!("{key}.queue"), &link.queue)?;
    loss(&format!("{key}.loss"), &link.loss, scenario)?;
    if let Some(jitter) = link.jitter
        && (jitter.deviation < TimeDelta::ZERO
            || jitter.deviation > FARTHEST
            || !(0.0..=6.0).contains(&jitter.limit))
    {
        return err(
            format!("{key}.jitter"),
            format!(
                "{:?}, cut at {} deviations, is no jitter",
                jitter.deviation, jitter.limit
            ),
            "let `deviation` be 0 or more and `limit` 0 to 6",
        );
    }
    if let Some(reorder) = link.reorder {
        share(&format!("{key}.reorder.share"), reorder.share)?;
        if !(TimeDelta::ZERO..=FARTHEST).contains(&reorder.delay) {
            return err(
                format!("{key}.reorder.delay"),
                format!("nothing is held back for {:?}", reorder.delay),
                "choose between \"0 ms\" and \"60 s\"",
            );
        }
    }
    if let Some(policer) = link.policer
        && (policer.rate <= DataRate::ZERO || policer.burst <= DataSize::ZERO)
    {
        return err(
            format!("{key}.policer"),
            "it would let nothing through",
            "let `rate` and `burst` be more than 0; for a link that is down, add `outages`",
        );
    }
    share(&format!("{key}.ecn.share"), link.marking.share)?;
    if link.marking.above < TimeDelta::ZERO {
        return err(
            format!("{key}.ecn.above"),
            "it lies below zero",
            "leave it out if nothing shall be marked",
        );
    }
    for (n, outage) in link.outages.iter().enumerate() {
        span(
            &format!("{key}.outages[{n}]"),
            outage.from,
            outage.to,
            scenario.duration,
        )?;
    }
    let contends = link
        .medium
        .as_ref()
        .and_then(|medium| scenario.media.get(medium))
        .is_some_and(|medium| medium.contention.is_some());
    if link.category != AccessCategory::Distributed && !contends {
        return err(
            format!("{key}.category"),
            "nobody contends with this link",
            "name a `medium` that has a `contention`, or leave `category` out",
        );
    }
    if let Some(medium) = &link.medium {
        if !scenario.media.contains_key(medium) {
            return err(
                format!("{key}.medium"),
                format!("there is no medium `{medium}`"),
                format!("add `[media.{medium}]`"),
            );
        }
        if !matches!(link.rate, RateSpec::Steps(_)) {
            return err(
                format!("{key}.rate"),
                "a link in a shared medium needs a rate",
                "write how fast it sends when it is its turn, such as \"52 Mbit/s\"",
            );
        }
    }
    Ok(())
}

pub(super) fn medium(key: &str, medium: &MediumSpec) -> Checked {
    if medium.overhead < TimeDelta::ZERO || medium.turn <= TimeDelta::ZERO || medium.packets == 0 {
        return err(
            key,
            "nobody could send in it",
            "let `overhead` be 0 or more, `turn` longer than 0 and `packets` 1 or more",
        );
    }
    if let Some(contention) = medium.contention
        && !((TimeDelta::us(1)..=TimeDelta::ms(1)).contains(&contention.slot)
            && (TimeDelta::ZERO..=TimeDelta::ms(1)).contains(&contention.sifs)
            && contention.retries <= 255)
    {
        return err(
            format!("{key}.contention"),
            "nobody contends so",
            "let `slot` be \"1 us\" to \"1 ms\", `sifs` at most \"1 ms\" and `retries` at most 255",
        );
    }
    Ok(())
}

/// Steps stand in order, the first at 0, within the scenario, and each value is fine.
pub(super) fn steps<T: Debug>(
    key: &str,
    steps: &[(TimeDelta, T)],
    duration: TimeDelta,
    fine: impl Fn(&T) -> bool,
) -> Checked {
    if steps.first().is_none_or(|(at, _)| *at != TimeDelta::ZERO) {
        return err(
            key,
            "nothing is said about the beginning",
            "let the first step stand at \"0 s\"",
        );
    }
    if let Some(pair) = steps.windows(2).find(|pair| pair[1].0 <= pair[0].0) {
        return err(
            key,
            format!("a step at {:?} follows one at {:?}", pair[1].0, pair[0].0),
            "put the steps in order of time",
        );
    }
    if let Some((at, _)) = steps.iter().find(|(at, _)| *at > duration) {
        return err(
            key,
            format!("the step at {at:?} lies outside the duration of {duration:?}"),
            "take it out, or make `duration` longer",
        );
    }
    match steps.iter().find(|(_, value)| !fine(value)) {
        Some((_, value)) => err(
            key,
            format!("{value:?} cannot be"),
            "choose 0 or more, and no more than a network can",
        ),
        None => Ok(()),
    }
}

fn rate(key: &str, rate: &RateSpec, scenario: &Scenario) -> Checked {
    match rate {
        RateSpec::Unlimited => Ok(()),
        RateSpec::Steps(steps) => {
            self::steps(key, steps, scenario.duration, |rate| {
                (DataRate::ZERO..=FASTEST).contains(rate)
            })?;
            if steps.iter().all(|(_, rate)| *rate == DataRate::ZERO) {
                return err(
                    key,
                    "the link never sends anything",
                    "give it a rate above 0, or take its outages out of the rate into `outages`",
                );
            }
            Ok(())
        }
        RateSpec::Slots(slots) => {
            if slots.at.is_empty() || slots.size <= DataSize::ZERO {
                return err(
                    format!("{key}.slots"),
                    "nothing is ever delivered",
                    "list at least one slot, of a size above 0",
                );
            }
            if slots.at.windows(2).any(|pair| pair[1] < pair[0]) || slots.at[0] < TimeDelta::ZERO {
                return err(
                    format!("{key}.slots"),
                    "they are not in order of time",
                    "sort them, the first at 0 or later",
                );
            }
            if slots.period <= TimeDelta::ZERO || slots.at.last().is_some_and(|last| *last > slots.period) {
                return err(
                    format!("{key}.period"),
                    "slots lie beyond it",
                    "let it be as long as the trace",
                );
            }
            Ok(())
        }
    }
}

fn loss(key: &str, loss: &LossSpec, scenario: &Scenario) -> Checked {
    match loss {
        LossSpec::None => Ok(()),
        LossSpec::List(_) => Ok(()),
        LossSpec::Random { share } => {
            steps(key, share, scenario.duration, |share| (0.0..=1.0).contains(share))
        }
        LossSpec::GilbertElliott {
            good,
            bad,
            loss_good,
            loss_bad,
        } => {
            if *good < TimeDelta::ms(1) || *bad < TimeDelta::ms(1) {
                return err(
                    key,
                    "a state of the chain takes no time",
                    "let `good` and `bad` last \"1 ms\" or longer",
                );
            }
            share(&format!("{key}.loss_good"), *loss_good)?;
            share(&format!("{key}.loss_bad"), *loss_bad)
        }
    }
}

fn share(key: &str, share: f64) -> Checked {
    if (0.0..=1.0).contains(&share) {
        return Ok(());
    }
    err(
        key,
        format!("{share} is no share"),
        "choose between 0 and 1, or \"0 %\" and \"100 %\"",
    )
}

fn limit(key: &str, limit: QueueLimit) -> Checked {
    let nothing = match limit {
        QueueLimit::Unlimited => false,
        QueueLimit::Size(size) => size <= DataSize::ZERO,
        QueueLimit::Time(time) => time <= TimeDelta::ZERO,
        QueueLimit::Packets(packets) => packets == 0,
    };
    if nothing {
        return err(
            key,
            "a queue of 0 lets nothing through: a packet waits in it while it is sent",
            "choose more, such as \"300 ms\" or \"1 packet\"; for no limit, write \"unlimited\"",
        );
    }
    Ok(())
}

fn above_zero(key: &str, name: &str, time: TimeDelta) -> Checked {
    if time > TimeDelta::ZERO {
        return Ok(());
    }
    err(
        format!("{key}.{name}"),
        format!("{time:?} cannot be"),
        "choose more than 0, or leave it out for the RFC's value",
    )
}

fn queue(key: &str, queue: &QueueSpec) -> Checked {
    match queue {
        QueueSpec::DropTail(limit) => self::limit(key, *limit),
        QueueSpec::CoDel {
            limit,
            target,
            interval,
            ..
        } => {
            self::limit(&format!("{key}.limit"), *limit)?;
            above_zero(key, "target", *target)?;
            above_zero(key, "interval", *interval)
        }
        QueueSpec::FqCoDel {
            limit,
            target,
            interval,
            queues,
            quantum,
            ..
        } => {
            self::limit(&format!("{key}.limit"), *limit)?;
            above_zero(key, "target", *target)?;
            above_zero(key, "interval", *interval)?;
            if *queues == 0 || *queues > 65_536 {
                return err(
                    format!("{key}.queues"),
                    format!("{queues} queues cannot be"),
                    "choose between 1 and 65536",
                );
            }
            if *quantum < DataSize::bytes(64) {
                return err(
                    format!("{key}.quantum"),
                    format!("{quantum:?} is less than a packet"),
                    "choose \"64 B\" or more",
                );
            }
            Ok(())
        }
        QueueSpec::Pie {
            limit,
            target,
            update,
            burst,
            ..
        } => {
            self::limit(&format!("{key}.limit"), *limit)?;
            above_zero(key, "target", *target)?;
            above_zero(key, "update", *update)?;
            if *burst < TimeDelta::ZERO {
                return err(
                    format!("{key}.burst"),
                    format!("{burst:?} cannot be"),
                    "choose 0 or more",
                );
            }
            Ok(())
        }
        QueueSpec::Red(red) => {
            limit(&format!("{key}.limit"), red.limit)?;
            if red.minimum <= DataSize::ZERO || red.maximum <= red.minimum {
                return err(
                    format!("{key}.maximum"),
                    format!("{:?} to {:?} is no range", red.minimum, red.maximum),
                    "let `minimum` be more than 0 and `maximum` more than that",
                );
            }
            if !(red.weight > 0.0 && red.weight <= 1.0) {
                return err(
                    format!("{key}.weight"),
                    format!("{} is no weight", red.weight),
                    "choose more than 0 and at most 1",
                );
            }
            share(&format!("{key}.probability"), red.probability)
        }
        QueueSpec::DualPi2 {
            limit,
            target,
            update,
            step,
            coupling,
            classic_share,
        } => {
            self::limit(&format!("{key}.limit"), *limit)?;
            above_zero(key, "target", *target)?;
            above_zero(key, "update", *update)?;
            above_zero(key, "step", *step)?;
            if !(*coupling > 0.0 && *coupling <= 16.0) {
                return err(
                    format!("{key}.coupling"),
                    format!("{coupling} is no factor"),
                    "choose more than 0 and at most 16",
                );
            }
            if !(*classic_share > 0.0 && *classic_share < 1.0) {
                return err(
                    format!("{key}.classic_share"),
                    format!("{classic_share} leaves one of the queues nothing"),
                    "choose more than 0 and less than 1, such as 0.1",
                );
            }
            Ok(())
        }
    }
}
