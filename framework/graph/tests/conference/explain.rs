//! Negotiation: descriptions become plans, and what cannot be run says why.

use jackfield_core::audio::AudioFormat;
use jackfield_core::units::SampleRate;
use jackfield_graph::description::{Description, Kind, Node, Scope};
use jackfield_graph::plan::{Fitted, Plan, PlanError};
use proptest::prelude::*;

const ROOM: AudioFormat = AudioFormat::MONO_48K;

fn plugin(name: &str, rates: &[u32]) -> Fitted {
    Fitted {
        plugin: format!("example.{name}"),
        sample_rates: rates.to_vec(),
        max_channels: 8,
        render: name == "echo",
        latency_samples: if name == "noise" { 160 } else { 0 },
    }
}

/// A noise suppressor that works at 16 kHz only; all others take anything.
fn fitted(socket: &str, _: Kind) -> Option<Fitted> {
    let rates: &[u32] = if socket == "noise" { &[16_000] } else { &[] };
    Some(plugin(socket, rates))
}

fn conference() -> Description {
    Description::profile("conference").unwrap()
}

fn refusal(change: impl FnOnce(&mut Vec<Node>)) -> String {
    let mut description = conference();
    change(&mut description.nodes);
    Plan::negotiate(&description, ROOM, &fitted)
        .unwrap_err()
        .to_string()
}

fn node<'a>(nodes: &'a mut [Node], name: &str) -> &'a mut Node {
    nodes.iter_mut().find(|n| n.name == name).unwrap()
}

#[test]
fn a2_1_a2_3_a_converter_is_inserted_with_its_reason_where_a_plugin_takes_16_khz_only() {
    let plan = Plan::negotiate(&conference(), ROOM, &fitted).unwrap();
    let names: Vec<&str> = plan.nodes.iter().map(|n| n.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "transport",
            "jitter",
            "decoder",
            "echo",
            "noise.in",
            "noise",
            "noise.out",
            "gain",
            "mixer",
            "encoder",
            "congestion",
            "pacer",
            "estimator"
        ]
    );
    let converter = &plan.nodes[4];
    assert_eq!(
        converter.reason,
        "`example.noise` works in 16000 Hz x1, the room mixes in 48000 Hz x1"
    );
    assert_eq!(converter.format, Some(AudioFormat::new(SampleRate::HZ_16000, 1)));
    assert_eq!(plan.nodes[6].format, Some(ROOM));
    let flows = |from: usize, to: usize| {
        plan.edges
            .iter()
            .any(|e| e.from == from && e.to == to && !e.render)
    };
    assert!(
        flows(3, 4) && flows(4, 5) && flows(5, 6) && flows(6, 7),
        "{:?}",
        plan.edges
    );
    assert!(
        plan.edges.iter().any(|e| e.render && e.from == 8 && e.to == 3),
        "the mix is the echo canceller's render signal"
    );
}

#[test]
fn the_latency_of_a_plan_is_that_of_its_plugins_and_converters() {
    let plan = Plan::negotiate(&conference(), ROOM, &fitted).unwrap();
    let converters: f64 = [4, 6].iter().map(|i| plan.nodes[*i].latency_ms).sum();
    assert!(converters > 0.0);
    assert!(
        (plan.latency_ms() - 10.0 - converters).abs() < 1e-9,
        "160 samples at 16 kHz are 10 ms"
    );
}

#[test]
fn explain_tells_every_node_and_every_reason() {
    let plan = Plan::negotiate(&conference(), ROOM, &fitted).unwrap();
    assert_eq!(plan.explain(), EXPLAINED);
}

#[test]
fn dot_draws_the_same() {
    let plan = Plan::negotiate(&Description::profile("plain-conference").unwrap(), ROOM, &fitted).unwrap();
    assert_eq!(plan.dot(), DRAWN);
}

const EXPLAINED: &str = "\
The room mixes in 48000 Hz x1, 10 ms a tick. A voice passes:
  transport   example.transport   each  packets         0.00 ms
  jitter      example.jitter      each  packets         0.00 ms
  decoder     example.codec       each  48000 Hz x1     0.00 ms
  echo        example.echo        each  48000 Hz x1     0.00 ms
  noise.in    (converter)         each  16000 Hz x1     5.00 ms  because `example.noise` works in 16000 Hz x1, the room mixes in 48000 Hz x1
  noise       example.noise       each  16000 Hz x1    10.00 ms
  noise.out   (converter)         each  48000 Hz x1     5.00 ms  because `example.noise` works in 16000 Hz x1, the room mixes in 48000 Hz x1
  gain        example.gain        each  48000 Hz x1     0.00 ms
  mixer       example.mixer       room  48000 Hz x1     0.00 ms
  encoder     example.codec       each  48000 Hz x1     0.00 ms
  congestion  example.congestion  each  rates           0.00 ms
  pacer       example.pacer       each  packets         0.00 ms
  estimator   example.estimator   each  rates           0.00 ms
