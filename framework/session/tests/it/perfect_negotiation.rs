//! Two ends that both change their minds at any time always come to an agreement, if one of them is polite (pc.11).

use std::collections::VecDeque;

use jackfield_session::sdp::Direction;
use jackfield_session::{PeerConnection, SdpType, SignalingState};
use proptest::prelude::*;

use crate::support::{matcher, transport, wide_peer};

/// One end with the handlers that W3C's example of perfect negotiation has.
struct End {
    peer: PeerConnection,
    polite: bool,
    name: &'static str,
    restarts: u32,
    inbox: VecDeque<(SdpType, String)>,
}

impl End {
    fn new(seed: u64, polite: bool, name: &'static str) -> Self {
        Self {
            peer: wide_peer(seed),
            polite,
            name,
            restarts: 0,
            inbox: VecDeque::new(),
        }
    }

    fn transport(&self) -> jackfield_session::TransportDescription {
        transport(&format!("{}{:04}", self.name, self.restarts))
    }

    /// The handler of `negotiationneeded`: the offer to send, if one is due.
    fn offer(&mut self) -> Option<(SdpType, String)> {
        if !self.peer.negotiation_needed() {
            return None;
        }
        if self.peer.ice_restart_wanted() {
            self.restarts += 1;
        }
        let offer = self.peer.create_offer(&self.transport()).unwrap();
        self.peer.set_local_description(SdpType::Offer, "").unwrap();
        Some((SdpType::Offer, offer))
    }

    /// The handler of messages: the answer to send, if one is due.
    fn receive(&mut self) -> Option<(SdpType, String)> {
        let (kind, sdp) = self.inbox.pop_front()?;
        let collides = kind == SdpType::Offer && self.peer.signaling_state() != SignalingState::Stable;
        if collides && !self.polite {
            return None;
        }
        let applied = self
            .peer
            .set_remote_description(kind, &sdp, &mut matcher)
            .unwrap();
        if kind != SdpType::Offer {
            return None;
        }
        if applied.ice_restart {
            self.restarts += 1;
        }
        let answer = self.peer.create_answer(&self.transport()).unwrap();
        self.peer.set_local_description(SdpType::Answer, "").unwrap();
        Some((SdpType::Answer, answer))
    }
}

#[derive(Clone, Debug)]
enum Step {
    Offer(usize),
    Deliver(usize),
    Add(usize),
    Stop(usize, usize),
    Turn(usize, usize, Direction),
    Restart(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let direction = prop::sample::select(Direction::ALL.to_vec());
    let step = prop_oneof![
        4 => (0..2_usize).prop_map(Step::Offer),
        6 => (0..2_usize).prop_map(Step::Deliver),
        1 => (0..2_usize).prop_map(Step::Add),
        1 => (0..2_usize, 0..4_usize).prop_map(|(end, which)| Step::Stop(end, which)),
        2 => (0..2_usize, 0..4_usize, direction).prop_map(|(end, which, direction)| Step::Turn(end, which, direction)),
        1 => (0..2_usize).prop_map(Step::Restart),
    ];
    prop::collection::vec(step, 0..60)
}

fn take(ends: &mut [End; 2], step: &Step) {
    let (sender, message) = match step {
        Step::Offer(end) => (*end, ends[*end].offer()),
        Step::Deliver(end) => (*end, ends[*end].receive()),
        Step::Add(end) => {
            if ends[*end].peer.transceivers().len() < 4 {
                ends[*end].peer.add_audio().unwrap();
            }
            (*end, None)
        }
        Step::Stop(end, which) => {
            let id = ends[*end]
                .peer
                .transceivers()
                .get(*which)
                .map(jackfield_session::Transceiver::id);
            id.into_iter().for_each(|id| ends[*end].peer.stop(id).unwrap());
            (*end, None)
        }
        Step::Turn(end, which, direction) => {
            let running = ends[*end]
                .peer
                .transceivers()
                .get(*which)
                .filter(|transceiver| !transceiver.is_stopped());
            let id = running.map(jackfield_session::Transceiver::id);
            id.into_iter()
                .for_each(|id| ends[*end].peer.set_direction(id, *direction).unwrap());
            (*end, None)
        }
        Step::Restart(end) => {
            ends[*end].peer.restart_ice();
            (*end, None)
        }
    };
    ends[1 - sender].inbox.extend(message);
}

proptest! {
    #[test]
    fn e6_1_whatever_happens_in_whatever_order_both_ends_agree_in_the_end(steps in steps()) {
        let mut ends = [End::new(1, true, "poli"), End::new(2, false, "impo")];
        for step in &steps {
            take(&mut ends, step);
        }
        // Nobody changes anything any more: deliver what is under way and offer what is due, until all is quiet.
        let mut rounds = 0;
        loop {
            for step in [Step::Deliver(0), Step::Deliver(1), Step::Offer(0), Step::Offer(1)] {
                take(&mut ends, &step);
            }
            let quiet = ends.iter().all(|end| {
                end.inbox.is_empty()
                    && end.peer.signaling_state() == SignalingState::Stable
                    && !end.peer.negotiation_needed()
            });
            if quiet {
                break;
            }
            rounds += 1;
            prop_assert!(rounds < 100, "they never agree");
        }
        let [a, b] = &ends;
        let (ours, theirs): (Vec<_>, Vec<_>) = (a.peer.negotiated().collect(), b.peer.negotiated().collect());
        prop_assert_eq!(ours.len(), theirs.len());
        for ((_, a), (_, b)) in ours.iter().zip(&theirs) {
            prop_assert_eq!(&a.mid, &b.mid);
            prop_assert_eq!(a.direction, b.direction.reversed());
            if a.direction.sends() {
                prop_assert_eq!(&b.remote_ssrcs, &vec![a.local_ssrc]);
                prop_assert!(b.receive.iter().any(|choice| choice.payload_type == a.send.as_ref().unwrap().payload_type));
            }
        }
        let used: std::collections::BTreeSet<_> = a.peer.transceivers().iter().map(jackfield_session::Transceiver::m_line).collect();
        prop_assert_eq!(used.len(), a.peer.transceivers().len(), "no two transceivers share an m-line");
    }
}
