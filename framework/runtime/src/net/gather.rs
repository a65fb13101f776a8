//! Asking a STUN server under which address we are seen from outside (RFC 8445 section 5.1.1.2), and asking again so that the address
//! stays ours.

use std::net::SocketAddr;

use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;
use jackfield_session::stun::{Message, Transaction, binding_request};

/// The first wait for an answer (RFC 8489 section 6.2.1); it doubles each time.
const FIRST_WAIT: TimeDelta = TimeDelta::ms(500);
/// After so many requests without an answer we try again only at the next round.
const TRIES: u32 = 7;
/// So often the address is asked anew: translators forget a binding after 30 s at the earliest.
const AGAIN: TimeDelta = TimeDelta::seconds(20);

/// The questions of all sockets.
pub(super) struct Gatherer {
    server: Option<SocketAddr>,
    questions: Vec<Question>,
}

struct Question {
    socket: usize,
    transaction: Transaction,
    tries: u32,
    next: Timestamp,
    mapped: Option<SocketAddr>,
}

impl Gatherer {
    /// Asks for each socket of the server's family.
    pub(super) fn new(server: Option<SocketAddr>, bound: &[SocketAddr]) -> Self {
        let mut questions = Vec::new();
        if let Some(server) = server {
            for (socket, bound) in bound.iter().enumerate() {
                if bound.is_ipv4() == server.is_ipv4() {
                    let transaction = rand::random();
                    questions.push(Question {
                        socket,
                        transaction,
                        tries: 0,
                        next: Timestamp::ZERO,
                        mapped: None,
                    });
                }
            }
        }
        Self { server, questions }
    }

    /// When there is something to ask.
    pub(super) fn deadline(&self) -> Timestamp {
        self.questions
            .iter()
            .map(|question| question.next)
            .fold(Timestamp::NEVER, Timestamp::min)
    }

    /// What is to be asked now: through which socket, of whom.
    pub(super) fn poll(&mut self, now: Timestamp) -> Option<(usize, SocketAddr, [u8; 20])> {
        let server = self.server?;
        let question = self.questions.iter_mut().find(|question| question.next <= now)?;
        let wait = if question.tries < TRIES {
            FIRST_WAIT * (1 << question.tries)
        } else {
            AGAIN
        };
        if question.tries >= TRIES {
            tracing::warn!(%server, "the STUN server does not answer");
            question.tries = 0;
            question.transaction = rand::random();
        }
        question.tries += 1;
        question.next = now + wait;
        Some((question.socket, server, binding_request(question.transaction)))
    }

    /// Takes an answer, if it is one to our questions: whether it told an address that was not known.
    pub(super) fn answer(
        &mut self,
        now: Timestamp,
        remote: SocketAddr,
        message: &Message<'_>,
    ) -> Option<bool> {
        let transaction = message.transaction();
        let mut questions = self.questions.iter_mut().filter(|_| self.server == Some(remote));
        let question = questions.find(|question| question.transaction == transaction)?;
        let mapped = message.mapped_address()?;
        question.transaction = rand::random();
        question.tries = 0;
        question.next = now + AGAIN;
        Some(question.mapped.replace(mapped) != Some(mapped))
    }

    /// What was told: the socket and its address from outside.
    pub(super) fn mapped(&self) -> impl Iterator<Item = (usize, SocketAddr)> {
        self.questions
            .iter()
            .filter_map(|question| Some((question.socket, question.mapped?)))
    }
}
