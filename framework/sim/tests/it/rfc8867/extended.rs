//! Sections 6.1 and 6.3: weights, and more than one bottleneck.

use super::bounds::{FAIR, FULL};
use super::expect::{Case, file};
use super::seen::at_least;

#[test]
fn e17_3_a_flow_of_twice_the_weight_gets_about_twice_as_much() {
    Case::of(file!("6.1-priority"))
        .expects(&[("each has its weighted share", |seen| {
            // 3500 kbit/s by 2 : 1 : 1 would be 1750 for the first; it can make use of 1520.
            [(0, 1_520.0), (1, 990.0), (2, 990.0)]
                .iter()
                .try_for_each(|(flow, share)| {
                    let rate = seen.rate(*flow, 79.0, 119.0);
                    if (FULL..=1.0 / FULL).contains(&(rate / share)) {
                        Ok(())
                    } else {
                        Err(format!("flow {flow} has {rate:.0} kbit/s, not about {share:.0}"))
                    }
                })
        })])
        .holds();
}

#[test]
fn e17_3_two_bottlenecks_are_full_and_nobody_starves() {
    Case::of(file!("6.3-multiple-bottlenecks"))
        .expects(&[
            ("both links are full", |seen| {
                seen.fill(&[0, 1], 2_000.0, 30.0, 299.0)?;
                seen.fill(&[0, 2], 1_500.0, 30.0, 299.0)
            }),
            ("nobody starves", |seen| {
                // The shares that are fair by maximum and minimum.
                [(0, 750.0), (1, 1_250.0), (2, 750.0)]
                    .iter()
                    .try_for_each(|(flow, share)| {
                        at_least("rate", seen.rate(*flow, 30.0, 299.0), share / FAIR, 30.0)
                    })
            }),
        ])
        .holds();
}
