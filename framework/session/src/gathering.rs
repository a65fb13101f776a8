//! Asking a STUN server under which address we are seen from outside (RFC 8445 section 5.1.1.2), and asking again so that the address
//! stays ours. Sans-IO: whoever owns the sockets sends what it is given, hands in the answers and says what time it is.
//!
//! ```
//! use jackfield_core::time::Timestamp;
//! use jackfield_session::gathering::Gatherer;
//!
//! let (server, socket) = ("198.51.100.1:3478".parse().unwrap(), "10.0.0.2:5000".parse().unwrap());
//! let mut gatherer = Gatherer::new(Some(server), &[socket], Box::new(|| [7; 12]));
//! let question = gatherer.poll(Timestamp::ZERO).expect("it asks at once");
//! assert_eq!((question.socket, question.server), (0, server));
//! assert!(gatherer.poll(Timestamp::ZERO).is_none(), "and then waits for the answer");
//! assert_eq!(gatherer.deadline(), Timestamp::from_ms(500));
//! ```

use std::net::SocketAddr;

use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;

use crate::stun::{Message, Transaction, binding_request};

/// The first wait for an answer (`RTO` of RFC 8489 section 6.2.1); it doubles with each repetition.
const FIRST_WAIT: TimeDelta = TimeDelta::ms(500);
/// So often a question is put before it counts as unanswered (`Rc`).
const TRIES: u32 = 7;
/// The wait after the last of them, in first waits (`Rm`).
const LAST_WAIT: i64 = 16;
/// So often the address is asked anew: translators forget a mapping after 30 s at the earliest (RFC 4787 section 4.3 wants 2 min, and is
/// not always heeded).
const AGAIN: TimeDelta = TimeDelta::seconds(20);

/// Gives transactions that nobody can guess.
pub type Transactions = Box<dyn FnMut() -> Transaction + Send>;

/// The questions of all sockets.
pub struct Gatherer {
    server: Option<SocketAddr>,
    transactions: Transactions,
    questions: Vec<Asking>,
    /// The server has left a question unanswered, and it has been said.
    silent: bool,
}

/// A request that is to be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// From which socket, by its place in the list.
    pub socket: usize,
    /// To whom.
    pub server: SocketAddr,
    /// What.
    pub request: [u8; 20],
}

struct Asking {
    socket: usize,
    transaction: Transaction,
    tries: u32,
    asked: Timestamp,
    next: Timestamp,
    mapped: Option<SocketAddr>,
}

impl Gatherer {
    /// Asks for each socket of the server's family; `bound` are the addresses of the sockets.
    pub fn new(server: Option<SocketAddr>, bound: &[SocketAddr], mut transactions: Transactions) -> Self {
        let same_family =
            |bound: &SocketAddr| server.is_some_and(|server| server.is_ipv4() == bound.is_ipv4());
        let questions = bound
            .iter()
            .enumerate()
            .filter(|(_, bound)| same_family(bound))
            .map(|(socket, _)| Asking {
                socket,
                transaction: transactions(),
                tries: 0,
                asked: Timestamp::ZERO,
                next: Timestamp::ZERO,
                mapped: None,
            })
            .collect();
        Self {
            server,
            transactions,
            questions,
            silent: false,
        }
    }

    /// When there is something to ask.
    pub fn deadline(&self) -> Timestamp {
        self.questions
            .iter()
            .map(|question| question.next)
            .fold(Timestamp::NEVER, Timestamp::min)
    }

    /// What is to be asked now; again until there is nothing.
    pub fn poll(&mut self, now: Timestamp) -> Option<Question> {
        let server = self.server?;
        while let Some(asking) = self.questions.iter_mut().find(|asking| asking.next <= now) {
            if asking.tries == TRIES {
                // Nobody answers. The next round may find somebody.
                asking.tries = 0;
                asking.transaction = (self.transactions)();
                asking.next = now + AGAIN;
                if !self.silent {
                    tracing::warn!(%server, "the STUN server does not answer");
                }
                self.silent = true;
                continue;
            }
            asking.tries += 1;
            asking.asked = now;
            let wait = if asking.tries == TRIES {
                FIRST_WAIT * LAST_WAIT
            } else {
                FIRST_WAIT * (1_i64 << (asking.tries - 1))
            };
            asking.next = now + wait;
            return Some(Question {
                socket: asking.socket,
                server,
                request: binding_request(asking.transaction),
            });
        }
        None
    }

    /// Takes an answer, if it is one to our questions: whether it told an address that was not known.
    pub fn answer(&mut self, now: Timestamp, remote: SocketAddr, message: &Message<'_>) -> Option<bool> {
        let transaction = message.transaction();
        let mut questions = self.questions.iter_mut().filter(|_| self.server == Some(remote));
        let asking = questions.find(|asking| asking.transaction == transaction)?;
        let mapped = message.mapped_address()?;
        asking.transaction = (self.transactions)();
        asking.tries = 0;
        asking.next = now + AGAIN;
        self.silent = false;
        Some(asking.mapped.replace(mapped) != Some(mapped))
    }

    /// Asks anew: what was told may hold no longer, as when a path has died or ICE is restarted. However often this is called, half a second
    /// lies between two questions.
    pub fn ask_again(&mut self, now: Timestamp) {
        for asking in &mut self.questions {
            // A question that is waiting for its answer is fresh enough.
            if asking.tries == 0 {
                asking.next = asking.next.min(now.max(asking.asked + FIRST_WAIT));
            }
        }
    }

    /// What was told: the socket, by its place in the list, and its address from outside.
    pub fn mapped(&self) -> impl Iterator<Item = (usize, SocketAddr)> {
        self.questions
            .iter()
            .filter_map(|asking| Some((asking.socket, asking.mapped?)))
    }
}
