//! A scenario as TOML has it.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

use super::units::{Limit, Rate, Share, Size, Time};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawScenario {
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: String,
    pub(super) duration: Time,
    #[serde(default)]
    pub(super) links: BTreeMap<String, RawLink>,
    #[serde(default)]
    pub(super) media: BTreeMap<String, RawMedium>,
    #[serde(default)]
    pub(super) flows: Vec<RawFlow>,
    #[serde(default)]
    pub(super) cross_traffic: Vec<RawCross>,
    #[serde(default)]
    pub(super) segments: Vec<RawSegment>,
    /// Read before this is.
    #[serde(default, rename = "sweep")]
    pub(super) _sweep: Option<de::IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLink {
    pub(super) rate: Option<RawRate>,
    pub(super) delay: Option<Steps<Time>>,
    pub(super) queue: Option<RawQueue>,
    pub(super) loss: Option<RawLoss>,
    pub(super) jitter: Option<RawJitter>,
    pub(super) reorder: Option<RawReorder>,
    pub(super) policer: Option<RawPolicer>,
    pub(super) ecn: Option<RawMarking>,
    #[serde(default)]
    pub(super) outages: Vec<RawOutage>,
    pub(super) medium: Option<String>,
    pub(super) category: Option<String>,
}

/// A rate, steps of it, or delivery slots.
#[derive(Debug)]
pub(super) enum RawRate {
    Unlimited,
    Steps(Steps<Rate>),
    Slots(RawSlots),
    Trace(String),
}

/// The two tables that a rate can be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRateTable {
    trace: Option<String>,
    slots: Option<Vec<Time>>,
    period: Option<Time>,
    size: Option<Size>,
}

#[derive(Debug)]
pub(super) struct RawSlots {
    pub(super) slots: Vec<Time>,
    pub(super) period: Time,
    pub(super) size: Option<Size>,
}

