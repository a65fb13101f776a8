//! Any text as the description of a graph: nothing panics, and what is understood becomes a plan or is refused in words.
#![no_main]

use jackfield_core::audio::AudioFormat;
use jackfield_graph::description::{Description, Kind};
use jackfield_graph::plan::{Fitted, Plan};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(description) = Description::parse(text) else {
        return;
    };
    // What a plugin takes follows from the length of its socket's name.
    let fitted = |socket: &str, _: Kind| {
        (!socket.is_empty()).then(|| Fitted {
            plugin: format!("example.{socket}"),
            sample_rates: [vec![], vec![16_000], vec![8_000, 44_100]][socket.len() % 3].clone(),
            max_channels: 1 + socket.len() as u32 % 2,
            render: socket.len() % 5 == 0,
            latency_samples: socket.len() as u32 % 480,
        })
    };
    match Plan::negotiate(&description, AudioFormat::MONO_48K, &fitted) {
        Ok(plan) => {
            assert!(
                plan.edges
                    .iter()
                    .all(|edge| edge.from < plan.nodes.len() && edge.to < plan.nodes.len())
            );
            let _ = (plan.explain(), plan.dot());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
