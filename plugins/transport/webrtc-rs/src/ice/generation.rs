//! The agents of one pair of credentials: one agent for each address of ours.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jackfield_sdk::prelude::*;
use jackfield_sdk::secure_transport::Credentials;
use stun::agent::TransactionId;
use stun::attributes::ATTR_USERNAME;
use stun::fingerprint::FINGERPRINT;
use stun::integrity::MessageIntegrity;
use stun::message::{BINDING_REQUEST, Message, Setter};
use stun::textattrs::Username;
use tokio::sync::mpsc::{Receiver, Sender, UnboundedSender, channel, unbounded_channel};
use webrtc_ice::agent::Agent;
use webrtc_ice::agent::agent_config::AgentConfig;
use webrtc_ice::candidate::CandidateType;
use webrtc_ice::candidate::candidate_base::unmarshal_candidate;
use webrtc_ice::control::{AttrControlled, AttrControlling};
use webrtc_ice::mdns::MulticastDnsMode;
use webrtc_ice::network_type::NetworkType;
use webrtc_ice::priority::PriorityAttr;
use webrtc_ice::udp_mux::{UDPMux, UDPMuxDefault, UDPMuxParams};
use webrtc_ice::udp_network::UDPNetwork;
use webrtc_ice::use_candidate::UseCandidateAttr;
use webrtc_util::vnet::interface::Interface;
use webrtc_util::vnet::net::Net;

use super::Path;
use crate::candidate::Candidate;
use crate::engine::Engine;
use crate::socket::{Check, CheckSocket, Outbox};

/// Unanswered checks are repeated this often.
const CHECKS: Duration = Duration::from_millis(50);
/// And so many times: a pair is not given up before the whole transport is.
const PATIENCE: u16 = 1_200;
/// The agents never find the peer gone: they would measure it by the machine's clock.
const NEVER: Duration = Duration::from_secs(1 << 32);
/// A path without answers for so long is left for one that has them.
const SILENT: TimeDelta = TimeDelta::ms(2_200);
/// A nomination that has not been repeated for so long is over; the next on that path is a new one.
const NOMINATION_LASTS: TimeDelta = TimeDelta::seconds(5);
/// The priority of a host candidate (RFC 8445 section 5.1.2.1).
const PRIORITY: u32 = (126 << 24) + (65_535 << 8) + 255;
/// More addresses than this, of ours or of the peer's, are not tried.
const ADDRESSES: usize = 32;
/// More paths than this are not checked at a time.
const PATHS: usize = 64;
/// What has not happened on a path for so long is forgotten.
const FORGOTTEN: TimeDelta = TimeDelta::seconds(60);

/// The agents and what they have found.
pub(super) struct Generation {
    pub(super) controlling: bool,
    pub(super) local: Credentials,
    pub(super) remote: Credentials,
    /// The path that the controlling peer wants.
    wanted: Option<Path>,
    /// When it last nominated each path, unless it has since checked it without nominating it.
    nominated: HashMap<Path, Timestamp>,
    /// When a check of ours was last answered on each path.
    pub(super) answered: HashMap<Path, Timestamp>,
    /// When the peer last checked us on each path.
    heard: HashMap<Path, Timestamp>,
    /// The path that is used.
    pub(super) chosen: Option<Path>,
    members: Vec<Member>,
    candidates: Vec<Candidate>,
    leaving: Outbox<Check>,
}

struct Member {
    address: SocketAddr,
    agent: Arc<Agent>,
    mux: Arc<UDPMuxDefault>,
    arriving: UnboundedSender<(SocketAddr, Vec<u8>)>,
    /// While it is held the agent goes on.
    _going: Sender<()>,
}

impl Generation {
    pub(super) fn new(
        controlling: bool,
        local: Credentials,
        remote: Credentials,
        leaving: Outbox<Check>,
    ) -> Self {
        Self {
            controlling,
            local,
            remote,
            wanted: None,
            nominated: HashMap::new(),
            answered: HashMap::new(),
            heard: HashMap::new(),
            chosen: None,
            members: Vec::new(),
            candidates: Vec::new(),
            leaving,
        }
    }

