//! To which m-line a packet of a BUNDLE group belongs (RFC 8843 section 9.2): by MID and RID, else by SSRC, else by payload type.
//!
//! What is learnt from a packet is kept: an SSRC that once came with a MID needs it no more.
//!
//! Unsignalled SSRCs (B2.3): a packet with a MID that nobody has is dropped, whatever its SSRC says. One without MID and with an SSRC that
//! was never announced is bound to the m-line whose payload type it bears, if exactly one has it and [`UnsignalledPolicy`] lets it; else
//! it is dropped. At most [`MAX_BINDINGS`] SSRCs are learnt, so that a flood of them costs a bounded amount of memory.

use std::collections::BTreeMap;

use crate::extension::{ExtensionIds, ExtensionKind, StreamName};
use crate::header::RtpPacketView;

/// The most SSRCs that are learnt from packets.
pub const MAX_BINDINGS: usize = 1_000;

/// What happens to an SSRC that no description announced and that no MID explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum UnsignalledPolicy {
    /// Its payload type decides, if only one m-line has it: senders that signal no SSRC and send no MID are heard.
    #[default]
    ByPayloadType,
    /// It is dropped.
    Drop,
}

/// By what an m-line's packets are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Criteria {
    /// Its MID, if the MID extension was negotiated.
    pub mid: Option<StreamName>,
    /// Its simulcast layer. With a MID, both must agree.
    pub rid: Option<StreamName>,
    /// SSRCs that `a=ssrc` announced.
    pub ssrcs: Vec<u32>,
    /// Payload types that it may send.
    pub payload_types: Vec<u8>,
}

/// Why criteria were not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DemuxError {
    /// Neither MID nor RID nor SSRC nor payload type.
    #[error("criteria that name nothing match no packet: give a MID, an SSRC or a payload type")]
    Empty,
    /// Another sink has it already.
    #[error("another m-line has the same {0}: every m-line needs its own")]
    Taken(&'static str),
}

/// Finds for each packet the sink (the m-line's receiver) that `S` names.
///
/// ```
/// use jackfield_rtp::demux::{Criteria, Demuxer};
/// let mut demuxer = Demuxer::new(Default::default());
/// demuxer.add(&Criteria { ssrcs: vec![7], ..Default::default() }, "audio").unwrap();
/// assert_eq!(demuxer.sink_of_ssrc(7), Some("audio"));
/// ```
#[derive(Clone, Debug)]
pub struct Demuxer<S> {
    policy: UnsignalledPolicy,
    by_mid: BTreeMap<StreamName, S>,
    by_mid_rid: BTreeMap<(StreamName, StreamName), S>,
    by_rid: BTreeMap<StreamName, S>,
    /// Announced and learnt.
    by_ssrc: BTreeMap<u32, S>,
    /// Who may send a payload type; it decides if there is one alone.
    by_payload_type: BTreeMap<u8, Vec<S>>,
    mid_of_ssrc: BTreeMap<u32, StreamName>,
    rid_of_ssrc: BTreeMap<u32, StreamName>,
}

impl<S: Copy + PartialEq> Demuxer<S> {
    /// Without any sink.
    pub const fn new(policy: UnsignalledPolicy) -> Self {
        Self {
            policy,
            by_mid: BTreeMap::new(),
            by_mid_rid: BTreeMap::new(),
            by_rid: BTreeMap::new(),
            by_ssrc: BTreeMap::new(),
            by_payload_type: BTreeMap::new(),
            mid_of_ssrc: BTreeMap::new(),
            rid_of_ssrc: BTreeMap::new(),
        }
    }

    /// Sends what matches `criteria` to `sink`. All of it or, in case of error, nothing is taken.
    ///
    /// # Errors
    /// If the criteria are empty, or another sink has the same MID (and RID), RID or SSRC. Payload types may be shared; they then decide
    /// nothing.
    pub fn add(&mut self, criteria: &Criteria, sink: S) -> Result<(), DemuxError> {
        let Criteria {
            mid,
            rid,
            ssrcs,
            payload_types,
        } = criteria;
        if mid.is_none() && rid.is_none() && ssrcs.is_empty() && payload_types.is_empty() {
            return Err(DemuxError::Empty);
        }
        let others = |taken: Option<&S>| taken.is_some_and(|other| *other != sink);
        let name_taken = match (mid, rid) {
            // A MID alone and the same MID with a RID cannot both decide.
            (Some(mid), None) => {
                others(self.by_mid.get(mid))
                    || self.by_mid_rid.iter().any(|((m, _), s)| m == mid && *s != sink)
            }
            (Some(mid), Some(rid)) => {
                others(self.by_mid_rid.get(&(*mid, *rid))) || others(self.by_mid.get(mid))
            }
            (None, Some(rid)) => others(self.by_rid.get(rid)),
            (None, None) => false,
        };
        if name_taken {
            return Err(DemuxError::Taken(if mid.is_some() { "MID" } else { "RID" }));
        }
        if ssrcs.iter().any(|ssrc| others(self.by_ssrc.get(ssrc))) {
            return Err(DemuxError::Taken("SSRC"));
        }
        match (*mid, *rid) {
            (Some(mid), None) => drop(self.by_mid.insert(mid, sink)),
            (Some(mid), Some(rid)) => drop(self.by_mid_rid.insert((mid, rid), sink)),
            (None, Some(rid)) => drop(self.by_rid.insert(rid, sink)),
            (None, None) => {}
        }
        for ssrc in ssrcs {
            self.by_ssrc.insert(*ssrc, sink);
        }
        for payload_type in payload_types {
            let sinks = self.by_payload_type.entry(*payload_type).or_default();
            if !sinks.contains(&sink) {
                sinks.push(sink);
            }
        }
        Ok(())
    }

