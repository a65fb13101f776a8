use crate::peer_connection::HeaderExtension;
use crate::sdp::{Direction, Extmap};

/// The header extensions of an offer that we have too, with the offered ids (RFC 8285 section 6, D2.4).
///
/// Ids above 14 need the two-byte form, so without `a=extmap-allow-mixed` in the offer they are left out; ids above 255 only propose a choice
/// and are left out as well. A direction is answered as seen from here.
pub(crate) fn answer_extmaps<'a>(
    offered: impl Iterator<Item = &'a Extmap>,
    ours: &[HeaderExtension],
    allow_mixed: bool,
) -> Vec<Extmap> {
    let mut answer: Vec<Extmap> = Vec::new();
    for extmap in offered {
        let largest = if allow_mixed { 255 } else { 14 };
        let known = ours.iter().find(|extension| extension.uri == extmap.uri);
        let Some(known) = known.filter(|_| extmap.id <= largest) else {
            continue;
        };
        if answer.iter().any(|taken| taken.uri == extmap.uri) {
            continue;
        }
        let direction = extmap
            .direction
            .unwrap_or_default()
            .reversed()
            .intersection(known.direction);
        if direction == Direction::Inactive {
            continue;
        }
        answer.push(Extmap {
            id: extmap.id,
            direction: (direction != Direction::SendRecv).then_some(direction),
            uri: extmap.uri.clone(),
            parameters: String::new(),
        });
    }
    answer
}

/// The header extensions that we offer; `known` tells the ids that were given before, which are kept.
pub(crate) fn offer_extmaps(ours: &[HeaderExtension], known: &mut Vec<(String, u16)>) -> Vec<Extmap> {
    ours.iter()
        .filter_map(|extension| {
            let id = known
                .iter()
                .find(|(uri, _)| *uri == extension.uri)
                .map(|(_, id)| *id)
                .or_else(|| {
                    let free = (1..=14).find(|id| known.iter().all(|(_, taken)| taken != id))?;
                    known.push((extension.uri.clone(), free));
                    Some(free)
                })?;
            let direction = Some(extension.direction).filter(|direction| *direction != Direction::SendRecv);
            Some(Extmap {
                id,
                direction,
                uri: extension.uri.clone(),
                parameters: String::new(),
            })
        })
        .collect()
}
