//! The far end of a call that knows no feedback on packets: it estimates what the path bears, and says so in REMB over a way back that takes
//! no time.

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
}

impl FarEnd {
    pub(super) fn new(mut estimator: ReceiveSide, start: DataRate) -> Self {
        let bounds = RateConstraints {
            minimum: BOUNDS.0,
            maximum: BOUNDS.1,
            start,
        };
        estimator.activate(Timestamp::ZERO, &bounds).expect("these are bounds");
        Self(Arc::new(Mutex::new(Estimator {
            estimator,
            estimate: start,
            told: None,
        })))
    }

    /// A packet came.
    pub(super) fn received(&self, now: Timestamp, sent: Timestamp, size: DataSize) {
        let mut this = self.0.lock().expect("nobody panicked");
        let event = CongestionEvent {
            size,
            ..CongestionEvent::new(CongestionEventKind::ReceivedPacket, sent)
        };
        let update = this.estimator.on_event(now, &event, &[], &mut Nobody);
        this.estimate = update.expect("it estimates").target;
    }

    /// What the sender is told now, if anything: at once when it falls, and once a second else.
    pub(super) fn tells(&self, now: Timestamp) -> Option<CongestionEvent> {
        let mut this = self.0.lock().expect("nobody panicked");
        let due = this
            .told
            .is_none_or(|(at, rate)| this.estimate < rate || now - at >= TimeDelta::seconds(1));
        due.then(|| {
            this.told = Some((now, this.estimate));
            CongestionEvent {
                rate: this.estimate,
                ..CongestionEvent::new(CongestionEventKind::RemoteBitrate, now)
            }
        })
    }
}