Latency without network and jitter buffer: 20.00 ms.
";
const DRAWN: &str = r#"digraph jackfield {
  rankdir=LR;
  node [shape=box, style=rounded, fontname="sans-serif"];
  n0 [label="transport\nexample.transport\n0.00 ms"];
  n1 [label="jitter\nexample.jitter\n0.00 ms"];
  n2 [label="decoder\nexample.codec\n48000 Hz x1\n0.00 ms"];
  n3 [label="mixer\nexample.mixer\n48000 Hz x1\n0.00 ms"];
  n4 [label="encoder\nexample.codec\n48000 Hz x1\n0.00 ms"];
  n5 [label="congestion\nexample.congestion\n0.00 ms"];
  n6 [label="pacer\nexample.pacer\n0.00 ms"];
  n7 [label="estimator\nexample.estimator\n0.00 ms"];
  n6 -> n0 [label="rtp"];
  n0 -> n1 [label="rtp"];
  n1 -> n2 [label="rtp"];
  n2 -> n3 [label="audio"];
  n3 -> n4 [label="audio"];
  n5 -> n4 [label="feedback"];
  n0 -> n5 [label="feedback"];
  n4 -> n6 [label="rtp"];
  n5 -> n6 [label="feedback"];
  n0 -> n7 [label="rtp"];
}
"#;

#[test]
fn every_refusal_names_both_ends_and_says_what_to_do() {
    let cases: [(String, &[&str]); 13] = [
        (
            refusal(|nodes| node(nodes, "mixer").from = Some("jitter".into())),
            &[
                "`jitter` gives rtp",
                "`mixer` takes audio",
                "put a node of kind \"decoder\" between them",
            ],
        ),
        (
            refusal(|nodes| node(nodes, "pacer").from = Some("gain".into())),
            &[
                "`gain` gives audio",
                "`pacer` takes rtp",
                "put a node of kind \"encoder\" between them",
            ],
        ),
        (
            refusal(|nodes| node(nodes, "gain").from = Some("nose".into())),
            &["`gain`", "from = \"nose\"", "name one that exists"],
        ),
        (
            refusal(|nodes| node(nodes, "gain").from = None),
            &["`gain` takes audio", "add `from"],
        ),
        (
            refusal(|nodes| node(nodes, "congestion").from = None),
            &["`congestion` takes feedback", "add `from"],
        ),
        (
            refusal(|nodes| node(nodes, "pacer").rates = None),
            &["`pacer` takes rates", "add `rates"],
        ),
        (
            refusal(|nodes| node(nodes, "encoder").rates = Some("pacer".into())),
            &[
                "`pacer` gives rtp",
                "`encoder` takes feedback",
                "connect it to a node",
            ],
        ),
        (
            refusal(|nodes| node(nodes, "gain").rates = Some("congestion".into())),
            &["`gain` has `rates`", "an encoder or a pacer"],
        ),
        (
            refusal(|nodes| node(nodes, "gain").name = "noise".into()),
            &["two nodes are called `noise`", "rename"],
        ),
        (
            refusal(|nodes| node(nodes, "mixer").scope = Scope::Participant),
            &["`mixer` must have scope = \"room\""],
        ),
        (
            refusal(|nodes| {
                node(nodes, "echo").from = Some("gain".into());
                node(nodes, "mixer").from = Some("decoder".into());
            }),
            &["in a circle", "echo", "noise", "gain"],
        ),
        (
            refusal(|nodes| node(nodes, "gain").from = Some("echo".into())),
            &["the audio of `", "` goes to"],
        ),
        (
            refusal(|nodes| nodes.retain(|n| n.name != "pacer" && n.name != "transport")),
            &["", ""],
        ),
    ];
    for (text, parts) in &cases {
        for part in *parts {
            assert!(text.contains(part), "`{part}` is missing: {text}");
        }
    }
}

#[test]
fn an_empty_socket_is_refused_with_the_line_to_add() {
    let none = |socket: &str, kind: Kind| (socket != "echo").then(|| fitted(socket, kind)).flatten();
    let refused = Plan::negotiate(&conference(), ROOM, &none).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "node `echo` has nothing in its socket: add `[sockets.echo]` with `use = \"…\"` to the manifest, naming a plugin of jackfield.audio-processor/1"
    );
    let refused = Plan::negotiate(
        &conference(),
        AudioFormat::new(SampleRate::hz(22_050), 1),
        &fitted,
    )
    .unwrap_err();
    assert!(matches!(refused, PlanError::Format { .. }), "{refused}");
}

