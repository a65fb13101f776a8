//! One line of an event log, and what its keys say.

use jackfield_core::congestion_controller::{
    CongestionEvent, CongestionEventKind, CongestionUpdate, PacketFeedback, ProbeCluster, RateConstraints,
};
use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};
use serde_json::{Map, Value};

use crate::fields::{self, Field};
use crate::log::Swapped;
use crate::sink::Identity;

/// A line, and how its keys are read. Errors are the end of a sentence about the line.
pub(crate) struct Line<'a>(pub(crate) &'a Map<String, Value>);

impl Line<'_> {
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.as_str()
    }

    pub(crate) fn whole(&self, key: &str) -> Result<Option<i64>, String> {
        match self.0.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value
                .as_i64()
                .map(Some)
                .ok_or_else(|| format!("has a `{key}` that is no whole number")),
        }
    }

    pub(crate) fn count(&self, key: &str) -> Result<u32, String> {
        let value = self.whole(key)?.unwrap_or(0);
        u32::try_from(value).map_err(|_| format!("has a `{key}` out of range"))
    }

    pub(crate) fn fraction(&self, key: &str) -> Result<f64, String> {
        match self.0.get(key) {
            None | Some(Value::Null) => Ok(0.0),
            Some(value) => value
                .as_f64()
                .ok_or_else(|| format!("has a `{key}` that is no number")),
        }
    }

    pub(crate) fn time(&self, key: &str) -> Result<Option<Timestamp>, String> {
        Ok(self.whole(key)?.map(timestamp))
    }

    /// The status of a fault; 0 if there is none.
    pub(crate) fn status(&self) -> Result<i32, String> {
        let status = self.whole("status")?.unwrap_or(0);
        i32::try_from(status).map_err(|_| "has a `status` out of range".to_owned())
    }

    pub(crate) fn swapped(&self, at: Timestamp, (flow, instance): (u32, u32)) -> Result<Swapped, String> {
        let rolled_back = self.text("outcome") != Some("committed");
        let swap = self.whole("swap")?.and_then(|n| u64::try_from(n).ok());
        Ok(Swapped {
            at,
            flow,
            instance,
            swap: swap.unwrap_or(0),
            rolled_back: rolled_back.then(|| self.text("why").unwrap_or_default().to_owned()),
        })
    }

    pub(crate) fn fields<T>(&self, fields: &[Field<T>], into: &mut T) -> Result<(), String> {
        for field in fields {
            if let Some(value) = self.whole(field.key)?
                && !(field.set)(into, value)
            {
                return Err(format!("has a `{}` out of range", field.key));
            }
        }
        Ok(())
    }

    fn rate(&self, key: &str) -> Result<DataRate, String> {
        Ok(DataRate::bps(self.whole(key)?.unwrap_or(0)))
    }

    pub(crate) fn constraints(&self) -> Result<RateConstraints, String> {
        Ok(RateConstraints {
            minimum: self.rate("minimum")?,
            maximum: self.rate("maximum")?,
            start: self.rate("start")?,
        })
    }

    pub(crate) fn update(&self) -> Result<CongestionUpdate, String> {
        Ok(CongestionUpdate {
            target: self.rate("target")?,
            pacing: self.rate("pacing")?,
            padding: self.rate("padding")?,
            window: DataSize::bytes(self.whole("window")?.unwrap_or(0)),
            estimate: self.rate("estimate")?,
            feedback_interval: TimeDelta::us(self.whole("feedback_interval")?.unwrap_or(0)),
            ecn: self.count("ecn")?,
            reserved: 0,
        })
    }

    pub(crate) fn probe(&self) -> Result<ProbeCluster, String> {
        Ok(ProbeCluster {
            id: self.count("cluster")?,
            minimum_packets: self.count("packets")?,
            rate: self.rate("rate")?,
            duration: TimeDelta::us(self.whole("duration")?.unwrap_or(0)),
        })
    }

    pub(crate) fn event(&self, at: Timestamp) -> Result<CongestionEvent, String> {
        let kind = match self.0.get("kind") {
            Some(Value::String(name)) => fields::kind_named(name)
                .ok_or_else(|| format!("tells of an unknown kind of event, `{name}`"))?,
            _ => CongestionEventKind(self.count("kind")?),
        };
        let mut event = CongestionEvent::new(kind, self.time("happened")?.unwrap_or(at));
        self.fields(fields::EVENT, &mut event)?;
        event.confidence = self.fraction("confidence")? as f32;
        event.pacing_factor = self.fraction("pacing_factor")? as f32;
        Ok(event)
    }

    pub(crate) fn packets(&self) -> Result<Vec<PacketFeedback>, String> {
        match self.0.get("packets") {
            None => Ok(Vec::new()),
            Some(Value::Array(packets)) => packets
                .iter()
                .map(|packet| {
                    read_packet(packet).ok_or_else(|| format!("has a packet that is none: {packet}"))
                })
                .collect(),
            Some(_) => Err("has `packets` that are no list".to_owned()),
        }
    }

    pub(crate) fn identity(&self) -> Result<Identity, String> {
        let parameters = match self.0.get("parameters") {
            Some(Value::Object(parameters)) => parameters
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), value.as_f64()?)))
                .collect(),
            _ => Vec::new(),
        };
        Ok(Identity {
            plugin: self.text("plugin").unwrap_or_default().to_owned(),
            version: self.text("version").unwrap_or_default().to_owned(),
            seed: match self.0.get("seed") {
                None => 0,
                Some(seed) => seed.as_u64().ok_or("has a `seed` that is no whole number")?,
            },
            parameters,
        })
    }
}

fn timestamp(ns: i64) -> Timestamp {
    Timestamp::from_us(ns.div_euclid(1_000))
}

fn read_packet(packet: &Value) -> Option<PacketFeedback> {
    let values = packet.as_array()?;
    let whole = |index: usize| values.get(index).and_then(Value::as_i64);
    let count = |index: usize| match values.get(index) {
        None => Some(0),
        Some(value) => value.as_u64().and_then(|value| u32::try_from(value).ok()),
    };
    Some(PacketFeedback {
        sequence_number: whole(0)?,
        sent: timestamp(whole(1)?),
        received: match values.get(2)? {
            Value::Null => Timestamp::NEVER,
            value => timestamp(value.as_i64()?),
        },
        arrival_offset: TimeDelta::us(whole(3)?),
        size: DataSize::bytes(whole(4)?),
        ecn: count(5)?,
        cluster: count(6)?,
        audio: count(7)?,
        recovered: count(8)?,
    })
}