/// One value, or several, each from its instant on.
#[derive(Debug)]
pub(super) enum Steps<T> {
    One(T),
    Several(Vec<(Time, T)>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawQueueTable {
    pub(super) kind: String,
    pub(super) limit: Option<Limit>,
    pub(super) target: Option<Time>,
    pub(super) interval: Option<Time>,
    pub(super) update: Option<Time>,
    pub(super) burst: Option<Time>,
    pub(super) ecn: Option<bool>,
    pub(super) queues: Option<u32>,
    pub(super) quantum: Option<Size>,
    pub(super) step: Option<Time>,
    pub(super) coupling: Option<f64>,
    pub(super) classic_share: Option<Share>,
    pub(super) minimum: Option<Size>,
    pub(super) maximum: Option<Size>,
    pub(super) probability: Option<Share>,
    pub(super) weight: Option<f64>,
}

#[derive(Debug)]
pub(super) enum RawQueue {
    Limit(Limit),
    Table(Box<RawQueueTable>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLossTable {
    pub(super) kind: String,
    pub(super) share: Option<Steps<Share>>,
    pub(super) good: Option<Time>,
    pub(super) bad: Option<Time>,
    pub(super) loss_good: Option<Share>,
    pub(super) loss_bad: Option<Share>,
    pub(super) packets: Option<Vec<u64>>,
}

#[derive(Debug)]
pub(super) enum RawLoss {
    Share(Share),
    Table(Box<RawLossTable>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawJitter {
    pub(super) deviation: Time,
    pub(super) limit: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawReorder {
    pub(super) share: Share,
    pub(super) delay: Time,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPolicer {
    pub(super) rate: Rate,
    pub(super) burst: Size,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMarking {
    #[serde(default)]
    pub(super) bleach: bool,
    pub(super) share: Option<Share>,
    pub(super) above: Option<Time>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOutage {
    pub(super) from: Time,
    pub(super) to: Time,
    #[serde(default)]
    pub(super) hold: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMedium {
    pub(super) overhead: Time,
    pub(super) turn: Time,
    pub(super) packets: u32,
    pub(super) contention: Option<RawContention>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawContention {
    pub(super) slot: Option<Time>,
    pub(super) sifs: Option<Time>,
    pub(super) retries: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFlow {
    pub(super) name: String,
    pub(super) path: Vec<String>,
    #[serde(default)]
    pub(super) return_path: Vec<String>,
    pub(super) start: Option<Time>,
    pub(super) stop: Option<Time>,
    #[serde(default)]
    pub(super) pauses: Vec<RawSpan>,
    pub(super) rate: Option<RawBounds>,
    pub(super) priority: Option<f64>,
    pub(super) feedback: Option<String>,
    pub(super) peer: Option<String>,
    pub(super) feedback_interval: Option<Time>,
    pub(super) feedback_share: Option<Share>,
    pub(super) clock: Option<RawClock>,
    #[serde(default)]
    pub(super) route_changes: Vec<RawRoute>,
    pub(super) padding: Option<Rate>,
    #[serde(default)]
    pub(super) probe_when_limited: bool,
    pub(super) pacing_factor: Option<f64>,
    pub(super) streams: Vec<RawStream>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSpan {
    pub(super) from: Time,
    pub(super) to: Time,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBounds {
    pub(super) minimum: Option<Rate>,
    pub(super) start: Option<Rate>,
    pub(super) maximum: Option<Rate>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawClock {
    pub(super) offset: Option<Time>,
    #[serde(default)]
    pub(super) drift_ppm: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRoute {
    pub(super) at: Time,
    #[serde(default)]
    pub(super) path: Vec<String>,
    #[serde(default)]
    pub(super) return_path: Vec<String>,
    pub(super) start: Option<Rate>,
    pub(super) announced: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStream {
    pub(super) name: Option<String>,
    pub(super) kind: String,
    pub(super) rate: Option<Rate>,
    pub(super) minimum: Option<Rate>,
    pub(super) maximum: Option<Rate>,
    pub(super) priority: Option<f64>,
    pub(super) frame: Option<Time>,
    pub(super) model: Option<String>,
    pub(super) frame_rate: Option<f64>,
    pub(super) lag: Option<Time>,
    pub(super) warm_up: Option<Time>,
    pub(super) transient_frames: Option<u32>,
    pub(super) transient_size: Option<Size>,
    pub(super) interval_scale: Option<f64>,
    pub(super) size_scale: Option<f64>,
    pub(super) key_interval: Option<u32>,
    pub(super) packet: Option<Size>,
    pub(super) repair: Option<RawRepair>,
    pub(super) ladder: Option<Vec<RawRung>>,
    pub(super) skip_frames: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRung {
    pub(super) rate: Rate,
    pub(super) trace: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRepair {
    pub(super) attempts: Option<u32>,
    pub(super) patience: Option<Time>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCross {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) path: Vec<String>,
    #[serde(default)]
    pub(super) return_path: Vec<String>,
    pub(super) start: Option<Time>,
    pub(super) stop: Option<Time>,
    pub(super) rate: Option<Steps<Rate>>,
    pub(super) packet: Option<Size>,
    pub(super) packets: Option<u32>,
    pub(super) algorithm: Option<String>,
    pub(super) short: Option<RawShort>,
    #[serde(default)]
    pub(super) ecn: bool,
    #[serde(default)]
    pub(super) l4s: bool,
    pub(super) on_off: Option<RawOnOff>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawShort {
    pub(super) smallest: Option<Size>,
    pub(super) largest: Option<Size>,
    pub(super) idle: Option<Time>,
    pub(super) starts_on: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOnOff {
    pub(super) on: Time,
    pub(super) off: Time,
    pub(super) starts_on: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSegment {
    pub(super) name: String,
    pub(super) from: Time,
    pub(super) to: Time,
}

/// What a step is called in the file: `{ at = …, rate = … }`.
pub(super) trait StepValue: for<'de> Deserialize<'de> {
    const KEY: &'static str;
}

impl StepValue for Rate {
    const KEY: &'static str = "rate";
}

impl StepValue for Time {
    const KEY: &'static str = "delay";
}

impl StepValue for Share {
    const KEY: &'static str = "share";
}

struct Step<T>(Time, T);

impl<'de, T: StepValue> Deserialize<'de> for Step<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read<T>(std::marker::PhantomData<T>);
        impl<'de, T: StepValue> Visitor<'de> for Read<T> {
            type Value = Step<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a step, {{ at = …, {} = … }}", T::KEY)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Step<T>, A::Error> {
                let (mut at, mut value) = (None, None);
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "at" => at = Some(map.next_value()?),
                        key if key == T::KEY => value = Some(map.next_value()?),
                        _ => return Err(de::Error::unknown_field(&key, &["at", T::KEY])),
                    }
                }
                let at = at.ok_or_else(|| de::Error::missing_field("at"))?;
                let value = value.ok_or_else(|| de::Error::missing_field(T::KEY))?;
                Ok(Step(at, value))
            }
        }
        deserializer.deserialize_any(Read(std::marker::PhantomData))
    }
}

fn steps<'de, T: StepValue, A: SeqAccess<'de>>(mut list: A) -> Result<Steps<T>, A::Error> {
    let mut steps = Vec::new();
    while let Some(Step(at, value)) = list.next_element()? {
        steps.push((at, value));
    }
    Ok(Steps::Several(steps))
}

impl<'de, T: StepValue> Deserialize<'de> for Steps<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read<T>(std::marker::PhantomData<T>);
        impl<'de, T: StepValue> Visitor<'de> for Read<T> {
            type Value = Steps<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(
                    f,
                    "a {0} with its unit, or steps [{{ at = …, {0} = … }}, …]",
                    T::KEY
                )
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Steps<T>, E> {
                T::deserialize(de::value::StrDeserializer::new(text)).map(Steps::One)
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Steps<T>, E> {
                T::deserialize(de::value::F64Deserializer::new(value)).map(Steps::One)
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Steps<T>, E> {
                T::deserialize(de::value::I64Deserializer::new(value)).map(Steps::One)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Steps<T>, A::Error> {
                steps(list)
            }
        }
        deserializer.deserialize_any(Read(std::marker::PhantomData))
    }
}

impl<'de> Deserialize<'de> for RawRate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = RawRate;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a rate such as \"1 Mbit/s\", \"unlimited\", steps [{ at = …, rate = … }, …], { slots = […], period = … } or { trace = … }",
                )
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<RawRate, E> {
                if text.trim() == "unlimited" {
                    return Ok(RawRate::Unlimited);
                }
                Rate::deserialize(de::value::StrDeserializer::new(text))
                    .map(|rate| RawRate::Steps(Steps::One(rate)))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<RawRate, A::Error> {
                steps(list).map(RawRate::Steps)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawRate, A::Error> {
                let table = RawRateTable::deserialize(MapAccessDeserializer::new(map))?;
                match (table.trace, table.slots, table.period) {
                    (Some(trace), None, None) if table.size.is_none() => Ok(RawRate::Trace(trace)),
                    (None, Some(slots), Some(period)) => Ok(RawRate::Slots(RawSlots {
                        slots,
                        period,
                        size: table.size,
                    })),
                    (None, Some(_), None) => Err(de::Error::missing_field("period")),
                    (None, None, _) => Err(de::Error::missing_field("slots")),
                    _ => Err(de::Error::custom("`trace` goes with no other key")),
                }
            }
        }
        deserializer.deserialize_any(Read)
    }
}

impl<'de> Deserialize<'de> for RawQueue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = RawQueue;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("how much may wait, such as \"300 ms\", or { kind = \"codel\", … }")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<RawQueue, E> {
                Limit::deserialize(de::value::StrDeserializer::new(text)).map(RawQueue::Limit)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawQueue, A::Error> {
                let table = RawQueueTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(RawQueue::Table(Box::new(table)))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

impl<'de> Deserialize<'de> for RawLoss {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = RawLoss;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a share such as \"1 %\", or { kind = \"gilbert-elliott\", … }")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<RawLoss, E> {
                Share::deserialize(de::value::StrDeserializer::new(text)).map(RawLoss::Share)
            }
            fn visit_f64<E>(self, value: f64) -> Result<RawLoss, E> {
                Ok(RawLoss::Share(Share(value)))
            }
            fn visit_i64<E>(self, value: i64) -> Result<RawLoss, E> {
                Ok(RawLoss::Share(Share(value as f64)))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawLoss, A::Error> {
                let table = RawLossTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(RawLoss::Table(Box::new(table)))
            }
        }
        deserializer.deserialize_any(Read)
    }
}
