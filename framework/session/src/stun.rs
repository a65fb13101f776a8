//! As much of STUN (RFC 8489) as whoever owns a socket needs: whose a message is, and our own address from outside. Nothing here is
//! verified: the transport does that, with the password.
//!
//! ```
//! use jackfield_session::stun::{Kind, Message, binding_request};
//!
//! let request = binding_request([7; 12]);
//! let message = Message::parse(&request).expect("a STUN message");
//! assert_eq!((message.kind(), message.transaction()), (Kind::BindingRequest, [7; 12]));
//! ```

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

const COOKIE: [u8; 4] = 0x2112_A442_u32.to_be_bytes();
const HEADER: usize = 20;
const USERNAME: u16 = 0x0006;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;

/// Names a transaction (RFC 8489 section 5): a response carries that of its request.
pub type Transaction = [u8; 12];

/// A message whose framing is sound.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    bytes: &'a [u8],
    kind: Kind,
}

/// What a message is, as far as the owner of a socket cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Somebody asks under which address we see it: a connectivity check, if it has a user name.
    BindingRequest,
    /// The answer.
    BindingSuccess,
    /// The refusal.
    BindingError,
    /// Anything else: an indication, or a method of TURN.
    Other,
}

impl<'a> Message<'a> {
    /// Reads a message; `None` if it is none.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        if bytes.len() < HEADER || bytes[0] > 3 || bytes[4..8] != COOKIE {
            return None;
        }
        let length = usize::from(u16_at(bytes, 2));
        if !length.is_multiple_of(4) || HEADER + length != bytes.len() {
            return None;
        }
        let kind = match u16_at(bytes, 0) {
            0x0001 => Kind::BindingRequest,
            0x0101 => Kind::BindingSuccess,
            0x0111 => Kind::BindingError,
            _ => Kind::Other,
        };
        Some(Self { bytes, kind })
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The transaction that it belongs to.
    pub fn transaction(&self) -> Transaction {
        let mut transaction = [0; 12];
        transaction.copy_from_slice(&self.bytes[8..HEADER]);
        transaction
    }

    /// The two user fragments of a connectivity check (RFC 8445 section 7.2.2): the receiver's, then the sender's.
    pub fn fragments(&self) -> Option<(&'a str, &'a str)> {
        std::str::from_utf8(self.attribute(USERNAME)?)
            .ok()?
            .split_once(':')
    }

    /// The address that the other end sees us under.
    pub fn mapped_address(&self) -> Option<SocketAddr> {
        let value = self.attribute(XOR_MAPPED_ADDRESS)?;
        let port = u16_at(value.get(..4)?, 2) ^ u16_at(&COOKIE, 0);
        let mask = &self.bytes[4..HEADER];
        let ip = match (value[1], value.len()) {
            (1, 8) => {
                let octets: [u8; 4] = std::array::from_fn(|i| value[4 + i] ^ mask[i]);
                IpAddr::V4(Ipv4Addr::from(octets))
            }
            (2, 20) => {
                let octets: [u8; 16] = std::array::from_fn(|i| value[4 + i] ^ mask[i]);
                IpAddr::V6(Ipv6Addr::from(octets))
            }
            _ => return None,
        };
        Some(SocketAddr::new(ip, port))
    }

    fn attribute(&self, wanted: u16) -> Option<&'a [u8]> {
        let mut rest = &self.bytes[HEADER..];
        while rest.len() >= 4 {
            let (kind, length) = (u16_at(rest, 0), usize::from(u16_at(rest, 2)));
            let value = rest.get(4..4 + length)?;
            if kind == wanted {
                return Some(value);
            }
            rest = rest.get(4 + length.next_multiple_of(4)..)?;
        }
        None
    }
}

/// A Binding request without attributes, for a server that tells our address.
pub fn binding_request(transaction: Transaction) -> [u8; HEADER] {
    let mut message = [0; HEADER];
    message[1] = 1;
    message[4..8].copy_from_slice(&COOKIE);
    message[8..].copy_from_slice(&transaction);
    message
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}
