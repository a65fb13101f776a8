//! The outermost layer of DTLS, read only as far as deciding what to do with a datagram needs (RFC 6347 section 4.1, RFC 9147 section 4).

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const CHANGE_CIPHER_SPEC: u8 = 20;
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const HELLO_VERIFY_REQUEST: u8 = 3;
const HEADER: usize = 13;
const HANDSHAKE_HEADER: usize = 12;
/// The first bytes of DTLS 1.3's short header: `001CSLEE`.
const UNIFIED: std::ops::RangeInclusive<u8> = 32..=63;

/// A piece of a handshake message as a plaintext record carries it: (message sequence, offset, length).
pub(crate) type Piece = (u16, u32, u32);

/// One record with the 13-byte header.
struct Record<'a> {
    kind: u8,
    epoch: u16,
    body: &'a [u8],
}

/// Walks the records of a datagram. Gives `None` in the place of what is not a record, and then ends.
fn records(mut rest: &[u8]) -> impl Iterator<Item = Option<Record<'_>>> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let record = if UNIFIED.contains(&rest[0]) {
            split_unified(rest)
        } else {
            split(rest)
        };
        rest = record.as_ref().map_or(&[], |(_, rest)| rest);
        Some(record.map(|(record, _)| record))
    })
}

/// Splits off a record with the short header of DTLS 1.3, `001CSLEE` (RFC 9147 section 4). Nobody negotiates connection ids (C) here.
fn split_unified(bytes: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let flags = bytes[0];
    let header = 1 + if flags & 0x08 == 0 { 1 } else { 2 };
    let (start, end) = if flags & 0x04 == 0 {
        (header, bytes.len())
    } else {
        let length = bytes.get(header..header + 2)?;
        (
            header + 2,
            header + 2 + usize::from(u16::from_be_bytes([length[0], length[1]])),
        )
    };
    let body = bytes.get(start..end)?;
    let record = Record {
        kind: flags,
        epoch: u16::MAX,
        body,
    };
    (flags & 0x10 == 0 && !body.is_empty()).then_some((record, &bytes[end..]))
}

fn split(bytes: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let header = bytes.get(..HEADER)?;
    let length = usize::from(u16::from_be_bytes([header[11], header[12]]));
    let body = bytes.get(HEADER..HEADER + length)?;
    // 254.255 is DTLS 1.0 (as a ClientHello may say), 254.253 is 1.2 and what 1.3 writes.
    let version = header[1] == 254 && matches!(header[2], 253 | 255);
    let known = matches!(header[0], 20..=26);
    let record = Record {
        kind: header[0],
        epoch: u16::from_be_bytes([header[3], header[4]]),
        body,
    };
    (version && known).then_some((record, &bytes[HEADER + length..]))
}

/// Whether a datagram is made of records from end to end, and those in the clear hold what their type says. What fails this test is
/// dropped before it can upset an engine.
pub(crate) fn well_formed(datagram: &[u8]) -> bool {
    !datagram.is_empty()
        && records(datagram).all(|record| {
            record.is_some_and(|record| {
                record.epoch != 0
                    || match record.kind {
                        ALERT => record.body.len() == 2 && matches!(record.body[0], 1 | 2),
                        CHANGE_CIPHER_SPEC => record.body == [1],
                        HANDSHAKE => handshake(record.body).is_some(),
                        // Application data cannot come in the clear; an ACK of DTLS 1.3 can.
                        kind => kind == 26,
                    }
            })
        })
}

/// The first handshake header of a record's body: (type, piece, the message's whole length).
fn handshake(body: &[u8]) -> Option<(u8, Piece, u32)> {
    let header = body.get(..HANDSHAKE_HEADER)?;
    let three = |at: usize| u32::from_be_bytes([0, header[at], header[at + 1], header[at + 2]]);
    let (whole, offset, length) = (three(1), three(6), three(9));
    let fits = offset.checked_add(length)? <= whole
        && body.len() >= HANDSHAKE_HEADER + usize::try_from(length).ok()?;
    fits.then_some((
        header[0],
        (u16::from_be_bytes([header[4], header[5]]), offset, length),
        whole,
    ))
}

