//! Watches a light run and counts what its metrics are made of.

use jackfield_core::congestion_controller::CongestionUpdate;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};
use jackfield_sim::VirtualTime;
use jackfield_sim::light::{FrameRecord, Observer};
use jackfield_sim::scenario::{CrossKind, Scenario};
use jackfield_sim::{DropReason, Ecn, PacketKind, PacketRecord, Source};

use super::counts::{Cross, Flow, Link, freeze, ns, span};
use super::spans::Spans;
use super::windows::{Amounts, Steps, WINDOW_NS};

/// Measures a light run: an observer of it that keeps counts, histograms and windows of 100 ms, never packets.
///
/// After the run, [`Self::rows`] gives the values of all metrics of [`Registry::network`](super::Registry::network) and [`Self::series`] what
/// plots are drawn from.
#[derive(Clone, Debug)]
pub struct LightMetrics {
    pub(super) spans: Spans,
    pub(super) flows: Vec<Flow>,
    pub(super) cross: Vec<Cross>,
    pub(super) links: Vec<Link>,
    pub(super) windows: usize,
}

impl LightMetrics {
    /// For a run of `scenario`.
    pub fn new(scenario: &Scenario) -> Self {
        let windows = (ns(scenario.duration).div_ceil(WINDOW_NS) as usize).max(1);
        let spans = Spans::new(scenario);
        let path = |names: &[String]| -> Vec<usize> {
            names
                .iter()
                .filter_map(|name| scenario.link_number(name))
                .collect()
        };
        let mut paths: Vec<Vec<usize>> = scenario.flows.iter().map(|flow| path(&flow.path)).collect();
        paths.extend(scenario.cross_traffic.iter().map(|cross| path(&cross.path)));
        let rivals = |own: &[usize]| -> Vec<usize> {
            (0..paths.len())
                .filter(|other| paths[*other].iter().any(|link| own.contains(link)))
                .collect()
        };
        Self {
            flows: scenario
                .flows
                .iter()
                .zip(&paths)
                .map(|(spec, path)| Flow::new(spec, path.clone(), rivals(path), spans.all.len(), windows))
                .collect(),
            cross: scenario
                .cross_traffic
                .iter()
                .map(|spec| Cross {
                    name: spec.name.clone(),
                    tcp: matches!(&spec.kind, CrossKind::Tcp(tcp) if tcp.short.is_none()),
                    active: vec![span(spec.start, spec.stop)],
                    path: path(&spec.path),
                    in_flight: 0,
                    received: Amounts::new(windows),
                })
                .collect(),
            links: scenario
                .links
                .keys()
                .map(|name| Link {
                    name: name.clone(),
                    capacity: Steps::new(windows),
                    crossed: Amounts::new(windows),
                    queue: Amounts::new(windows),
                })
                .collect(),
            spans,
            windows,
        }
    }

    /// The share of a flow's bytes in all that is on its way over its links.
    fn own_share(&self, flow: usize) -> f64 {
        let total: i64 = self.flows[flow]
            .rivals
            .iter()
            .map(|rival| self.in_flight(*rival))
            .sum();
        if total <= 0 {
            1.0
        } else {
            self.flows[flow].in_flight as f64 / total as f64
        }
    }

    fn in_flight(&self, source: usize) -> i64 {
        match source.checked_sub(self.flows.len()) {
            None => self.flows[source].in_flight,
            Some(cross) => self.cross[cross].in_flight,
        }
    }

    /// Everything holds until the end. Called before anything is read.
    pub(super) fn held(&self) -> Self {
        let mut held = self.clone();
        let end = held.windows as u64 * WINDOW_NS;
        for flow in &mut held.flows {
            flow.target.hold(end);
            flow.available.hold(end);
            flow.weightless.hold(end);
            let stop = flow.active.last().map_or(end, |span| span.to);
            for stream in &mut flow.watches {
                if let Some(begin) = stream.watch.ends(stop) {
                    freeze(&mut flow.tallies, &held.spans, begin, stop);
                }
            }
        }
        for link in &mut held.links {
            link.capacity.hold(end);
        }
        held
    }
}

impl Observer for LightMetrics {
    fn capacity(&mut self, at: VirtualTime, link: usize, rate: DataRate) {
        if let Some(link) = self.links.get_mut(link) {
            link.capacity.set(at.ns(), finite(rate));
        }
    }

    fn available(&mut self, at: VirtualTime, flow: usize, rate: DataRate) {
        if let Some(flow) = self.flows.get_mut(flow) {
            let share = finite(rate);
            flow.weightless.set(at.ns(), share / flow.priority);
            // Where nothing bounds it but itself, it could have what it may send.
            flow.available.set(
                at.ns(),
                if share.is_nan() {
                    flow.maximum
                } else {
                    share.min(flow.maximum)
                },
            );
        }
    }

    fn sent(&mut self, at: VirtualTime, packet: &PacketRecord) {
        let bytes = packet.size.as_bytes();
        match packet.source {
            Source::Flow(index) => {
                let Some(flow) = self.flows.get_mut(index) else {
                    return;
                };
                flow.in_flight += bytes;
                flow.sent.add(at.ns(), bytes as f64);
                for span in self.spans.at(at.ns()) {
                    let tally = &mut flow.tallies[*span];
                    tally.packets += 1;
                    tally.bytes += bytes as u64;
                    match packet.kind {
                        PacketKind::Padding => tally.padding += bytes as u64,
                        PacketKind::Probe => tally.probes += bytes as u64,
                        PacketKind::Retransmission => tally.resent += bytes as u64,
                        _ => {}
                    }
                }
            }
            Source::CrossTraffic(index) if packet.kind != PacketKind::Acknowledgement => {
                if let Some(cross) = self.cross.get_mut(index) {
                    cross.in_flight += bytes;
                }
            }
            _ => {}
        }
    }

