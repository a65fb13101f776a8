//! ICE (RFC 8445) by the crate `is`, with what that library leaves to its caller: credentials that cannot be guessed, following a later
//! nomination at once, consent (RFC 7675), and the memory of who has proved to be the peer.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use is::stun::{StunMessage, StunPacket};
use is::{Candidate, CandidateKind, IceAgent, IceAgentEvent, IceConnectionState, IceCreds, Protocol};
use jackfield_sdk::prelude::*;

use crate::secrets::Secrets;

/// How soon checks follow one another (`Ta`). RFC 8445 says 50 ms or less if one knows better; at 50 the first answer waits for its turn.
const TIMING_ADVANCE: Duration = Duration::from_millis(5);
/// The longest wait between two checks of one pair: often enough that a peer that vanishes is missed within seconds.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// A pair is given up after so many checks without an answer: half a minute, as long as consent lasts.
const CHECKS: usize = 30;
/// When nothing has come along our path for so long but media comes along another proven one, we follow the media.
const FOLLOW_MEDIA: Duration = Duration::from_millis(500);
/// When nothing has come along our path for so long, any nomination is followed, and not only a new one.
const FOLLOW_NOMINATION: Duration = Duration::from_millis(1_500);
/// A nomination that has not been repeated for so long is over; the next on that path is a new one.
const NOMINATION_LASTS: Duration = Duration::from_secs(5);
/// When we control and nothing has come along our path for so long but the peer still answers on another, we nominate another.
const FAIL_OVER: Duration = Duration::from_secs(2);
/// How many paths we remember.
const PATHS: usize = 64;

/// From where to where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
}

impl From<Path> for Route {
    fn from(path: Path) -> Self {
        Self::new(path.local, path.remote)
    }
}

/// What became of a datagram that looked like STUN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Not STUN after all.
    Garbage,
    /// STUN, but not from our peer (or for an earlier session).
    Stranger,
    /// Our peer's, proved by its password.
    Peer,
}

/// One ICE agent and what we know beside it.
pub(crate) struct Ice {
    agent: IceAgent,
    /// Feeds the library's generator, which is one per thread, so that neither other instances nor the thread decide what we draw.
    draws: fastrand::Rng,
    /// The pair that the library has chosen last.
    chosen: Option<Path>,
    /// The pair that the controlling peer has asked for last.
    wanted: Option<Path>,
    /// The pair that we send on.
    selected: Option<Path>,
    known: Vec<Known>,
    lite: bool,
}

/// What we know of a path.
struct Known {
    path: Path,
    /// When the peer last proved itself there.
    heard: Instant,
    /// When the controlling peer last nominated it, unless it has since checked it without nominating it.
    nominated: Option<Instant>,
    /// When it last answered a check of ours there (RFC 7675 section 5.1).
    consent: Option<Instant>,
}

impl Ice {
    pub(crate) fn new(
        credentials: IceCreds,
        controlling: bool,
        lite: bool,
        secrets: &mut Secrets,
    ) -> Result<Self, Fault> {
        let mut agent = IceAgent::new(credentials);
        agent.set_controlling(controlling);
        agent.set_ice_lite(lite);
        agent.set_control_tie_breaker(secrets.number()?);
        agent.set_timing_advance(TIMING_ADVANCE);
        agent.set_max_stun_rto(LONGEST_WAIT);
        agent.set_max_stun_retransmits(CHECKS);
        let draws = fastrand::Rng::with_seed(secrets.number()?);
        Ok(Self {
            agent,
            draws,
            chosen: None,
            wanted: None,
            selected: None,
            known: Vec::new(),
            lite,
        })
    }

    /// New credentials: 48 random bits of name, 192 of password.
    pub(crate) fn credentials(secrets: &mut Secrets) -> Result<IceCreds, Fault> {
        Ok(IceCreds {
            ufrag: secrets.ice_text::<8>()?,
            pass: secrets.ice_text::<32>()?,
        })
    }

    pub(crate) fn local_credentials(&self) -> &IceCreds {
        self.agent.local_credentials()
    }

    pub(crate) fn remote_credentials(&self) -> Option<&IceCreds> {
        self.agent.remote_credentials()
    }

    pub(crate) fn set_controlling(&mut self, controlling: bool) {
        self.agent.set_controlling(controlling);
    }