/// The pieces of handshake messages in a datagram that holds nothing else and nothing encrypted; `None` for any other datagram, and for
/// the first flight of a client, which may have to be answered twice.
pub(crate) fn plain_handshake(datagram: &[u8]) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    for record in records(datagram) {
        let mut body = record
            .filter(|record| record.epoch == 0 && record.kind == HANDSHAKE)?
            .body;
        while !body.is_empty() {
            let (kind, piece, _) = handshake(body)?;
            if kind == CLIENT_HELLO && piece.0 == 0 {
                return None;
            }
            pieces.push(piece);
            body = &body[HANDSHAKE_HEADER + usize::try_from(piece.2).ok()?..];
        }
    }
    Some(pieces)
}

/// Whether a datagram begins with the first answer of a server: its hello, or the request to repeat ours.
pub(crate) fn is_server_answer(datagram: &[u8]) -> bool {
    first_message(datagram).is_some_and(|(kind, _)| matches!(kind, SERVER_HELLO | HELLO_VERIFY_REQUEST))
}

/// Whether a datagram begins with a handshake message in the clear that has to be repeated until it is answered: any but the request
/// to repeat a hello, which keeps no state.
pub(crate) fn is_to_be_repeated(datagram: &[u8]) -> bool {
    let Some(Some(record)) = records(datagram).next() else {
        return false;
    };
    record.epoch == 0 && record.kind == HANDSHAKE && record.body.first() != Some(&HELLO_VERIFY_REQUEST)
}

/// Gives the records in the clear new sequence numbers, counted by `next`. Nothing in the clear is bound to its number, and a repetition
/// under an old one would be dropped by the receiver as a replay.
pub(crate) fn renumber(datagram: &mut [u8], next: &mut u64) {
    let mut at = 0;
    while let Some((record, rest)) = split(&datagram[at..]) {
        let (epoch, end) = (record.epoch, datagram.len() - rest.len());
        if epoch == 0 {
            datagram[at + 5..at + 11].copy_from_slice(&next.to_be_bytes()[2..]);
            *next += 1;
        }
        at = end;
    }
}

/// Whether a datagram is a fatal alert in the clear.
pub(crate) fn is_fatal_alert(datagram: &[u8]) -> bool {
    matches!(
        records(datagram).next(),
        Some(Some(Record {
            kind: ALERT,
            epoch: 0,
            body: [2, _]
        }))
    )
}

/// The cipher suite that a ServerHello at the head of this datagram settles on (RFC 5246 section 7.4.1.3, RFC 8446 section 4.1.3).
pub(crate) fn chosen_cipher(datagram: &[u8]) -> Option<u16> {
    let (kind, message) = first_message(datagram)?;
    let session = usize::from(*message.get(34)?);
    let suite = message.get(35 + session..37 + session)?;
    (kind == SERVER_HELLO).then(|| u16::from_be_bytes([suite[0], suite[1]]))
}

fn first_message(datagram: &[u8]) -> Option<(u8, &[u8])> {
    let record = records(datagram).next()??;
    let (kind, piece, _) =
        (record.epoch == 0 && record.kind == HANDSHAKE).then(|| handshake(record.body))??;
    (piece.1 == 0).then(|| {
        (
            kind,
            &record.body[HANDSHAKE_HEADER..HANDSHAKE_HEADER + piece.2 as usize],
        )
    })
}

/// The name of a cipher suite in the IANA registry, or its number.
pub(crate) fn cipher_name(suite: u16) -> String {
    match suite {
        0x1301 => "TLS_AES_128_GCM_SHA256".into(),
        0x1302 => "TLS_AES_256_GCM_SHA384".into(),
        0x1303 => "TLS_CHACHA20_POLY1305_SHA256".into(),
        0xc02b => "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256".into(),
        0xc02c => "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384".into(),
        0xc02f => "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256".into(),
        0xcca8 => "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256".into(),
        0xcca9 => "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256".into(),
        other => format!("0x{other:04X}"),
    }
}
