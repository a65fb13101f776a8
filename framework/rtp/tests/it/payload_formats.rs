//! Codecs bring their payload formats; the registry orders them and refuses what would clash.

use jackfield_core::units::SampleRate;
use jackfield_rtp::payload::{PayloadError, PayloadFormatDescription, PayloadRegistry, PayloadTypes};

fn format(codec: &str, index: u32, name: &str, clock: u32, channels: u32) -> PayloadFormatDescription {
    PayloadFormatDescription {
        codec: codec.into(),
        index,
        name: name.into(),
        clock_rate: SampleRate::hz(clock),
        channels,
        static_payload_type: None,
        fmtp: String::new(),
    }
}

#[test]
fn e23_4_formats_stand_in_the_order_of_the_manifest() {
    let mut registry = PayloadRegistry::new();
    registry
        .register(format("jackfield.codec.opus", 0, "opus", 48_000, 2))
        .unwrap();
    registry
        .register(format("jackfield.codec.g711", 0, "PCMU", 8_000, 1))
        .unwrap();
    registry
        .register(format("jackfield.codec.g711", 1, "PCMA", 8_000, 1))
        .unwrap();
    let names: Vec<_> = registry
        .formats()
        .iter()
        .map(|format| format.name.as_str())
        .collect();
    assert_eq!(names, ["opus", "PCMU", "PCMA"]);
    assert_eq!(
        registry
            .matching("pcma", SampleRate::HZ_8000, 1)
            .collect::<Vec<_>>(),
        [2],
        "names have no case"
    );
    assert_eq!(registry.matching("PCMA", SampleRate::HZ_16000, 1).count(), 0);
}

#[test]
fn e22_7_a_codec_that_nobody_knows_is_registered_like_any_other() {
    let mut registry = PayloadRegistry::new();
    let place = registry
        .register(format("org.example.codec.whisper", 0, "x-whisper.1", 24_000, 1))
        .unwrap();
    assert_eq!(
        registry
            .matching("X-Whisper.1", SampleRate::hz(24_000), 1)
            .collect::<Vec<_>>(),
        [place]
    );
}

#[test]
fn e23_4_duplicates_are_refused_and_named() {
    let mut registry = PayloadRegistry::new();
    registry.register(format("a", 0, "opus", 48_000, 2)).unwrap();
    let error = registry.register(format("b", 0, "OPUS", 48_000, 2)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "b registers OPUS/48000/2, which a has registered already: take one of the two out of the manifest"
    );
    assert!(matches!(
        registry.register(format("a", 0, "other", 1, 1)),
        Err(PayloadError::DuplicateIndex { .. })
    ));
    // The same encoding with other parameters is another format.
    registry
        .register(PayloadFormatDescription {
            fmtp: "stereo=1".into(),
            ..format("b", 0, "opus", 48_000, 2)
        })
        .unwrap();

    let pcmu = PayloadFormatDescription {
        static_payload_type: Some(0),
        ..format("c", 0, "PCMU", 8_000, 1)
    };
    registry.register(pcmu.clone()).unwrap();
    let rival = PayloadFormatDescription {
        name: "PCMX".into(),
        codec: "d".into(),
        ..pcmu
    };
    assert!(matches!(
        registry.register(rival),
        Err(PayloadError::DuplicateStatic { payload_type: 0, .. })
    ));
    assert_eq!(
        registry.formats().len(),
        3,
        "what is refused leaves nothing behind"
    );
}

#[test]
fn what_cannot_stand_in_sdp_is_refused() {
    let mut registry = PayloadRegistry::new();
    let cases = [
        format("a", 0, "", 48_000, 2),
        format("a", 0, "two words", 48_000, 2),
        format("a", 0, "opus\r\na=evil", 48_000, 2),
        format("a", 0, "opus", 0, 2),
        format("a", 0, "opus", 48_000, 0),
        PayloadFormatDescription {
            static_payload_type: Some(96),
            ..format("a", 0, "opus", 48_000, 2)
        },
        PayloadFormatDescription {
            fmtp: "a=1\r\nm=evil".into(),
            ..format("a", 0, "opus", 48_000, 2)
        },
    ];
    for case in cases {
        assert!(
            matches!(registry.register(case.clone()), Err(PayloadError::Invalid { .. })),
            "{case:?}"
        );
    }
}

#[test]
fn d2_2_a_payload_type_is_given_away_once() {
    let mut types = PayloadTypes::new();
    assert_eq!(types.allocate(Some(0)), Ok(0), "a static one as it is");
    assert_eq!(types.allocate(Some(111)), Ok(111));
    assert_eq!(types.allocate(Some(111)), Ok(96), "taken: the first that is free");
    assert_eq!(types.take(96), Err(PayloadError::Taken(96)));
    assert_eq!(types.take(200), Err(PayloadError::Taken(200)));
}

#[test]
fn d2_2_no_dynamic_payload_type_can_be_mistaken_for_rtcp() {
    let mut types = PayloadTypes::new();
    let mut given = Vec::new();
    loop {
        match types.allocate(None) {
            Ok(payload_type) => given.push(payload_type),
            Err(error) => break assert_eq!(error, PayloadError::Exhausted(61)),
        }
    }
    assert_eq!(given.len(), 61);
    assert!(given.iter().all(|payload_type| !(64..96).contains(payload_type)));
}