#[test]
fn a_name_that_could_be_a_converters_is_refused() {
    let refused = refusal(|nodes| {
        node(nodes, "gain").name = "noise.out".into();
        node(nodes, "mixer").from = Some("noise.out".into());
    });
    assert!(
        refused.contains("`noise.out`") && refused.contains("letters, digits"),
        "{refused}"
    );
}

#[test]
fn every_profile_can_be_run() {
    for name in Description::PROFILES {
        let description = Description::profile(name).unwrap();
        Plan::negotiate(&description, ROOM, &fitted).unwrap();
    }
    assert!(Description::profile("opera").is_none());
}

#[test]
fn errors_in_the_text_say_where() {
    let error = |text: &str| Description::parse(text).unwrap_err().to_string();
    let unknown = error(
        "[[node]]\nname = \"a\"\nkind = \"processor\"\nsocket = \"a\"\nscope = \"participant\"\nform = \"b\"\n",
    );
    assert!(
        unknown.contains("line 6") && unknown.contains("unknown field `form`"),
        "{unknown}"
    );
    let kind = error("[[node]]\nname = \"a\"\nkind = \"filter\"\nsocket = \"a\"\nscope = \"participant\"\n");
    assert!(
        kind.contains("line 3") && kind.contains("unknown variant `filter`") && kind.contains("processor"),
        "{kind}"
    );
    let missing = error("[[node]]\nname = \"a\"\nkind = \"mixer\"\nscope = \"room\"\n");
    assert!(missing.contains("missing field `socket`"), "{missing}");
    assert!(error("[[node]\n").contains("line 1"));
}

const KINDS: [Kind; 9] = [
    Kind::Transport,
    Kind::Jitter,
    Kind::Decoder,
    Kind::Processor,
    Kind::Mixer,
    Kind::Encoder,
    Kind::Pacer,
    Kind::Congestion,
    Kind::Estimator,
];

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(vec!["a", "b", "c", "d.in", "d", "d.out", ""]).prop_map(str::to_owned),
        "[a-z.\u{e4}\"\\\\]{0,4}",
    ]
}

fn any_node() -> impl Strategy<Value = Node> {
    let ends = (
        proptest::option::of(any_name()),
        proptest::option::of(any_name()),
        proptest::option::of(any_name()),
    );
    (
        any_name(),
        proptest::sample::select(KINDS.to_vec()),
        any::<bool>(),
        ends,
    )
        .prop_map(|(name, kind, room, (from, render, rates))| Node {
            socket: name.clone(),
            name,
            kind,
            scope: if room { Scope::Room } else { Scope::Participant },
            from,
            render,
            rates,
        })
}

proptest! {
    #[test]
    fn no_description_makes_it_panic(nodes in proptest::collection::vec(any_node(), 0..12), rate in proptest::sample::select(vec![8_000_u32, 16_000, 44_100, 22_050])) {
        let fitted = |name: &str, _: Kind| Some(plugin(name, &[rate]));
        if let Ok(plan) = Plan::negotiate(&Description { nodes }, ROOM, &fitted) {
            let _ = (plan.explain(), plan.dot());
        }
    }

    #[test]
    fn no_change_to_a_good_description_makes_it_panic(
        at in 0_usize..10, other in any_node(), rates in proptest::collection::vec(proptest::sample::select(vec![0_u32, 8_000, 11_025, 16_000, 96_000]), 0..3),
    ) {
        let mut description = conference();
        let kept = description.nodes[at].clone();
        for changed in [Node { name: other.name.clone(), ..kept.clone() }, Node { from: other.from.clone(), ..kept.clone() },
                        Node { kind: other.kind, ..kept.clone() }, Node { render: other.render.clone(), ..kept.clone() },
                        Node { rates: other.rates.clone(), ..kept }] {
            description.nodes[at] = changed;
            let fitted = |name: &str, _: Kind| Some(plugin(name, &rates));
            if let Ok(plan) = Plan::negotiate(&description, ROOM, &fitted) {
                prop_assert!(plan.edges.iter().all(|e| e.from < plan.nodes.len() && e.to < plan.nodes.len()));
                let _ = (plan.explain(), plan.dot(), plan.latency_ms());
            }
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "(\\[\\[node\\]\\]\n)?([a-z]{1,6} = \"?[a-z0-9]{0,5}\"?\n){0,6}") {
        let _ = Description::parse(&text);
    }
}
