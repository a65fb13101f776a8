//! Why there is no path, said so that whoever reads it knows what to do.

use std::collections::BTreeMap;

/// Why no path to the peer was found, and what would help. `ours` and `theirs` are the types of the candidates at either end as
/// `a=candidate` names them (RFC 8839 section 5.1): `host`, `srflx`, `prflx`, `relay`.
///
/// ```
/// use jackfield_sdk::secure_transport::no_path;
///
/// let why = no_path(["host", "srflx"], ["host", "srflx"]);
/// assert!(why.contains("a relay is needed"), "{why}");
/// ```
pub fn no_path<'a>(
    ours: impl IntoIterator<Item = &'a str>,
    theirs: impl IntoIterator<Item = &'a str>,
) -> String {
    let (ours, theirs) = (count(ours), count(theirs));
    if ours.is_empty() {
        return "no path to the peer: we have no address. Pass the transport local candidates".to_owned();
    }
    if theirs.is_empty() {
        return "no path to the peer: it told no address that we can use. Does signalling bring its candidates?"
            .to_owned();
    }
    let tried = format!(
        "no path to the peer: no check was answered between our candidates ({}) and the peer's ({})",
        list(&ours),
        list(&theirs)
    );
    if ours.contains_key("relay") || theirs.contains_key("relay") {
        return format!("{tried}. Can the TURN server be reached, and does it let the peer in?");
    }
    format!(
        "{tried}. A gateway between drops UDP, or has another port for every destination: a relay is needed. Offer a candidate of type `relay` \
         (TURN) at either end"
    )
}

fn count<'a>(kinds: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for kind in kinds {
        *counts.entry(kind).or_default() += 1;
    }
    counts
}

fn list(counts: &BTreeMap<&str, usize>) -> String {
    let each: Vec<String> = counts
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    each.join(", ")
}

#[cfg(test)]
mod tests {
    use super::no_path;

    #[test]
    fn what_would_help_depends_on_what_was_tried() {
        for (ours, theirs, help) in [
            (&[][..], &["host"][..], "local candidates"),
            (&["host"], &[], "signalling"),
            (
                &["host", "srflx", "host"],
                &["host"],
                "our candidates (2 host, 1 srflx) and the peer's (1 host)",
            ),
            (&["host"], &["host"], "a relay is needed"),
            (&["host", "relay"], &["host"], "TURN server"),
            (&["host"], &["relay"], "TURN server"),
        ] {
            let why = no_path(ours.iter().copied(), theirs.iter().copied());
            assert!(why.contains(help), "{ours:?} and {theirs:?}: {why}");
        }
    }
}