    fn arrived(&mut self, at: VirtualTime, packet: &PacketRecord, queueing: TimeDelta) {
        let bytes = packet.size.as_bytes();
        match packet.source {
            Source::Flow(index) if index < self.flows.len() => {
                let share = self.own_share(index);
                let flow = &mut self.flows[index];
                let delay = TimeDelta::us((at.ns().saturating_sub(packet.sent.ns()) / 1_000) as i64);
                flow.in_flight -= bytes;
                flow.received.add(at.ns(), bytes as f64);
                flow.arrived.add(at.ns(), 1.0);
                flow.delay.add(at.ns(), delay.as_ms_f64());
                for link in &flow.path {
                    self.links[*link].crossed.add(at.ns(), bytes as f64);
                }
                for span in self.spans.at(at.ns()) {
                    let tally = &mut flow.tallies[*span];
                    tally.received += bytes as u64;
                    tally.delay.add(delay);
                    tally.queueing.add(queueing);
                    tally.own_queueing.add(queueing * share);
                    if is_media(packet.kind) {
                        tally.media += 1;
                        tally.marked += u64::from(packet.ecn == Ecn::Ce);
                    }
                }
            }
            Source::CrossTraffic(index) if packet.kind != PacketKind::Acknowledgement => {
                let Some(cross) = self.cross.get_mut(index) else {
                    return;
                };
                cross.in_flight -= bytes;
                cross.received.add(at.ns(), bytes as f64);
                for link in &cross.path {
                    self.links[*link].crossed.add(at.ns(), bytes as f64);
                }
            }
            _ => {}
        }
    }

    fn dropped(&mut self, at: VirtualTime, packet: &PacketRecord, _: DropReason) {
        let bytes = packet.size.as_bytes();
        match packet.source {
            Source::Flow(index) => {
                let Some(flow) = self.flows.get_mut(index) else {
                    return;
                };
                flow.in_flight -= bytes;
                flow.lost.add(at.ns(), 1.0);
                if is_media(packet.kind) {
                    for span in self.spans.at(at.ns()) {
                        flow.tallies[*span].media_lost += 1;
                    }
                }
            }
            Source::CrossTraffic(index) if packet.kind != PacketKind::Acknowledgement => {
                if let Some(cross) = self.cross.get_mut(index) {
                    cross.in_flight -= bytes;
                }
            }
            _ => {}
        }
    }

    fn feedback(&mut self, at: VirtualTime, flow: usize, size: DataSize) {
        if let Some(flow) = self.flows.get_mut(flow) {
            for span in self.spans.at(at.ns()) {
                flow.tallies[*span].feedback += size.as_bytes().max(0) as u64;
            }
        }
    }

    fn decided(&mut self, at: VirtualTime, flow: usize, update: &CongestionUpdate) {
        if let Some(flow) = self.flows.get_mut(flow)
            && update.target > DataRate::ZERO
        {
            flow.target.set(at.ns(), finite(update.target));
        }
    }

    fn frame(&mut self, flow: usize, frame: &FrameRecord) {
        let Some(flow) = self.flows.get_mut(flow) else {
            return;
        };
        // A frame that never came counts where it was captured, so that none falls between segments.
        let at = frame.completed.unwrap_or(frame.captured);
        for (index, span) in self.spans.all.iter().enumerate() {
            if index > 0 && !(span.from <= at.ns() && at.ns() < span.to) {
                continue;
            }
            let tally = &mut flow.tallies[index];
            tally.frames += 1;
            tally.audio[1] += u64::from(frame.audio);
            match frame.completed {
                Some(completed) if !frame.audio => {
                    tally.video_frames += 1;
                    let us = completed.ns().saturating_sub(frame.captured.ns()) / 1_000;
                    tally.frame_delay.add(TimeDelta::us(us as i64));
                }
                Some(_) => {}
                None => {
                    tally.frames_lost += 1;
                    tally.audio[0] += u64::from(frame.audio);
                }
            }
        }
        if let (Some(completed), false) = (frame.completed, frame.audio) {
            flow.shown(frame, completed.ns(), &self.spans);
        }
    }

    fn repaired(&mut self, _: VirtualTime, flow: usize, lost: VirtualTime) {
        if let Some(flow) = self.flows.get_mut(flow) {
            // Where it was counted as lost, so that both losses are of the same packets.
            for span in self.spans.at(lost.ns()) {
                flow.tallies[*span].repaired += 1;
            }
        }
    }

    fn queue(&mut self, at: VirtualTime, link: usize, waiting: DataSize) {
        if let Some(link) = self.links.get_mut(link) {
            link.queue.raise(at.ns(), waiting.as_bytes() as f64 / 1e3);
        }
    }
}

/// Of a flow in whose place TCP is, each segment counts as media.
fn is_media(kind: PacketKind) -> bool {
    matches!(kind, PacketKind::Audio | PacketKind::Video | PacketKind::Tcp)
}

/// In bits per second; not a number where nothing bounds it.
fn finite(rate: DataRate) -> f64 {
    if rate == DataRate::INFINITE {
        f64::NAN
    } else {
        rate.as_bps() as f64
    }
}