    pub(crate) fn add_local_candidate(&mut self, candidate: Candidate) {
        self.draw();
        self.agent.add_local_candidate(candidate);
    }

    pub(crate) fn add_remote_candidate(&mut self, candidate: Candidate) {
        self.draw();
        self.agent.add_remote_candidate(candidate);
    }

    /// Takes the peer's credentials: the first time to begin, later (they differ) to restart with `own` as ours. While a restart looks
    /// for a path we keep sending on the one that we have.
    pub(crate) fn begin(&mut self, now: Instant, remote: IceCreds, own: Option<IceCreds>) {
        if let Some(own) = own {
            self.agent.ice_restart(own, true);
            self.chosen = None;
            self.wanted = None;
        }
        self.agent.set_remote_credentials(remote);
        self.handle_timeout(now);
    }

    /// Takes a datagram that looks like STUN.
    pub(crate) fn receive(&mut self, now: Instant, path: Path, datagram: &[u8]) -> Heard {
        let Ok(message) = StunMessage::parse(datagram) else {
            return Heard::Garbage;
        };
        let (request, nominated) = (message.is_binding_request(), message.use_candidate());
        let consents =
            message.is_successful_binding_response() || (self.lite && message.is_binding_request());
        self.draw();
        let packet = StunPacket {
            proto: Protocol::Udp,
            source: path.remote,
            destination: path.local,
            message,
        };
        if !self.agent.handle_packet(now, packet) {
            return Heard::Stranger;
        }
        self.remember(now, path, consents);
        if request {
            self.heed(now, path, nominated);
        }
        self.handle_timeout(now);
        Heard::Peer
    }

    /// The peer checks `path`, and nominates it or not. Some peers nominate every good pair with every check, so only a new nomination
    /// moves us, or any if our own path has fallen silent.
    fn heed(&mut self, now: Instant, path: Path, nominated: bool) {
        let since = |at: Instant| now.saturating_duration_since(at);
        let heard = self.selected.and_then(|selected| self.last_heard_on(selected));
        let silent = heard.is_none_or(|heard| since(heard) > FOLLOW_NOMINATION);
        let Some(known) = self.known.iter_mut().find(|known| known.path == path) else {
            return;
        };
        let new = known.nominated.is_none_or(|at| since(at) > NOMINATION_LASTS);
        known.nominated = nominated.then_some(now);
        if nominated && (new || silent) {
            self.wanted = Some(path);
        }
    }

    /// Notes that an authentic packet of the peer's came along `path`.
    pub(crate) fn heard_media(&mut self, now: Instant, path: Path) {
        self.remember(now, path, false);
        if self.selected == Some(path)
            || self.agent.controlling()
            || !self.agent.has_viable_remote_candidate(path.remote)
        {
            return;
        }
        let silent = self
            .selected
            .and_then(|selected| self.last_heard_on(selected))
            .is_none_or(|heard| now.saturating_duration_since(heard) > FOLLOW_MEDIA);
        if silent {
            self.selected = Some(path);
        }
    }