    /// Makes an agent for an address of ours and starts it.
    pub(super) fn add_address(&mut self, engine: &Engine, address: SocketAddr) -> Result<(), Fault> {
        let known = self.members.iter().any(|member| member.address == address);
        if known || self.members.len() >= ADDRESSES {
            return Ok(());
        }
        let failed = |why: &str| Fault::failed(format!("no ICE agent for {address} can be made: {why}"));
        let (arriving, receiver) = unbounded_channel();
        let socket = CheckSocket {
            address,
            arriving: tokio::sync::Mutex::new(receiver),
            leaving: self.leaving.clone(),
        };
        let local = self.local.clone();
        let made = engine.complete(async {
            let mux = UDPMuxDefault::new(UDPMuxParams::new(socket));
            let agent = Agent::new(config(address, &local, Arc::clone(&mux))?).await?;
            agent.on_candidate(Box::new(|_| Box::pin(async {})));
            agent.gather_candidates()?;
            Ok::<_, webrtc_ice::Error>((agent, mux))
        });
        let (agent, mux) = made
            .ok_or_else(|| failed("the runtime is gone"))?
            .map_err(|error| failed(&error.to_string()))?;
        let (going, stop) = channel(1);
        let agent = Arc::new(agent);
        engine.spawn(search(
            Arc::clone(&agent),
            self.controlling,
            self.remote.clone(),
            stop,
        ));
        for candidate in &self.candidates {
            tell(engine, &agent, candidate);
        }
        self.members.push(Member {
            address,
            agent,
            mux,
            arriving,
            _going: going,
        });
        Ok(())
    }

    pub(super) fn add_remote_candidate(&mut self, engine: &Engine, candidate: &Candidate) {
        if self.candidates.len() >= ADDRESSES || self.candidates.contains(candidate) {
            return;
        }
        self.candidates.push(candidate.clone());
        for member in &self.members {
            tell(engine, &member.agent, candidate);
        }
    }

    pub(super) fn remote_candidates(&self) -> impl Iterator<Item = &Candidate> {
        self.candidates.iter()
    }

    /// Whether a check that names this user is for us.
    pub(super) fn is_called(&self, user: &[u8]) -> bool {
        user == format!("{}:{}", self.local.name, self.remote.name).as_bytes()
    }

    /// Hands a datagram to the agent whose address it came to. Tells whether there is one.
    pub(super) fn hand(&self, path: Path, datagram: &[u8]) -> bool {
        let member = self.members.iter().find(|member| member.address == path.local);
        member.is_some_and(|member| member.arriving.send((path.remote, datagram.to_vec())).is_ok())
    }

    /// The peer has proved to be at the other end of `path`, which nobody need have told us: a gateway may have given it another name.
    pub(super) fn note_heard(&mut self, now: Timestamp, path: Path) {
        if self.heard.len() < PATHS || self.heard.contains_key(&path) {
            self.heard.insert(path, now);
        }
    }

    /// The controlling peer checks `path`, and nominates it or not. Some peers nominate every good pair with every check, so only a new
    /// nomination counts, or any if our path has fallen silent or the peer checks it without nominating it.
    pub(super) fn heed(&mut self, now: Timestamp, path: Path, nominated: bool) {
        if !nominated {
            self.nominated.remove(&path);
            return;
        }
        let new = match self.nominated.insert(path, now) {
            Some(last) => now.since(last) > NOMINATION_LASTS,
            None => true,
        };
        let given_up = self
            .chosen
            .is_some_and(|chosen| !self.nominated.contains_key(&chosen));
        if new || given_up || !self.answers(now, self.chosen) {
            self.wanted = Some(path);
        }
    }

    /// Settles on a path: at first on the first that an agent has. The controlled end then takes the one that the peer has nominated last,
    /// once it has answered there. The controlling end moves to a path that answers from an address of ours that was told earlier (the best
    /// comes first: IPv6, by RFC 8421), and from a path that has fallen silent to any that has not.
    pub(super) fn choose(&mut self, now: Timestamp) {
        if let Some(nominated) = self.wanted.filter(|path| self.answered.contains_key(path)) {
            self.chosen = Some(nominated);
        } else if self.chosen.is_none() {
            let first = self.found().next();
            self.chosen = first;
        } else if self.controlling
            && let Some(best) = self.best(now)
        {
            let better = self
                .chosen
                .is_none_or(|chosen| self.rank(best) < self.rank(chosen));
            if better || !self.answers(now, self.chosen) {
                self.chosen = Some(best);
            }
        }
    }

    /// Of the paths on which the peer answers, the one from the address of ours that was told first.
    fn best(&self, now: Timestamp) -> Option<Path> {
        let answering = self.answered.iter().filter(|(_, at)| now.since(**at) < SILENT);
        let (path, _) = answering.min_by_key(|(path, at)| (self.rank(**path), Reverse(**at), path.remote))?;
        Some(*path)
    }

    fn rank(&self, path: Path) -> usize {
        let mut members = self.members.iter();
        members
            .position(|member| member.address == path.local)
            .unwrap_or(usize::MAX)
    }

