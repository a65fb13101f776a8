//! Who watches a run.

use jackfield_core::congestion_controller::CongestionUpdate;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};

use crate::clock::VirtualTime;
use crate::packet::{DropReason, PacketRecord};

/// Is told what happens in a run, in the order of its happening. Links, flows and cross traffic are numbered from 0: links in the order of
/// their names, flows and cross traffic in the order of the scenario. It must not change what happens: it is given nothing to change it with.
///
/// Packets of all sources are told of, feedback included: look at [`PacketRecord::source`].
pub trait Observer {
    /// The capacity of a link from now on: at the beginning, and at every change of its schedule. Links without a bound are not told of; of
    /// links with delivery slots, the average of each 200 ms is.
    fn capacity(&mut self, at: VirtualTime, link: usize, rate: DataRate) {
        let _ = (at, link, rate);
    }

    /// What a flow could have from now on if all shared fairly: of each link on its path, what constant traffic leaves, divided by the
    /// priorities of the flows and the long TCP connections (each of weight 1) that want it; the least of these. [`DataRate::INFINITE`] where
    /// nothing on the path has a bound.
    fn available(&mut self, at: VirtualTime, flow: usize, rate: DataRate) {
        let _ = (at, flow, rate);
    }

    /// A packet left its sender.
    fn sent(&mut self, at: VirtualTime, packet: &PacketRecord) {
        let _ = (at, packet);
    }

    /// A packet came to its receiver, after so much time in queues, behind packets of its own flow and of others.
    fn arrived(&mut self, at: VirtualTime, packet: &PacketRecord, queueing: TimeDelta) {
        let _ = (at, packet, queueing);
    }

    /// A packet will not come.
    fn dropped(&mut self, at: VirtualTime, packet: &PacketRecord, why: DropReason) {
        let _ = (at, packet, why);
    }

    /// A packet was marked with CE.
    fn marked(&mut self, at: VirtualTime, packet: &PacketRecord) {
        let _ = (at, packet);
    }

    /// A receiver sent feedback or a report of this size.
    fn feedback(&mut self, at: VirtualTime, flow: usize, size: DataSize) {
        let _ = (at, flow, size);
    }

    /// A controller answered an event with something new; zero in a field means: as before.
    fn decided(&mut self, at: VirtualTime, flow: usize, update: &CongestionUpdate) {
        let _ = (at, flow, update);
    }

    /// What became of a frame is known: it is complete, or never will be. Of voice, each packet is a frame. Frames of a stream with repair are
    /// told of in order, and are complete when all those before them are, or have been given up.
    fn frame(&mut self, flow: usize, frame: &FrameRecord) {
        let _ = (flow, frame);
    }

    /// A packet of a stream with repair that was lost at `lost` has come after all: it was asked for and sent again, as a
    /// [`PacketKind::Retransmission`](crate::PacketKind::Retransmission).
    fn repaired(&mut self, at: VirtualTime, flow: usize, lost: VirtualTime) {
        let _ = (at, flow, lost);
    }

    /// What waits before a link, whenever that changes.
    fn queue(&mut self, at: VirtualTime, link: usize, waiting: DataSize) {
        let _ = (at, link, waiting);
    }
}

/// Nobody watches.
impl Observer for () {}

/// A frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameRecord {
    /// The stream of the flow, from 0 in the order of the scenario.
    pub stream: u16,
    /// Its number in the stream, from 0.
    pub number: u32,
    /// Whether it is voice.
    pub audio: bool,
    /// When it was captured.
    pub captured: VirtualTime,
    /// Its size, headers included.
    pub size: DataSize,
    /// What the encoder was asked for when it made it.
    pub target: DataRate,
    /// When its last packet left the sender; nothing if one never did.
    pub sent: Option<VirtualTime>,
    /// When its last packet came; nothing if one never did.
    pub completed: Option<VirtualTime>,
}
