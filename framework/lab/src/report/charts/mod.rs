//! Charts, as SVG in the page. Colours come from the page's style sheet by class, so that light, dark and print each have their own; every
//! arm has a shape and a dash beside its colour, so that none of them is needed to tell arms apart.

pub(super) mod forest;
pub(super) mod pareto;
pub(super) mod series;
mod svg;

pub(super) use svg::{escape, marker};
