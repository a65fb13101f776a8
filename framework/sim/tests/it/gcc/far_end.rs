//! The far end of a call that knows no feedback on packets: it estimates what the path bears, and says so in REMB; and it asks for what is missing, as
//! often as something is, with a receiver report in front (a compound packet, RFC 3550 section 6.1). Its way back takes no time.

use std::sync::{Arc, Mutex};

use jackfield_congestion_receive_side::ReceiveSide;
use jackfield_sdk::prelude::*;

use super::scripted::Nobody;

/// What libwebrtc's estimator lies between.
const BOUNDS: (DataRate, DataRate) = (DataRate::kbps(5), DataRate::kbps(30_000));

/// An estimator, and what it has told the sender.
#[derive(Clone)]
pub(super) struct FarEnd(Arc<Mutex<Estimator>>);

struct Estimator {
    estimator: ReceiveSide,
    estimate: DataRate,
    told: Option<(Timestamp, DataRate)>,
    /// The number of the packet that is to come next.
    next: u64,
    /// Packets that came and did not since the last report, and when that was.
    received: u32,
    lost: u32,
    reported: Timestamp,
}

impl FarEnd {
    pub(super) fn new(mut estimator: ReceiveSide, start: DataRate) -> Self {
        let bounds = RateConstraints {
            minimum: BOUNDS.0,
            maximum: BOUNDS.1,
            start,
        };
        estimator
            .activate(Timestamp::ZERO, &bounds)
            .expect("these are bounds");
        Self(Arc::new(Mutex::new(Estimator {
            estimator,
            estimate: start,
            told: None,
            next: 0,
            received: 0,
            lost: 0,
            reported: Timestamp::ZERO,
        })))
    }

    /// A packet came.
    pub(super) fn received(&self, now: Timestamp, number: u64, sent: Timestamp, size: DataSize) {
        let mut this = self.0.lock().expect("nobody panicked");
        let event = CongestionEvent {
            size,
            ..CongestionEvent::new(CongestionEventKind::ReceivedPacket, sent)
        };
        let update = this.estimator.on_event(now, &event, &[], &mut Nobody);
        this.estimate = update.expect("it estimates").target;
        this.received += 1;
        this.lost += number.saturating_sub(this.next) as u32;
        this.next = this.next.max(number + 1);
    }

    /// What the sender is told now.
    pub(super) fn tells(&self, now: Timestamp) -> impl Iterator<Item = CongestionEvent> {
        let mut this = self.0.lock().expect("nobody panicked");
        [this.estimates(now), this.reports(now)].into_iter().flatten()
    }
}

impl Estimator {
    /// At once when it falls, and once a second else.
    fn estimates(&mut self, now: Timestamp) -> Option<CongestionEvent> {
        let due = self
            .told
            .is_none_or(|(at, rate)| self.estimate < rate || now - at >= TimeDelta::seconds(1));
        due.then(|| {
            self.told = Some((now, self.estimate));
            CongestionEvent {
                rate: self.estimate,
                ..CongestionEvent::new(CongestionEventKind::RemoteBitrate, now)
            }
        })
    }

    fn reports(&mut self, now: Timestamp) -> Option<CongestionEvent> {
        let (lost, received) = (self.lost, self.received);
        (lost > 0).then(|| {
            let since = std::mem::replace(&mut self.reported, now);
            (self.lost, self.received) = (0, 0);
            CongestionEvent {
                lost,
                received,
                ..CongestionEvent::new(CongestionEventKind::TransportLoss, since)
            }
        })
    }
}
