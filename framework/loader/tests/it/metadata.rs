//! The reader of `.jf_meta`, which takes bytes from anywhere.

use jackfield_loader::AbiText;
use jackfield_loader::metadata::{Frame, MetadataError, frames};
use proptest::prelude::*;

/// A frame as the C header makes one.
fn frame(lines: &str) -> Vec<u8> {
    let mut bytes = b"jf1\0entry\tjf_plugin_entry\nabi\t1\t0\n".to_vec();
    bytes.extend(lines.as_bytes());
    bytes.push(0);
    bytes
}

fn module(id: &str) -> String {
    format!("module\tjackfield.mixer/1\t{id}\tName\t1.2.3\tVendor\tMIT\tWhat it does.\t1\n")
}

fn fault(lines: &str) -> String {
    frames(&frame(lines)).unwrap_err().to_string()
}

#[test]
fn a_frame_is_read_field_by_field() {
    let lines = module("a.b")
        + "audio\t48000,16000\t2\t1\n"
        + "parameter\tmode\tMode\t\tchoice\t0\t2\t1\ta|b|c\tWhich.\n"
        + "statistic\tdropped\tpackets\tcounter\tHow many.\n"
        + "area\tjackfield.mixer/1\t3\nmethod\tmix() -> status\n";
    let [
        Frame {
            entry,
            abi,
            modules,
            areas,
        },
    ] = &frames(&frame(&lines)).unwrap()[..]
    else {
        panic!("one frame")
    };
    assert_eq!((entry.as_str(), *abi), ("jf_plugin_entry", (1, 0)));
    let module = &modules[0];
    assert_eq!(
        (module.vendor.as_str(), module.version.as_str(), module.revision),
        ("Vendor", "1.2.3", 3)
    );
    assert_eq!(
        (
            &module.audio.sample_rates[..],
            module.audio.max_channels,
            module.audio.render
        ),
        (&[48_000, 16_000][..], 2, true)
    );
    assert_eq!((module.parameters.len(), module.statistics[0].counter), (1, true));
    assert_eq!(areas[0].methods, ["mix() -> status"]);
}

#[test]
fn several_frames_stand_one_behind_the_other() {
    let mut bytes = vec![0, 0];
    bytes.extend(frame(&module("a.one")));
    bytes.extend([0; 7]);
    bytes.extend(frame(&module("a.two")));
    let ids: Vec<_> = frames(&bytes)
        .unwrap()
        .into_iter()
        .map(|frame| frame.modules[0].id.clone())
        .collect();
    assert_eq!(ids, ["a.one", "a.two"]);
}

#[test]
fn lines_and_fields_of_a_newer_sdk_are_passed_over() {
    let lines = module("a.b").replace("\t1\n", "\t1\tsomething new\n") + "colour\tred\n";
    assert_eq!(frames(&frame(&lines)).unwrap()[0].modules[0].id, "a.b");
}

#[test]
fn what_is_wrong_is_said() {
    assert_eq!(frames(b"").unwrap_err(), MetadataError::Empty);
    assert_eq!(frames(b"\0\0\0").unwrap_err(), MetadataError::Empty);
    assert_eq!(
        frames(b"\0jf2\0x\0").unwrap_err(),
        MetadataError::NoFrame { at: 1 }
    );
    assert_eq!(
        frames(b"jf1\0entry\tx").unwrap_err(),
        MetadataError::Unfinished { at: 0 }
    );
    assert_eq!(
        frames(b"jf1\0\xff\xff\0").unwrap_err(),
        MetadataError::NotText { at: 0 }
    );
    assert_eq!(
        frames(b"jf1\0\0").unwrap_err(),
        MetadataError::Missing { key: "module" }
    );
    assert_eq!(
        fault(""),
        "the metadata has no `module` line; build the plugin with the SDK or header that comes with this host"
    );
    assert_eq!(fault("module\tx\n"), "line 3 of .jf_meta: it has too few fields");
    assert_eq!(
        fault(&module("Not An Id")),
        "line 3 of .jf_meta: `Not An Id` cannot be an id: use lower-case words joined by dots"
    );
    assert_eq!(
        fault("audio\t\t2\t1\n"),
        "line 3 of .jf_meta: it stands before any `module` line"
    );
    assert_eq!(
        fault("method\tx()\n"),
        "line 3 of .jf_meta: a `method` line stands before any `area` line"
    );
    assert_eq!(
        fault(&(module("a.b") + "parameter\tp\tP\t\tcolour\t0\t1\t0\t\t\n")),
        "line 4 of .jf_meta: `colour` is not a kind of parameter"
    );
    assert_eq!(
        fault(&(module("a.b") + "parameter\tp\tP\t\tfloat\t0\t1\t7\t\t\n")),
        "line 4 of .jf_meta: the default 7 is not between 0 and 1"
    );
    assert_eq!(
        fault(&(module("a.b") + "parameter\tp\tP\t\tfloat\t0\tinf\t7\t\t\n")),
        "line 4 of .jf_meta: a bound is not finite"
    );
    assert_eq!(
        fault(&module("a.b").replace("\t1\n", "\tyes\n")),
        "line 3 of .jf_meta: `yes` is neither 0 nor 1"
    );
}

