//! ICE by `webrtc-ice`: agents that find the paths, and around them what they leave undone.
//!
//! An agent knows one address of ours, so there is one for each. An agent keeps the first pair that was nominated for ever, and measures
//! consent by the machine's clock: here later nominations are followed and consent is asked for by the caller's time. A restart makes new
//! agents beside the old ones, which keep the path until the new ones have one.

mod generation;

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

use jackfield_sdk::prelude::*;
use jackfield_sdk::secure_transport::Credentials;
use stun::agent::TransactionId;
use stun::attributes::{ATTR_USE_CANDIDATE, ATTR_USERNAME};
use stun::integrity::MessageIntegrity;
use stun::message::{CLASS_REQUEST, CLASS_SUCCESS_RESPONSE, METHOD_BINDING, Message};

use crate::candidate::Candidate;
use crate::engine::Engine;
use crate::socket::{Check, Outbox};
use generation::Generation;

/// Where a datagram goes from and to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Path {
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
}

/// Who a STUN message came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The peer: it knows the password.
    Peer,
    /// Somebody else, or the peer out of time.
    Stranger,
    /// Nobody: it is no STUN message.
    Garbage,
}

/// The peer is asked this often whether it still wants to hear from us (RFC 7675 asks for at most 5 s between two).
const CONSENT: TimeDelta = TimeDelta::seconds(1);
/// A check without an answer is forgotten after so long.
const FORGOTTEN: TimeDelta = TimeDelta::seconds(5);
/// More addresses than this one peer does not have.
const ADDRESSES: usize = 256;

/// The search for a path, and the path.
#[derive(Default)]
pub(crate) struct Ice {
    current: Option<Generation>,
    /// Agents from before a restart, until the present ones have a path.
    previous: Option<Generation>,
    leaving: Outbox<Check>,
    /// Our checks that have not been answered: when and where each was sent.
    pending: HashMap<TransactionId, (Timestamp, Path)>,
    /// Addresses from which somebody has shown that they know the password.
    known: HashSet<SocketAddr>,
    next_check: Option<Timestamp>,
    /// When the peer last proved that it is there.
    pub(crate) heard: Option<Timestamp>,
    /// When the peer last agreed to be sent to on the path in use.
    pub(crate) consent: Option<Timestamp>,
    /// How long the latest check and its answer took.
    pub(crate) round_trip: Option<TimeDelta>,
}

impl Ice {
    /// Begins, or begins anew with other credentials.
    pub(crate) fn begin(
        &mut self,
        engine: &Engine,
        addresses: &[SocketAddr],
        controlling: bool,
        local: Credentials,
        remote: Credentials,
    ) -> Result<(), Fault> {
        let mut generation = Generation::new(controlling, local, remote, self.leaving.clone());
        for address in addresses {
            generation.add_address(engine, *address)?;
        }
        let old = self.current.replace(generation);
        let previous = match (old, self.previous.take()) {
            (Some(old), Some(older)) if old.chosen.is_none() => {
                old.close(engine);
                Some(older)
            }
            (old, older) => {
                if let Some(older) = older {
                    older.close(engine);
                }
                old
            }
        };
        self.previous = previous;
        Ok(())
    }

    /// Gives up every search and every path.
    pub(crate) fn end(&mut self, engine: &Engine) {
        for generation in [self.current.take(), self.previous.take()].into_iter().flatten() {
            generation.close(engine);
        }
        self.leaving.empty();
        self.pending.clear();
        self.next_check = None;
    }

    /// Another address of ours, which came late.
    pub(crate) fn add_address(&mut self, engine: &Engine, address: SocketAddr) -> Result<(), Fault> {
        match &mut self.current {
            Some(generation) => generation.add_address(engine, address),
            None => Ok(()),
        }
    }

    /// An address of the peer.
    pub(crate) fn add_remote_candidate(&mut self, engine: &Engine, candidate: &Candidate) {
        if let Some(generation) = &mut self.current {
            generation.add_remote_candidate(engine, candidate);
        }
    }

    /// Hands a STUN message to the agent that it is for, if the peer wrote it. The engine has to run afterwards.
    pub(crate) fn receive(&mut self, now: Timestamp, path: Path, datagram: &[u8]) -> Heard {
        let mut message = Message::new();
        if message.unmarshal_binary(datagram).is_err() {
            return Heard::Garbage;
        }
        let heard = match (message.typ.method, message.typ.class) {
            (METHOD_BINDING, CLASS_REQUEST) => self.receive_request(now, path, &mut message, datagram),
            (METHOD_BINDING, CLASS_SUCCESS_RESPONSE) => {
                self.receive_response(now, path, &mut message, datagram)
            }
            _ => Heard::Stranger,
        };
        if heard == Heard::Peer {
            self.heard = Some(now);
            if self.known.len() < ADDRESSES {
                self.known.insert(path.remote);
            }
        }
        heard
    }

