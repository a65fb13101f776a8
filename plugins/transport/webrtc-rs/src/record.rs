//! The outermost layer of DTLS 1.2, read only as far as deciding what to do with a datagram needs (RFC 6347 section 4.1).

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const HEADER: usize = 13;
const HANDSHAKE_HEADER: usize = 12;
/// No handshake message is longer, chains of certificates included.
const LONGEST_MESSAGE: u32 = 1 << 16;

/// What a datagram is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Records {
    /// Not of whole records, or of one in the clear that does not hold what its type says.
    Malformed,
    /// Some of it is of a handshake.
    Handshake,
    /// Some of it is in the clear and not of a handshake.
    Clear,
    /// All of it is protected.
    Protected,
}

/// Looks through the records of a datagram.
pub(crate) fn look(mut rest: &[u8]) -> Records {
    if rest.is_empty() {
        return Records::Malformed;
    }
    let mut sum = Records::Protected;
    while !rest.is_empty() {
        let Some((kind, protected, body, behind)) = split(rest) else {
            return Records::Malformed;
        };
        rest = behind;
        sum = match kind {
            HANDSHAKE | CHANGE_CIPHER_SPEC => Records::Handshake,
            _ if !protected && sum == Records::Protected => Records::Clear,
            _ => sum,
        };
        if !protected && !holds_what_it_says(kind, body) {
            return Records::Malformed;
        }
    }
    sum
}

fn split(bytes: &[u8]) -> Option<(u8, bool, &[u8], &[u8])> {
    let header = bytes.get(..HEADER)?;
    let length = usize::from(u16::from_be_bytes([header[11], header[12]]));
    let body = bytes.get(HEADER..HEADER + length)?;
    // 254.255 is DTLS 1.0, as a ClientHello may say.
    let version = header[1] == 254 && matches!(header[2], 253 | 255);
    let known = matches!(header[0], CHANGE_CIPHER_SPEC..=23);
    let protected = header[3..5] != [0, 0];
    (version && known && !body.is_empty()).then_some((header[0], protected, body, &bytes[HEADER + length..]))
}

fn holds_what_it_says(kind: u8, body: &[u8]) -> bool {
    match kind {
        CHANGE_CIPHER_SPEC => body == [1],
        ALERT => body.len() == 2 && matches!(body[0], 1 | 2),
        HANDSHAKE => pieces_of_messages(body),
        _ => false,
    }
}

/// Whether a handshake record is made of fragments whose lengths fit each other.
fn pieces_of_messages(mut body: &[u8]) -> bool {
    while let Some((header, rest)) = body.split_at_checked(HANDSHAKE_HEADER) {
        let number = |at: usize| u32::from_be_bytes([0, header[at], header[at + 1], header[at + 2]]);
        let (whole, offset, length) = (number(1), number(6), number(9));
        let Some(behind) = rest.get(length as usize..) else {
            return false;
        };
        if offset + length > whole || whole > LONGEST_MESSAGE {
            return false;
        }
        if behind.is_empty() {
            return true;
        }
        body = behind;
    }
    false
}