    /// The paths that are to be checked now: the one in use, those that agents have found, those on which the peer shows itself; and once ours
    /// has fallen silent every pair of addresses, since the agents try no more when they have found one.
    pub(super) fn paths(&mut self, now: Timestamp) -> Vec<Path> {
        self.answered.retain(|_, at| now.since(*at) < FORGOTTEN);
        self.heard.retain(|_, at| now.since(*at) < FORGOTTEN);
        let mut paths: Vec<Path> = self.chosen.into_iter().chain(self.found()).collect();
        let mut shown: Vec<Path> = self.heard.keys().copied().collect();
        shown.sort_by_key(|path| (path.local, path.remote));
        paths.extend(shown);
        if !self.answers(now, self.chosen) {
            let remotes = self.candidates.iter().map(|candidate| candidate.address);
            paths.extend(remotes.flat_map(|remote| {
                let ours = self.members.iter().map(|member| member.address);
                ours.filter(move |local| local.is_ipv4() == remote.is_ipv4())
                    .map(move |local| Path { local, remote })
            }));
        }
        let mut seen = HashSet::new();
        paths.retain(|path| seen.insert(*path));
        paths.truncate(PATHS);
        paths
    }

    fn answers(&self, now: Timestamp, path: Option<Path>) -> bool {
        let last = path.and_then(|path| self.answered.get(&path));
        last.is_some_and(|last| now.since(*last) < SILENT)
    }

    /// The paths that agents have found.
    pub(super) fn found(&self) -> impl Iterator<Item = Path> {
        self.members.iter().filter_map(|member| {
            let pair = member.agent.get_selected_candidate_pair()?;
            Some(Path {
                local: member.address,
                remote: pair.remote.addr(),
            })
        })
    }

    /// Writes a check that asks for consent, and for the path that we have chosen says so.
    pub(super) fn check(&self, path: Path) -> Result<Vec<u8>, stun::Error> {
        let user = format!("{}:{}", self.remote.name, self.local.name);
        let mut attributes: Vec<Box<dyn Setter>> = vec![
            Box::new(BINDING_REQUEST),
            Box::new(TransactionId::new()),
            Box::new(Username::new(ATTR_USERNAME, user)),
            Box::new(PriorityAttr(PRIORITY)),
        ];
        if self.controlling {
            attributes.push(Box::new(AttrControlling(0)));
            if self.chosen == Some(path) {
                attributes.push(Box::new(UseCandidateAttr::new()));
            }
        } else {
            attributes.push(Box::new(AttrControlled(0)));
        }
        attributes.push(Box::new(MessageIntegrity::new_short_term_integrity(
            self.remote.password.clone(),
        )));
        attributes.push(Box::new(FINGERPRINT));
        let mut message = Message::new();
        message.build(&attributes)?;
        Ok(message.raw)
    }

    /// Ends the agents.
    pub(super) fn close(self, engine: &Engine) {
        for member in self.members {
            engine.spawn(async move {
                let _ = member.agent.close().await;
                let _ = member.mux.close().await;
            });
        }
    }
}

fn config(
    address: SocketAddr,
    local: &Credentials,
    mux: Arc<UDPMuxDefault>,
) -> Result<AgentConfig, webrtc_ice::Error> {
    let interface = Interface::new("host".into(), vec![Interface::convert(address, None)?]);
    Ok(AgentConfig {
        udp_network: UDPNetwork::Muxed(mux),
        // The agent looks for its addresses here and not at this machine's.
        net: Some(Arc::new(Net::Ifs(vec![interface]))),
        include_loopback: true,
        local_ufrag: local.name.clone(),
        local_pwd: local.password.clone(),
        multicast_dns_mode: MulticastDnsMode::Disabled,
        network_types: vec![if address.is_ipv4() {
            NetworkType::Udp4
        } else {
            NetworkType::Udp6
        }],
        candidate_types: vec![CandidateType::Host],
        check_interval: CHECKS,
        max_binding_requests: Some(PATIENCE),
        keepalive_interval: Some(Duration::ZERO),
        disconnected_timeout: Some(NEVER),
        failed_timeout: Some(NEVER),
        ..AgentConfig::default()
    })
}

async fn search(agent: Arc<Agent>, controlling: bool, remote: Credentials, stop: Receiver<()>) {
    // What the agent's connection would carry goes its own way: only the path is asked for.
    if controlling {
        let _ = agent.dial(stop, remote.name, remote.password).await;
    } else {
        let _ = agent.accept(stop, remote.name, remote.password).await;
    }
}

fn tell(engine: &Engine, agent: &Arc<Agent>, candidate: &Candidate) {
    let (agent, text) = (Arc::clone(agent), candidate.text());
    engine.spawn(async move {
        if let Ok(candidate) = unmarshal_candidate(&text) {
            let candidate: Arc<dyn webrtc_ice::candidate::Candidate + Send + Sync> = Arc::new(candidate);
            let _ = agent.add_remote_candidate(&candidate);
        }
    });
}
