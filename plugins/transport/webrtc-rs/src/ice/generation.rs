//! The agents of one pair of credentials: one agent for each address of ours.

use std::collections::HashMap;
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

    /// Whether a check that names this user is for us.
    pub(super) fn is_called(&self, user: &[u8]) -> bool {
        user == format!("{}:{}", self.local.name, self.remote.name).as_bytes()
    }

    /// Hands a datagram to the agent whose address it came to. Tells whether there is one.
    pub(super) fn hand(&self, path: Path, datagram: &[u8]) -> bool {
        let member = self.members.iter().find(|member| member.address == path.local);
        member.is_some_and(|member| member.arriving.send((path.remote, datagram.to_vec())).is_ok())
    }

    /// The controlling peer checks `path`, and nominates it or not. Some peers nominate every good pair with every check, so only a new
    /// nomination counts, or any if our path has fallen silent.
    pub(super) fn heed(&mut self, now: Timestamp, path: Path, nominated: bool) {
        if !nominated {
            self.nominated.remove(&path);
            return;
        }
        let new = match self.nominated.insert(path, now) {
            Some(last) => now.since(last) > NOMINATION_LASTS,
            None => true,
        };
        if new || !self.answers(now, self.chosen) {
            self.wanted = Some(path);
        }
    }

    /// Settles on a path. The controlled end takes the one that the peer has nominated last, once it has answered there; otherwise it is
    /// the first that an agent has, until it falls silent and another has not.
    pub(super) fn choose(&mut self, now: Timestamp) {
        if let Some(nominated) = self.wanted.filter(|path| self.answered.contains_key(path)) {
            self.chosen = Some(nominated);
        } else if self.chosen.is_none() {
            let first = self.found().next();
            self.chosen = first;
        } else if self.controlling && !self.answers(now, self.chosen) {
            let other = self.found().find(|path| self.answers(now, Some(*path)));
            self.chosen = other.or(self.chosen);
        }
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