    /// Advances the agent and decides on which path we send.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.draw();
        self.fail_over(now);
        self.agent.handle_timeout(now);
        while let Some(event) = self.agent.poll_event() {
            if let IceAgentEvent::NominatedSend {
                source, destination, ..
            } = event
            {
                let path = Path {
                    local: source,
                    remote: destination,
                };
                self.chosen = Some(path);
                self.selected = Some(path);
            }
        }
        // The library takes the nominated pair of the highest priority, not the one nominated last. A controlling peer that moves on has a
        // reason to, and in the end keeps only the path that it moved to.
        if let Some(wanted) = self.wanted
            && !self.agent.controlling()
            && self.agent.has_viable_remote_candidate(wanted.remote)
        {
            self.selected = Some(wanted);
            self.wanted = None;
        }
        // We moved away from the library's choice and the path that we moved to has died.
        if let (Some(selected), Some(chosen)) = (self.selected, self.chosen)
            && selected != chosen
            && !self.agent.has_viable_remote_candidate(selected.remote)
            && self.agent.has_viable_remote_candidate(chosen.remote)
        {
            self.selected = Some(chosen);
        }
    }

    pub(crate) fn deadline(&mut self) -> Option<Instant> {
        self.agent.poll_timeout()
    }

    /// The next STUN message to send, and where.
    pub(crate) fn transmit(&mut self) -> Option<(Path, Vec<u8>)> {
        let transmit = self.agent.poll_transmit()?;
        Some((
            Path {
                local: transmit.source,
                remote: transmit.destination,
            },
            transmit.contents.into(),
        ))
    }

    /// Where we send.
    pub(crate) fn selected(&self) -> Option<Path> {
        self.selected
    }

    /// Whether whoever is at `remote` has proved to be our peer.
    pub(crate) fn knows(&self, remote: SocketAddr) -> bool {
        self.known.iter().any(|known| known.path.remote == remote)
    }

    /// When we last heard from the peer on any path.
    pub(crate) fn last_heard(&self) -> Option<Instant> {
        self.known.iter().map(|known| known.heard).max()
    }

    /// When the peer last agreed to be sent to along the path that we send on.
    pub(crate) fn consent(&self) -> Option<Instant> {
        let selected = self.selected?;
        self.known
            .iter()
            .find(|known| known.path == selected)
            .and_then(|known| known.consent)
    }

    /// The latest round trip of a check on the chosen pair.
    pub(crate) fn round_trip(&self) -> Option<Duration> {
        self.agent.nominated_pair_rtt()
    }

    /// The types of our candidates and of the peer's, as `a=candidate` names them.
    pub(crate) fn candidate_kinds(&self) -> [Vec<&'static str>; 2] {
        let name = |candidate: Candidate| match candidate.kind() {
            CandidateKind::Host => "host",
            CandidateKind::PeerReflexive => "prflx",
            CandidateKind::ServerReflexive => "srflx",
            CandidateKind::Relayed => "relay",
        };
        [
            self.agent.local_candidates().map(name).collect(),
            self.agent.remote_candidates().map(name).collect(),
        ]
    }

    /// The state in the words of `RTCIceTransportState`.
    pub(crate) fn state(&self) -> &'static str {
        match self.agent.state() {
            IceConnectionState::New => "new",
            IceConnectionState::Checking => "checking",
            IceConnectionState::Connected => "connected",
            IceConnectionState::Completed => "completed",
            IceConnectionState::Disconnected => "disconnected",
        }
    }

    /// Lets go of a pair that has fallen silent while another still lives. The library itself would wait until the pair has used up its
    /// checks. The candidate that is taken back is offered again at once: if the path recovers, it is nominated again.
    fn fail_over(&mut self, now: Instant) {
        let Some(selected) = self.selected.filter(|_| self.agent.controlling()) else {
            return;
        };
        let recent = |at: Instant| now.saturating_duration_since(at) < FAIL_OVER;
        if self.last_heard_on(selected).is_none_or(recent) {
            return;
        }
        let alive = |known: &&Known| known.path != selected && known.consent.is_some_and(recent);
        let Some(other) = self.known.iter().find(alive).map(|known| known.path) else {
            return;
        };
        if other.local == selected.local {
            let theirs = self
                .agent
                .remote_candidates()
                .find(|candidate| candidate.addr() == selected.remote);
            if let Some(candidate) = theirs {
                self.agent.invalidate_candidate(&candidate);
                self.agent.add_remote_candidate(candidate);
            }
        } else {
            let ours = self
                .agent
                .local_candidates()
                .find(|candidate| candidate.addr() == selected.local);
            if let Some(candidate) = ours {
                self.agent.invalidate_candidate(&candidate);
                self.agent.add_local_candidate(candidate);
            }
        }
    }

    fn last_heard_on(&self, path: Path) -> Option<Instant> {
        self.known
            .iter()
            .find(|known| known.path == path)
            .map(|known| known.heard)
    }

    fn remember(&mut self, now: Instant, path: Path, consents: bool) {
        let index = self
            .known
            .iter()
            .position(|known| known.path == path)
            .unwrap_or_else(|| {
                if self.known.len() >= PATHS {
                    let oldest = self
                        .known
                        .iter()
                        .enumerate()
                        .min_by_key(|(_, known)| known.heard)
                        .map_or(0, |(index, _)| index);
                    self.known.swap_remove(oldest);
                }
                self.known.push(Known {
                    path,
                    heard: now,
                    nominated: None,
                    consent: None,
                });
                self.known.len() - 1
            });
        self.known[index].heard = now;
        if consents {
            self.known[index].consent = Some(now);
        }
    }

    fn draw(&mut self) {
        fastrand::seed(self.draws.u64(..));
    }
}
