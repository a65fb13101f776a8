//! As much of STUN (RFC 8489) as a socket needs: whose a message is, and our own address from outside. Nothing here is verified: the
//! transport does that, with the password.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

const COOKIE: [u8; 4] = 0x2112_A442_u32.to_be_bytes();
const HEADER: usize = 20;
const USERNAME: u16 = 0x0006;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;

/// Names a transaction.
pub(super) type Transaction = [u8; 12];

/// A message whose framing is sound.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    bytes: &'a [u8],
    pub(super) kind: Kind,
}

/// What a message is, as far as we care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    BindingRequest,
    BindingSuccess,
    BindingError,
    Other,
}

impl<'a> Message<'a> {
    /// Reads a message; `None` if it is none.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
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

    pub(super) fn transaction(&self) -> Transaction {
        let mut transaction = [0; 12];
        transaction.copy_from_slice(&self.bytes[8..HEADER]);
        transaction
    }

    /// The two user fragments of a connectivity check (RFC 8445 section 7.2.2): the receiver's, then the sender's.
    pub(super) fn fragments(&self) -> Option<(&'a str, &'a str)> {
        std::str::from_utf8(self.attribute(USERNAME)?)
            .ok()?
            .split_once(':')
    }

    /// The address that the other end sees us under.
    pub(super) fn mapped_address(&self) -> Option<SocketAddr> {
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
pub(super) fn binding_request(transaction: Transaction) -> [u8; HEADER] {
    let mut message = [0; HEADER];
    message[1] = 1;
    message[4..8].copy_from_slice(&COOKIE);
    message[8..].copy_from_slice(&transaction);
    message
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A Binding success with XOR-MAPPED-ADDRESS, made from the text of RFC 5769 section 2.2 (its integrity left out).
    fn response() -> Vec<u8> {
        let transaction = [
            0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae,
        ];
        let mut message = vec![0x01, 0x01, 0, 12];
        message.extend(COOKIE);
        message.extend(transaction);
        message.extend([0x00, 0x20, 0, 8, 0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]);
        message
    }

    #[test]
    fn d7_2_our_address_is_read_from_the_vector_of_rfc_5769() {
        let response = response();
        let message = Message::parse(&response).unwrap();
        assert_eq!(message.kind, Kind::BindingSuccess);
        assert_eq!(message.mapped_address(), Some("192.0.2.1:32853".parse().unwrap()));
    }

    #[test]
    fn a_check_names_both_ends() {
        let mut check = binding_request([7; 12]).to_vec();
        check[3] = 16;
        check.extend([0, 6, 0, 9]);
        check.extend(b"evtj:h6vY\0\0\0");
        let message = Message::parse(&check).unwrap();
        assert_eq!(message.kind, Kind::BindingRequest);
        assert_eq!(message.fragments(), Some(("evtj", "h6vY")));
        assert_eq!(message.transaction(), [7; 12]);
    }

    #[test]
    fn our_request_is_a_message() {
        let request = binding_request([3; 12]);
        assert_eq!(Message::parse(&request).unwrap().kind, Kind::BindingRequest);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(message) = Message::parse(&bytes) {
                let _ = (message.fragments(), message.mapped_address(), message.transaction());
            }
        }

        #[test]
        fn a_damaged_message_is_read_without_a_panic(at in 0_usize..32, value in any::<u8>(), cut in 0_usize..33) {
            let mut message = response();
            message[at] = value;
            message.truncate(cut);
            if let Some(message) = Message::parse(&message) {
                let _ = (message.fragments(), message.mapped_address());
            }
        }
    }
}
