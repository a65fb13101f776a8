//! Whose a datagram is.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;
use jackfield_session::stun::Transaction;

/// More addresses than this one participant never has; the oldest gives way.
const ADDRESSES: usize = 64;
/// More user fragments than this one participant never has: those of ICE restarts that are under way.
const FRAGMENTS: usize = 4;
/// More checks than this are never under way at once.
const CHECKS: usize = 16_384;
/// A check that has not been answered by then is forgotten (RFC 8489 section 6.2.1: 39.5 s at most, for one that is repeated).
const CHECK_LIFE: TimeDelta = TimeDelta::seconds(40);

/// A participant of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Owner {
    pub(super) room: u64,
    pub(super) participant: u32,
}

/// Who is where. All tables are bounded.
#[derive(Default)]
pub(super) struct Table {
    by_fragment: HashMap<Box<str>, Owner>,
    by_address: HashMap<(usize, SocketAddr), Owner>,
    by_check: HashMap<Transaction, Check>,
    checks: VecDeque<(Timestamp, Transaction)>,
    holdings: HashMap<Owner, Holdings>,
}

struct Check {
    owner: Owner,
    remote: SocketAddr,
}

#[derive(Default)]
struct Holdings {
    fragments: VecDeque<Box<str>>,
    addresses: VecDeque<(usize, SocketAddr)>,
}

impl Table {
    /// From now on checks with this user fragment are the owner's.
    pub(super) fn register(&mut self, owner: Owner, fragment: &str) {
        let fragment: Box<str> = fragment.into();
        if self.by_fragment.insert(fragment.clone(), owner) == Some(owner) {
            return;
        }
        let holdings = self.holdings.entry(owner).or_default();
        holdings.fragments.push_back(fragment);
        if holdings.fragments.len() > FRAGMENTS
            && let Some(oldest) = holdings.fragments.pop_front()
            && self.by_fragment.get(&oldest) == Some(&owner)
        {
            self.by_fragment.remove(&oldest);
        }
    }

    pub(super) fn by_fragment(&self, fragment: &str) -> Option<Owner> {
        self.by_fragment.get(fragment).copied()
    }

    /// Whoever is at `remote` has proved to be the owner's peer.
    pub(super) fn learn(&mut self, owner: Owner, socket: usize, remote: SocketAddr) {
        let key = (socket, remote);
        if self.by_address.insert(key, owner) == Some(owner) {
            return;
        }
        let holdings = self.holdings.entry(owner).or_default();
        holdings.addresses.push_back(key);
        if holdings.addresses.len() > ADDRESSES
            && let Some(oldest) = holdings.addresses.pop_front()
            && self.by_address.get(&oldest) == Some(&owner)
        {
            self.by_address.remove(&oldest);
        }
    }

    /// Takes `remote` for the owner's peer without proof, unless it is known to be somebody else's.
    pub(super) fn announce(&mut self, owner: Owner, socket: usize, remote: SocketAddr) {
        if !self.by_address.contains_key(&(socket, remote)) {
            self.learn(owner, socket, remote);
        }
    }

    pub(super) fn by_address(&self, socket: usize, remote: SocketAddr) -> Option<Owner> {
        self.by_address.get(&(socket, remote)).copied()
    }

    /// The owner's transport sends a check to `remote`.
    pub(super) fn check_sent(
        &mut self,
        now: Timestamp,
        owner: Owner,
        remote: SocketAddr,
        transaction: Transaction,
    ) {
        if self
            .by_check
            .insert(transaction, Check { owner, remote })
            .is_none()
        {
            self.checks.push_back((now, transaction));
        }
        while let Some((sent, oldest)) = self.checks.front().copied()
            && (self.checks.len() > CHECKS || now.since(sent) > CHECK_LIFE)
        {
            self.checks.pop_front();
            self.by_check.remove(&oldest);
        }
    }

    /// Whose check is answered, if it comes from where the check was sent to.
    pub(super) fn by_check(&self, transaction: &Transaction, remote: SocketAddr) -> Option<Owner> {
        self.by_check
            .get(transaction)
            .filter(|check| check.remote == remote)
            .map(|check| check.owner)
    }

    /// Forgets all that belongs to an owner. Its checks run out by themselves.
    pub(super) fn forget(&mut self, owner: Owner) {
        let Some(holdings) = self.holdings.remove(&owner) else {
            return;
        };
        for fragment in holdings.fragments {
            if self.by_fragment.get(&fragment) == Some(&owner) {
                self.by_fragment.remove(&fragment);
            }
        }
        for address in holdings.addresses {
            if self.by_address.get(&address) == Some(&owner) {
                self.by_address.remove(&address);
            }
        }
    }

    /// Forgets a whole room.
    pub(super) fn forget_room(&mut self, room: u64) {
        let owners: Vec<Owner> = self
            .holdings
            .keys()
            .filter(|owner| owner.room == room)
            .copied()
            .collect();
        for owner in owners {
            self.forget(owner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: Owner = Owner {
        room: 1,
        participant: 1,
    };
    const BOB: Owner = Owner {
        room: 1,
        participant: 2,
    };

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    #[test]
    fn an_announced_address_takes_nothing_from_one_that_is_proved() {
        let mut table = Table::default();
        table.learn(ANN, 0, address(1));
        table.announce(BOB, 0, address(1));
        assert_eq!(table.by_address(0, address(1)), Some(ANN));
        table.learn(BOB, 0, address(1));
        assert_eq!(
            table.by_address(0, address(1)),
            Some(BOB),
            "the latest proof counts"
        );
        table.forget(ANN);
        assert_eq!(
            table.by_address(0, address(1)),
            Some(BOB),
            "it is not the first one's to forget"
        );
    }

    #[test]
    fn an_answer_counts_only_from_where_the_check_went() {
        let mut table = Table::default();
        table.check_sent(Timestamp::ZERO, ANN, address(1), [1; 12]);
        assert_eq!(table.by_check(&[1; 12], address(2)), None);
        assert_eq!(table.by_check(&[1; 12], address(1)), Some(ANN));
        table.check_sent(Timestamp::from_ms(41_000), ANN, address(1), [2; 12]);
        assert_eq!(
            table.by_check(&[1; 12], address(1)),
            None,
            "forgotten after its life"
        );
    }

    #[test]
    fn nobody_fills_the_tables() {
        let mut table = Table::default();
        for port in 0..1_000 {
            table.learn(ANN, 0, address(port));
            table.register(ANN, &format!("fragment{port}"));
        }
        assert_eq!(
            (table.by_address.len(), table.by_fragment.len()),
            (ADDRESSES, FRAGMENTS)
        );
        for number in 0..100_000_u32 {
            let mut transaction = [0; 12];
            transaction[..4].copy_from_slice(&number.to_be_bytes());
            table.check_sent(Timestamp::ZERO, ANN, address(1), transaction);
        }
        assert_eq!((table.by_check.len(), table.checks.len()), (CHECKS, CHECKS));
        table.forget_room(1);
        assert_eq!(
            (
                table.by_address.len(),
                table.by_fragment.len(),
                table.holdings.len()
            ),
            (0, 0, 0)
        );
    }
}