    fn receive_request(
        &mut self,
        now: Timestamp,
        path: Path,
        message: &mut Message,
        datagram: &[u8],
    ) -> Heard {
        let Ok(user) = message.get(ATTR_USERNAME) else {
            return Heard::Stranger;
        };
        let generations = [&mut self.current, &mut self.previous];
        let generation = generations
            .into_iter()
            .flatten()
            .find(|generation| generation.is_called(&user));
        let Some(generation) = generation else {
            return Heard::Stranger;
        };
        if !signed(message, &generation.local.password) || !generation.hand(path, datagram) {
            return Heard::Stranger;
        }
        generation.note_heard(now, path);
        if !generation.controlling {
            generation.heed(now, path, message.contains(ATTR_USE_CANDIDATE));
        }
        Heard::Peer
    }

    fn receive_response(
        &mut self,
        now: Timestamp,
        path: Path,
        message: &mut Message,
        datagram: &[u8],
    ) -> Heard {
        let Some((sent, asked)) = self.pending.get(&message.transaction_id).copied() else {
            return Heard::Stranger;
        };
        let generations = [&mut self.current, &mut self.previous];
        let generation = generations
            .into_iter()
            .flatten()
            .find(|generation| signed(message, &generation.remote.password));
        let Some(generation) = generation.filter(|_| asked == path) else {
            return Heard::Stranger;
        };
        self.pending.remove(&message.transaction_id);
        self.round_trip = Some(now.since(sent));
        generation.answered.insert(path, now);
        // The agents know nothing of our own checks and ignore the answers to them.
        generation.hand(path, datagram);
        if self.path().is_none_or(|chosen| chosen == path) {
            self.consent = Some(now);
        }
        Heard::Peer
    }

    /// After the engine has run: looks what the agents have found, and asks for consent if it is time.
    pub(crate) fn look(&mut self, now: Timestamp, engine: &Engine) -> Result<(), Fault> {
        if let Some(current) = &mut self.current {
            current.choose(now);
            if current.chosen.is_some()
                && let Some(previous) = self.previous.take()
            {
                previous.close(engine);
            }
        }
        if let Some(previous) = &mut self.previous {
            previous.choose(now);
        }
        if self.path().is_none() {
            return Ok(());
        }
        let next = *self.next_check.get_or_insert(now + CONSENT);
        if now >= next {
            self.next_check = Some(now + CONSENT);
            self.ask_for_consent(now)?;
        }
        Ok(())
    }

    fn ask_for_consent(&mut self, now: Timestamp) -> Result<(), Fault> {
        let generations = [&mut self.current, &mut self.previous];
        let mut generations = generations.into_iter().flatten();
        let Some(generation) = generations.find(|generation| generation.chosen.is_some()) else {
            return Ok(());
        };
        for path in generation.paths(now) {
            let check = generation.check(path).map_err(|error| {
                Fault::failed(format!(
                    "a check cannot be written ({error}): make a new transport"
                ))
            })?;
            self.leaving.put((path.local, path.remote, check));
        }
        Ok(())
    }

    /// The checks that are to be sent.
    pub(crate) fn transmit(&mut self, now: Timestamp) -> Vec<Check> {
        let checks = self.leaving.empty();
        if !checks.is_empty() {
            self.pending.retain(|_, (sent, _)| now.since(*sent) < FORGOTTEN);
        }
        for (local, remote, message) in &checks {
            let path = Path {
                local: *local,
                remote: *remote,
            };
            // A request: the others are answers, for which nobody waits.
            if let ([0, 1, ..], Some(id)) = (&message[..], message.get(8..20))
                && let Ok(id) = id.try_into()
            {
                self.pending.insert(TransactionId(id), (now, path));
            }
        }
        checks
    }

    fn in_use(&self) -> Option<(&Generation, Path)> {
        let generations = [&self.current, &self.previous];
        generations
            .into_iter()
            .flatten()
            .find_map(|generation| Some((generation, generation.chosen?)))
    }

    /// The path in use.
    pub(crate) fn path(&self) -> Option<Path> {
        self.in_use().map(|(_, path)| path)
    }

    /// The addresses that the peer has told.
    pub(crate) fn remote_candidates(&self) -> impl Iterator<Item = &Candidate> {
        self.current.iter().flat_map(Generation::remote_candidates)
    }

    /// Whether the present agents are still looking.
    pub(crate) fn searches(&self) -> bool {
        self.current
            .as_ref()
            .is_some_and(|generation| generation.chosen.is_none())
    }

    /// When consent is to be asked for.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.in_use()?;
        self.next_check
    }

    /// Whether the peer has shown itself at this address.
    pub(crate) fn knows(&self, address: SocketAddr) -> bool {
        self.known.contains(&address)
    }
}

fn signed(message: &mut Message, password: &str) -> bool {
    MessageIntegrity::new_short_term_integrity(password.to_owned())
        .check(message)
        .is_ok()
}
