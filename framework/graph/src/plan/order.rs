//! In which order the nodes of a description run, and whether they make a conference.

use crate::description::{Description, Kind, Node, Port, Scope};

use super::PlanError;

/// What a node may take, by the key of its description that says from whom.
pub(super) fn inputs(node: &Node) -> [(&'static str, Option<&String>, Port); 3] {
    [
        ("from", node.from.as_ref(), node.kind.takes()),
        ("render", node.render.as_ref(), Port::Audio),
        ("rates", node.rates.as_ref(), Port::Feedback),
    ]
}

/// The nodes in an order in which each comes after what it takes; the render signal is that of the tick before and rates are those of the
/// events before: they order nothing.
pub(super) fn order(description: &Description) -> Result<Vec<&Node>, PlanError> {
    let nodes = &description.nodes;
    let find = |name: &str| nodes.iter().find(|n| n.name == name);
    for (i, node) in nodes.iter().enumerate() {
        // A dot is for the converters that negotiation inserts.
        if node.name.is_empty()
            || !node
                .name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        {
            return Err(PlanError::Name {
                name: node.name.clone(),
            });
        }
        if nodes[..i].iter().any(|other| other.name == node.name) {
            return Err(PlanError::TwoNodes {
                name: node.name.clone(),
            });
        }
        for (key, from, takes) in inputs(node) {
            let Some(from) = from else { continue };
            let Some(giver) = find(from) else {
                return Err(PlanError::NoSuchNode {
                    node: node.name.clone(),
                    key,
                    wanted: from.clone(),
                });
            };
            if !giver.kind.offers(takes) {
                return Err(PlanError::Ports {
                    from: giver.name.clone(),
                    gives: giver.kind.gives().name(),
                    to: node.name.clone(),
                    takes: takes.name(),
                    between: between(giver.kind.gives(), takes),
                });
            }
        }
    }
    check_conference(nodes)?;
    // From the network inwards and out again: a pacer feeds the transport of the next datagram, which closes the circle and orders nothing.
    let rank = |kind: Kind| match kind {
        Kind::Transport => 0,
        Kind::Jitter => 1,
        Kind::Decoder => 2,
        Kind::Processor => 3,
        Kind::Mixer => 4,
        Kind::Encoder => 5,
        Kind::Congestion => 6,
        Kind::Pacer => 7,
        Kind::Estimator => 8,
    };
    let mut placed: Vec<&Node> = Vec::new();
    let mut rest: Vec<&Node> = nodes.iter().collect();
    rest.sort_by_key(|n| rank(n.kind));
    while !rest.is_empty() {
        let ready = rest.iter().position(|n| {
            n.kind == Kind::Transport
                || n.from
                    .as_ref()
                    .is_none_or(|from| placed.iter().any(|p| &p.name == from))
        });
        let Some(ready) = ready else {
            return Err(PlanError::Circle {
                nodes: rest.iter().map(|n| n.name.clone()).collect(),
            });
        };
        placed.push(rest.remove(ready));
    }
    Ok(placed)
}

/// A room needs one of each kind but processors, of which it may have any number in one chain.
fn check_conference(nodes: &[Node]) -> Result<(), PlanError> {
    for kind in [
        Kind::Transport,
        Kind::Jitter,
        Kind::Decoder,
        Kind::Mixer,
        Kind::Encoder,
        Kind::Pacer,
        Kind::Congestion,
        Kind::Estimator,
    ] {
        let count = nodes.iter().filter(|n| n.kind == kind).count();
        if count != 1 {
            return Err(PlanError::Count {
                kind: kind.name(),
                count,
            });
        }
    }
    for node in nodes {
        let room = node.kind == Kind::Mixer;
        if room != (node.scope == Scope::Room) {
            let scope = if room { "room" } else { "participant" };
            return Err(PlanError::Scope {
                node: node.name.clone(),
                scope,
            });
        }
        if node.from.is_none() {
            return Err(PlanError::Unconnected {
                node: node.name.clone(),
                takes: node.kind.takes().name(),
                key: "from",
            });
        }
        let misplaced = [
            (
                node.render.is_some() && node.kind != Kind::Processor,
                "render",
                "a processor",
            ),
            (
                node.rates.is_some() && !node.kind.follows_rates(),
                "rates",
                "an encoder or a pacer",
            ),
        ];
        if let Some((_, key, belongs)) = misplaced.into_iter().find(|(wrong, ..)| *wrong) {
            return Err(PlanError::Misplaced {
                node: node.name.clone(),
                key,
                belongs,
            });
        }
        if node.kind.follows_rates() && node.rates.is_none() {
            return Err(PlanError::Unconnected {
                node: node.name.clone(),
                takes: "rates",
                key: "rates",
            });
        }
    }
    let takers = |name: &str| nodes.iter().filter(|n| n.from.as_deref() == Some(name)).count();
    if let Some(forked) = nodes
        .iter()
        .find(|n| n.kind.gives() == Port::Audio && takers(&n.name) != 1)
    {
        return Err(PlanError::Fork {
            node: forked.name.clone(),
            takers: takers(&forked.name),
        });
    }
    Ok(())
}

fn between(gives: Port, takes: Port) -> &'static str {
    match (gives, takes) {
        (Port::Rtp, Port::Audio) => "put a node of kind \"decoder\" between them",
        (Port::Audio, Port::Rtp) => "put a node of kind \"encoder\" between them",
        _ => "connect it to a node that gives what it takes",
    }
}
