//! What the pacer of a stream is told: rates, its set-up, probes, and another one's queue when it is swapped in.

use jackfield_core::Fault;
use jackfield_core::congestion_controller::ProbeCluster;
use jackfield_core::pacer::{PacedPacket, Pacer, PacerConfig, PacketPriority};
use jackfield_core::time::Timestamp;
use jackfield_core::units::DataRate;

use super::{Content, Outgoing, Waiting};
use crate::network::decided::PacerRates;

impl Outgoing {
    pub(crate) fn pacer(&mut self) -> &mut dyn Pacer {
        &mut *self.pacer
    }

    /// Tells the pacer when the congestion controller's window fills up and when it empties.
    pub(crate) fn set_congested(&mut self, now: Timestamp, congested: bool) {
        if congested == self.congested {
            return;
        }
        self.congested = congested;
        if self.paces(now)
            && let Err(fault) = self.pacer.set_congested(now, u32::from(congested))
        {
            self.broke(fault);
        }
    }

    /// Whether the link bears that anything is sent that is no media.
    pub(crate) fn allow_padding(&mut self, allowed: bool) {
        self.padding_allowed = allowed;
    }

    /// Whether padding can be sent at all.
    pub(crate) fn pads(&self) -> bool {
        self.carries_padding && self.padding_allowed
    }

    /// Sends a cluster of packets to see whether the path bears it; false if the pacer cannot, or the stream has nothing to send it with.
    pub(crate) fn probe(&mut self, now: Timestamp, cluster: &ProbeCluster) -> bool {
        if !self.pads() || !self.paces(now) {
            return false;
        }
        let taken = self.pacer.probe(now, cluster).is_ok();
        self.fills |= taken;
        taken
    }

    /// How the pacer is set up.
    pub(crate) fn configure_pacer(&mut self, now: Timestamp, config: PacerConfig) {
        if config == self.pacer_config {
            return;
        }
        self.pacer_config = config;
        if self.paces(now)
            && let Err(fault) = self.pacer.configure(now, &config)
        {
            self.broke(fault);
        }
    }

    /// The rates at which packets may leave; padding has none where it cannot be sent.
    pub(crate) fn set_rates(&mut self, now: Timestamp, mut rates: PacerRates) {
        if !self.pads() {
            rates.padding = DataRate::ZERO;
        }
        if rates == self.rates {
            return;
        }
        self.fills |= rates.padding > DataRate::ZERO;
        self.rates = rates;
        if self.paces(now)
            && let Err(fault) = self.pacer.set_rates(now, rates.pacing, rates.padding)
        {
            self.broke(fault);
        }
    }

    /// Puts another pacer in with all that waits, in the same order. On failure it comes back, and the old one has its queue again.
    pub(crate) fn swap_pacer(
        &mut self,
        now: Timestamp,
        mut newcomer: Box<dyn Pacer>,
    ) -> Result<Box<dyn Pacer>, (Box<dyn Pacer>, Fault)> {
        self.departures.clear();
        let handed = self.pacer.hand_over(&mut self.departures);
        if handed.is_err() {
            self.departures.clear();
        }
        // The order is the old pacer's; what it has forgotten is sent all the same.
        let order = std::mem::take(&mut self.departures.0);
        let place = |handle| order.iter().position(|h| *h == handle).unwrap_or(usize::MAX);
        self.queue
            .make_contiguous()
            .sort_by_key(|waiting| place(waiting.handle));
        self.departures.0 = order;
        self.departures.clear();
        let rates = newcomer
            .set_rates(now, self.rates.pacing, self.rates.padding)
            .and_then(|()| newcomer.configure(now, &self.pacer_config))
            .and_then(|()| newcomer.set_congested(now, u32::from(self.congested)));
        let entered = rates.and_then(|()| {
            self.queue
                .iter()
                .try_for_each(|waiting| newcomer.enqueue(now, &self.paced(waiting)))
        });
        if let Err(fault) = entered {
            for waiting in &self.queue {
                let paced = paced(self.stream.ssrc(), waiting);
                if let Err(fault) = self.pacer.enqueue(now, &paced) {
                    self.broke(fault);
                    break;
                }
            }
            return Err((newcomer, fault));
        }
        self.pacer_broken = false;
        self.pacer_away = false;
        Ok(std::mem::replace(&mut self.pacer, newcomer))
    }

    pub(super) fn paced(&self, waiting: &Waiting) -> PacedPacket {
        paced(self.stream.ssrc(), waiting)
    }
}

fn paced(ssrc: u32, waiting: &Waiting) -> PacedPacket {
    PacedPacket {
        handle: waiting.handle,
        size: waiting.size,
        priority: match waiting.content {
            Content::Mix(_) => PacketPriority::Audio,
            Content::Padding(_) => PacketPriority::Padding,
        },
        ssrc,
    }
}