#[test]
fn an_entry_is_the_name_of_a_symbol() {
    let bytes = frame(&module("a.b"));
    let text = String::from_utf8(bytes).unwrap();
    for symbol in ["", "a b", "x;y", &"x".repeat(300)] {
        let changed = text.replace("jf_plugin_entry", symbol);
        assert!(frames(changed.as_bytes()).is_err(), "{symbol:?}");
    }
}

proptest! {
    #[test]
    fn bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
        let _ = frames(&bytes);
    }

    #[test]
    fn any_lines_can_be_compared_with_the_tables_of_this_host(text in "((area|method|[a-z]{0,4})(\t[a-z0-9./>() -]{0,20}){0,4}\n){0,12}") {
        let (ours, theirs) = (AbiText::of_host(), AbiText::of_text(&text));
        for change in ours.changes(&theirs).into_iter().chain(theirs.changes(&ours)) {
            prop_assert!(!change.to_string().is_empty());
        }
        prop_assert!(theirs.changes(&theirs).is_empty());
    }

    #[test]
    fn frames_of_random_lines_never_panic(lines in "[a-z]{0,9}(\t[a-z0-9.|-]{0,6}){0,9}\n(module|audio|parameter|statistic|area|method)(\t[a-z0-9./-]{0,6}){0,10}\n") {
        let _ = frames(&frame(&(module("a.b") + &lines)));
    }

    #[test]
    fn a_frame_that_is_cut_off_is_refused(at in 0_usize..80) {
        let whole = frame(&module("a.b"));
        let at = at.min(whole.len() - 1);
        prop_assert!(frames(&whole[..at]).is_err());
    }
}

#[test]
fn e1_5_a_module_says_what_it_supports_and_whether_with_little_power() {
    use jackfield_core::units::SampleRate;
    let lines = module("a.b") + "audio\t48000,16000\t2\t0\npower\t1\n" + &module("a.c");
    let frames = frames(&frame(&lines)).unwrap();
    let [efficient, plain] = &frames[0].modules[..] else {
        panic!("two modules")
    };
    for (hz, channels, supported) in [
        (48_000, 1, true),
        (16_000, 2, true),
        (44_100, 1, false),
        (48_000, 3, false),
    ] {
        let support = efficient.support(SampleRate::hz(hz), channels);
        assert_eq!(
            (support.supported, support.power_efficient),
            (supported, supported),
            "{hz} {channels}"
        );
    }
    let support = plain.support(SampleRate::hz(44_100), 8);
    assert_eq!(
        (support.supported, support.power_efficient),
        (true, false),
        "nothing is said of power"
    );
    assert!(!plain.support(SampleRate::hz(44_100), 0).supported);
}

#[test]
fn e19_5_a_congestion_controller_says_at_which_end_it_decides() {
    use jackfield_core::congestion_controller::CongestionRole;
    let lines =
        module("a.b") + "congestion\treceiver\n" + &module("a.c") + "congestion\teither\n" + &module("a.d");
    let frames = frames(&frame(&lines)).unwrap();
    let roles: Vec<_> = frames[0]
        .modules
        .iter()
        .map(|module| module.congestion_role)
        .collect();
    assert_eq!(
        roles,
        [
            CongestionRole::Receiver,
            CongestionRole::Either,
            CongestionRole::Sender
        ],
        "who says nothing decides at the sender"
    );
    assert!(fault(&(module("a.b") + "congestion\tmiddle\n")).contains("use sender, receiver or either"));
}
