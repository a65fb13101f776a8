//! What the network domain gives to whoever runs it.

use jackfield_core::Fault;
use jackfield_core::transport::{Route, TransportState};
use jackfield_core::units::DataRate;
use jackfield_rtp::ecn::EcnMark;

use crate::swap::SwapMeasure;

/// Takes what the network domain gives. The runtime puts sockets behind it, a test a virtual network.
pub trait DatagramSink {
    /// Send this datagram on this route.
    fn transmit(&mut self, route: &Route, datagram: &[u8]);
    /// Send it with this ECN mark. Who cannot mark sends it without: feedback tells that the marks do not come through.
    fn transmit_marked(&mut self, route: &Route, datagram: &[u8], mark: EcnMark) {
        let _ = mark;
        self.transmit(route, datagram);
    }
    /// Something happened to a participant.
    fn event(&mut self, participant: u32, event: NetworkEvent);
}

/// Something that happened to a participant.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum NetworkEvent {
    /// Its transport changed state.
    State(TransportState),
    /// The congestion controller allows another rate for all media together; its encoders should follow.
    TargetRate(DataRate),
    /// What is allowed is too little for a stream that we send, which pauses, or enough again, and it goes on.
    StreamPaused {
        /// The stream.
        ssrc: u32,
        /// Whether it pauses.
        paused: bool,
    },
    /// The remote end ended this stream (RTCP BYE).
    Goodbye {
        /// The stream.
        ssrc: u32,
    },
    /// A newcomer of the transport has connected and sends from now on; its predecessor is kept for a while.
    TransportTookOver,
    /// A swap of the transport ended: `Committed` if the newcomer sends and its predecessor has been closed, `RolledBack` if it never connected
    /// or failed while its predecessor was still there.
    TransportSwapped(SwapMeasure),
    /// A plugin broke and is gone around: packets leave unpaced, the last rate is held, what comes is told instead of an estimate, or the transport
    /// counts as failed.
    Fault {
        /// Which.
        socket: NetworkSocket,
        /// What it said.
        fault: Fault,
    },
}

/// A socket of the network domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NetworkSocket {
    /// The transport.
    Transport,
    /// The pacer.
    Pacer,
    /// The congestion controller.
    Congestion,
    /// What estimates how much may come, for ends that know REMB alone.
    Estimator,
}

/// Why the network domain did not do what it was asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// Nobody has this number.
    #[error("participant {0} is not in this room: it has left or was never added")]
    UnknownParticipant(u32),
    /// The codec was not negotiated.
    #[error("codec {codec} was not negotiated with participant {participant}: configure it first")]
    UnknownCodec {
        /// Who.
        participant: u32,
        /// Which.
        codec: u32,
    },
    /// There is no estimator to swap.
    #[error(
        "nothing estimates what participant {0} may send: it is told when its packets come, and reckons for itself"
    )]
    NoEstimator(u32),
    /// The plugin refused.
    #[error("the plugin refused: {0}")]
    Refused(#[from] Fault),
}
