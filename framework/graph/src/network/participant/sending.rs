//! What leaves for a participant: packets that the pacer lets go, padding that it lacks, and RTCP.

use std::sync::atomic::Ordering::Relaxed;

use jackfield_core::time::Timestamp;
use jackfield_core::transport::PacketKind;
use jackfield_rtp::RtpError;
use jackfield_rtp::ecn::EcnMark;
use jackfield_rtp::send::NtpClock;

use super::{Commons, NetworkParticipant};
use crate::network::control::MAX_RTCP;
use crate::network::event::{DatagramSink, NetworkSocket};
use crate::network::media::{Media, WayOut};

/// So often a pacer is given padding at one time.
const ROUNDS: usize = 64;

impl NetworkParticipant {
    /// Sends what the pacer lets go.
    pub(crate) fn flush(&mut self, now: Timestamp, commons: &mut Commons, sink: &mut dyn DatagramSink) {
        // Each round sends what the pacer lets go, and gives it the padding that it then lacks.
        for _ in 0..ROUNDS {
            let media = &mut self.media;
            media.outgoing.set_congested(now, media.congestion.is_congested());
            let departing = media.outgoing.poll(now);
            self.send_departing(now, departing.cluster, commons, sink);
            if !self.media.outgoing.pad(now, departing) {
                break;
            }
        }
        self.media.decide(now);
        self.settle(now, commons, sink);
    }

    fn send_departing(
        &mut self,
        now: Timestamp,
        cluster: u32,
        commons: &mut Commons,
        sink: &mut dyn DatagramSink,
    ) {
        let media = &mut self.media;
        loop {
            let number = media.congestion.next_sequence_number();
            let (payloads, clock, scratch) = (&commons.payloads, &commons.clock, &mut commons.scratch);
            let Some(departure) = media.outgoing.depart(now, payloads, number, clock, scratch) else {
                break;
            };
            let packet = &scratch[..departure.len];
            let mark = media.congestion.mark();
            let mut way_out = WayOut {
                mark,
                stats: &media.stats,
                sink,
            };
            let sent = self.links.send(now, PacketKind::Rtp, packet, &mut way_out);
            if let Some(payload) = departure.payload {
                commons.payloads.release(payload);
            }
            if sent.is_err() {
                media.stats.dropped_outbound.fetch_add(1, Relaxed);
                continue;
            }
            media.outgoing.sent(&departure);
            media.stats.sent(&departure);
            if self.links.take_path_change() {
                let result = media.congestion.route_changed(now);
                media.note(NetworkSocket::Congestion, result);
            }
            let left = departure.left(mark, cluster);
            if departure.tracked {
                let result = media.congestion.sent(now, &left);
                media.note(NetworkSocket::Congestion, result);
            } else {
                media.congestion.sent_untracked(left.size);
            }
        }
    }

    pub(super) fn send_rtcp(
        &mut self,
        now: Timestamp,
        commons: &mut Commons,
        sink: &mut dyn DatagramSink,
        write: impl FnOnce(&mut Media, Timestamp, &NtpClock, &mut [u8]) -> Result<usize, RtpError>,
    ) {
        let scratch = &mut commons.scratch[..MAX_RTCP];
        let Ok(length) = write(&mut self.media, now, &commons.clock, scratch) else {
            return;
        };
        let mut way_out = WayOut {
            // Feedback tells of RTP alone.
            mark: EcnMark::NotCapable,
            stats: &self.media.stats,
            sink,
        };
        if self
            .links
            .send(now, PacketKind::Rtcp, &scratch[..length], &mut way_out)
            .is_ok()
        {
            self.media.stats.rtcp_sent.fetch_add(1, Relaxed);
        }
    }
}
