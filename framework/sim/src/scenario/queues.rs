//! Queue disciplines as scenarios write them.

use jackfield_core::units::{DataSize, TimeDelta};

use super::ScenarioError;
use super::links::{QueueLimit, QueueSpec, RedSpec};
use super::raw::{RawQueue, RawQueueTable};
use super::units::{Limit, Share, Size, Time};

/// How much waits at most where nothing is said and the discipline keeps the queue short itself: RFC 8290 section 5.2.
const ROOM: QueueLimit = QueueLimit::Packets(10_240);

pub(super) fn queue(key: &str, raw: Option<RawQueue>) -> Result<QueueSpec, ScenarioError> {
    let raw = match raw {
        None => return Ok(QueueSpec::DropTail(QueueLimit::Unlimited)),
        Some(RawQueue::Limit(Limit(limit))) => return Ok(QueueSpec::DropTail(limit)),
        Some(RawQueue::Table(raw)) => *raw,
    };
    let (spec, allowed): (QueueSpec, &[&str]) = match raw.kind.as_str() {
        "drop-tail" => (
            QueueSpec::DropTail(raw.limit.map_or(QueueLimit::Unlimited, |Limit(limit)| limit)),
            &["limit"],
        ),
        "codel" => (
            QueueSpec::CoDel {
                limit: room(&raw),
                target: time(raw.target, 5),
                interval: time(raw.interval, 100),
                ecn: raw.ecn.unwrap_or(false),
            },
            &["limit", "target", "interval", "ecn"],
        ),
        "fq-codel" => (
            QueueSpec::FqCoDel {
                limit: room(&raw),
                target: time(raw.target, 5),
                interval: time(raw.interval, 100),
                ecn: raw.ecn.unwrap_or(true),
                queues: raw.queues.unwrap_or(1_024),
                quantum: raw.quantum.map_or(DataSize::bytes(1_514), |Size(size)| size),
            },
            &["limit", "target", "interval", "ecn", "queues", "quantum"],
        ),
        "pie" => (
            QueueSpec::Pie {
                limit: room(&raw),
                target: time(raw.target, 15),
                update: time(raw.update, 15),
                burst: time(raw.burst, 150),
                ecn: raw.ecn.unwrap_or(false),
            },
            &["limit", "target", "update", "burst", "ecn"],
        ),
        "red" => (
            QueueSpec::Red(red(key, &raw)?),
            &["limit", "minimum", "maximum", "probability", "weight", "ecn"],
        ),
        "dual-pi2" => (
            QueueSpec::DualPi2 {
                limit: room(&raw),
                target: time(raw.target, 15),
                update: time(raw.update, 16),
                step: time(raw.step, 1),
                coupling: raw.coupling.unwrap_or(2.0),
                classic_share: raw.classic_share.map_or(0.1, |Share(share)| share),
            },
            &["limit", "target", "update", "step", "coupling", "classic_share"],
        ),
        other => {
            return Err(ScenarioError::new(
                format!("{key}.kind"),
                format!("there is no queue of kind `{other}`"),
                "use `drop-tail`, `codel`, `fq-codel`, `pie`, `red` or `dual-pi2`",
            ));
        }
    };
    match given(&raw).into_iter().find(|name| !allowed.contains(name)) {
        Some(name) => Err(ScenarioError::new(
            format!("{key}.{name}"),
            format!("a queue of kind `{}` has no such key", raw.kind),
            format!("leave it out, or use one of: {}", allowed.join(", ")),
        )),
        None => Ok(spec),
    }
}

fn red(key: &str, raw: &RawQueueTable) -> Result<RedSpec, ScenarioError> {
    let needed = |name: &str| {
        ScenarioError::new(
            format!("{key}.{name}"),
            "a queue of kind `red` needs it",
            format!("add `{name}`, such as \"15 kB\""),
        )
    };
    Ok(RedSpec {
        limit: room(raw),
        minimum: raw.minimum.ok_or_else(|| needed("minimum"))?.0,
        maximum: raw.maximum.ok_or_else(|| needed("maximum"))?.0,
        probability: raw.probability.map_or(0.1, |Share(share)| share),
        weight: raw.weight.unwrap_or(0.002),
        ecn: raw.ecn.unwrap_or(false),
    })
}

fn room(raw: &RawQueueTable) -> QueueLimit {
    raw.limit.map_or(ROOM, |Limit(limit)| limit)
}

fn time(given: Option<Time>, ms: i64) -> TimeDelta {
    given.map_or(TimeDelta::ms(ms), |Time(time)| time)
}

/// The keys that the table has beside its kind.
fn given(raw: &RawQueueTable) -> Vec<&'static str> {
    let keys = [
        ("limit", raw.limit.is_some()),
        ("target", raw.target.is_some()),
        ("interval", raw.interval.is_some()),
        ("update", raw.update.is_some()),
        ("burst", raw.burst.is_some()),
        ("ecn", raw.ecn.is_some()),
        ("queues", raw.queues.is_some()),
        ("quantum", raw.quantum.is_some()),
        ("step", raw.step.is_some()),
        ("coupling", raw.coupling.is_some()),
        ("classic_share", raw.classic_share.is_some()),
        ("minimum", raw.minimum.is_some()),
        ("maximum", raw.maximum.is_some()),
        ("probability", raw.probability.is_some()),
        ("weight", raw.weight.is_some()),
    ];
    keys.into_iter()
        .filter(|(_, given)| *given)
        .map(|(name, _)| name)
        .collect()
}