    /// Forgets a sink and all that was learnt for it. Whether there was one.
    pub fn remove(&mut self, sink: S) -> bool {
        let before = self.size();
        self.by_mid.retain(|_, s| *s != sink);
        self.by_mid_rid.retain(|_, s| *s != sink);
        self.by_rid.retain(|_, s| *s != sink);
        self.by_ssrc.retain(|_, s| *s != sink);
        self.by_payload_type.retain(|_, sinks| {
            sinks.retain(|s| *s != sink);
            !sinks.is_empty()
        });
        before != self.size()
    }

    /// The sink of a packet, if it has one; `ids` tell where MID and RID stand. Allocates only when a new SSRC is learnt.
    pub fn demux(&mut self, packet: &RtpPacketView<'_>, ids: &ExtensionIds) -> Option<S> {
        let name = |kind| ids.id(kind).and_then(|id| packet.extension(id));
        let ssrc = packet.ssrc();

        let mid = match name(ExtensionKind::Mid) {
            // RFC 8843: a MID that nobody has drops the packet, even if its SSRC is known.
            Some(mid) => Some(StreamName::parse(mid).filter(|mid| self.knows_mid(mid))?),
            None => None,
        };
        // A repair stream may carry both: then the layer that it repairs counts.
        let rid = name(ExtensionKind::RepairedRtpStreamId)
            .or_else(|| name(ExtensionKind::RtpStreamId))
            .and_then(StreamName::parse);
        let mid = learn(&mut self.mid_of_ssrc, ssrc, mid);
        let rid = learn(&mut self.rid_of_ssrc, ssrc, rid);

        let named = match (mid, rid) {
            (Some(mid), Some(rid)) => self.by_mid_rid.get(&(mid, rid)).or_else(|| self.by_mid.get(&mid)),
            (Some(mid), None) => self.by_mid.get(&mid),
            (None, Some(rid)) => self.by_rid.get(&rid),
            (None, None) => None,
        };
        if let Some(sink) = named.copied() {
            self.bind(ssrc, sink);
            return Some(sink);
        }
        if let Some(sink) = self.by_ssrc.get(&ssrc) {
            return Some(*sink);
        }
        match (
            self.policy,
            self.by_payload_type
                .get(&packet.payload_type())
                .map(Vec::as_slice),
        ) {
            (UnsignalledPolicy::ByPayloadType, Some([sink])) => {
                let sink = *sink;
                self.bind(ssrc, sink);
                Some(sink)
            }
            _ => None,
        }
    }

    /// The sink that an SSRC is bound to: RTCP about it goes there.
    pub fn sink_of_ssrc(&self, ssrc: u32) -> Option<S> {
        self.by_ssrc.get(&ssrc).copied()
    }

    fn knows_mid(&self, mid: &StreamName) -> bool {
        self.by_mid.contains_key(mid) || self.by_mid_rid.keys().any(|(known, _)| known == mid)
    }

    fn bind(&mut self, ssrc: u32, sink: S) {
        if let Some(bound) = self.by_ssrc.get_mut(&ssrc) {
            *bound = sink;
        } else if self.by_ssrc.len() < MAX_BINDINGS {
            self.by_ssrc.insert(ssrc, sink);
        }
    }

    fn size(&self) -> usize {
        let payload_types: usize = self.by_payload_type.values().map(Vec::len).sum();
        self.by_mid.len() + self.by_mid_rid.len() + self.by_rid.len() + self.by_ssrc.len() + payload_types
    }
}

/// The name that came, remembered for the SSRC; or the one remembered.
fn learn(names: &mut BTreeMap<u32, StreamName>, ssrc: u32, name: Option<StreamName>) -> Option<StreamName> {
    match name {
        None => names.get(&ssrc).copied(),
        Some(name) => {
            if names.len() < MAX_BINDINGS || names.contains_key(&ssrc) {
                names.insert(ssrc, name);
            }
            Some(name)
        }
    }
}
