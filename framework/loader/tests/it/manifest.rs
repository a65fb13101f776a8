//! The manifest: what it says, and what is said of a wrong one.

use std::path::{Path, PathBuf};

use jackfield_core::audio::AudioFormat;
use jackfield_core::units::{DataRate, SampleRate};
use jackfield_loader::{
    Isolation, LinkClass, LinkProfiles, LoaderOptions, Manifest, ParameterValue, Profile, TextError,
};
use miette::{GraphicalReportHandler, GraphicalTheme};
use proptest::prelude::*;

const PIN: &str = "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";

fn parse(text: &str) -> Result<Manifest, TextError> {
    Manifest::parse(text, "/etc/jackfield/jackfield.toml")
}

/// The error of a manifest whose profile is given.
fn fault(text: &str) -> TextError {
    parse(&format!("profile = \"conference\"\n{text}")).unwrap_err()
}

#[test]
fn everything_that_can_be_said() {
    let manifest = parse(&format!(
        r#"
        profile = "conference"
        [plugins]
        folders = ["plugins", "/opt/jackfield"]
        [policy]
        require = "pinned"
        folders = ["/opt"]
        [sockets.jitter]
        use = ["acme.jitter.fast", "jackfield.jitter.adaptive"]
        params = {{ target_ms = 60, mode = "low delay", stretch = true, weight = 0.5 }}
        fallback = "jackfield.jitter.fixed"
        isolation = "static"
        [sockets.mixer]
        use = "jackfield.mixer.sum"
        pin = "{PIN}"
        [room]
        max_participants = 12
        sample_rate = 16000
        channels = 2
        [limits]
        images = 8
        "#
    ))
    .unwrap();
    assert_eq!(manifest.profile, Profile::Conference);
    assert_eq!(
        manifest.folders,
        [
            PathBuf::from("/etc/jackfield/plugins"),
            PathBuf::from("/opt/jackfield")
        ]
    );
    let jitter = manifest.socket("jitter").unwrap();
    assert_eq!(
        jitter.candidates,
        ["acme.jitter.fast", "jackfield.jitter.adaptive"]
    );
    assert_eq!(jitter.parameters["target_ms"], ParameterValue::Number(60.0));
    assert_eq!(
        jitter.parameters["mode"],
        ParameterValue::Text("low delay".to_owned())
    );
    assert_eq!(jitter.parameters["stretch"], ParameterValue::Bool(true));
    assert_eq!(jitter.isolation, Isolation::Static);
    let mixer = manifest.socket("mixer").unwrap();
    assert_eq!(mixer.pin.unwrap().to_string(), PIN);
    assert_eq!(
        (mixer.isolation, mixer.fallback.as_deref()),
        (Isolation::InProcess, None),
        "a socket is replaced as a whole"
    );
    assert_eq!(
        (
            manifest.room.max_participants,
            manifest.room.format(),
            manifest.limits.images
        ),
        (12, AudioFormat::new(SampleRate::HZ_16000, 2), 8)
    );
}

#[test]
fn the_default_fills_every_socket_of_a_conference_in_signal_order() {
    let manifest = Manifest::embedded_default();
    let chosen: Vec<_> = manifest
        .sockets
        .iter()
        .map(|socket| (socket.name.as_str(), socket.candidates[0].as_str()))
        .collect();
    assert_eq!(
        chosen,
        [
            ("transport", "jackfield.transport.ice-dtls"),
            ("jitter", "jackfield.jitter.adaptive"),
            ("codec", "jackfield.codec.opus"),
            ("echo", "jackfield.processing.aec3"),
            ("noise", "jackfield.processing.ns-rnnoise"),
            ("gain", "jackfield.processing.gain"),
            ("mixer", "jackfield.mixer.active-speaker"),
            ("congestion", "jackfield.congestion.gcc"),
            ("pacer", "jackfield.pacing.leaky-bucket"),
            ("estimator", "jackfield.congestion.receive-side"),
        ]
    );
    assert!(
        manifest
            .sockets
            .iter()
            .all(|socket| socket.isolation == Isolation::InProcess)
    );
    assert_eq!(
        manifest.socket("echo").unwrap().fallback.as_deref(),
        Some("jackfield.processing.null")
    );
    for socket in &manifest.sockets {
        let area = Profile::Conference.socket(&socket.name).unwrap().area;
        assert!(
            jackfield_core::AREAS.iter().any(|known| known.id == area),
            "{area}"
        );
    }
    let written_out = parse("profile = \"conference\"").unwrap();
    assert_eq!(written_out.sockets, manifest.sockets);
    assert_eq!(
        (written_out.room, written_out.limits, written_out.policy),
        (manifest.room, manifest.limits, manifest.policy)
    );
}

#[test]
fn without_a_profile_every_socket_must_be_written_out() {
    let error = parse("[sockets.echo]\nuse = \"a.b\"\n").unwrap_err();
    assert!(
        error
            .message()
            .starts_with("these sockets are missing: transport, jitter, codec, noise,"),
        "{error}"
    );
    assert!(
        error.advice().unwrap().contains("profile = \"conference\""),
        "{error}"
    );
}

#[test]
fn a_key_that_there_is_not_is_told_with_the_nearest_one() {
    let error = fault("[plugins]\nfolder = [\"x\"]\n");
    assert_eq!(
        error.to_string(),
        "/etc/jackfield/jackfield.toml:3: there is no key `folder` here; did you mean `folders`? expected one of: folders"
    );
    let error = fault("[sockets.echo]\nuse = \"a.b\"\nfalback = \"c.d\"\n");
    assert_eq!(error.line(), Some(4));
    assert!(error.to_string().contains("did you mean `fallback`?"), "{error}");
    assert!(fault("[rooms]\n").to_string().contains("did you mean `room`?"));
}

#[test]
fn a_socket_that_there_is_not_is_told_with_the_nearest_one() {
    let error = fault("[sockets.ecco]\nuse = \"a.b\"\n");
    assert_eq!(
        error.to_string(),
        "/etc/jackfield/jackfield.toml:2: there is no socket `ecco`; did you mean `echo`? a conference has: transport, jitter, codec, echo, noise, gain, mixer, congestion, pacer, estimator"
    );
}

#[test]
fn values_that_do_not_fit_are_told_with_what_does() {
    for (text, line, expected) in [
        (
            "[sockets.echo]\nuse = 5\n",
            3,
            "expected the id of a plugin or a list of ids",
        ),
        ("[sockets.echo]\nuse = []\n", 3, "name at least one"),
        ("[sockets.echo]\nuse = \"Not An Id\"\n", 3, "lower-case words"),
        (
            "[sockets.echo]\nuse = [\n  \"a.b\",\n  \"NO\",\n]\n",
            5,
            "`NO` cannot be the id",
        ),
        (
            "[sockets.echo]\nfallback = \"a.b\"\n",
            2,
            "the key `use` is missing",
        ),
        (
            "[sockets.echo]\nuse = \"a.b\"\npin = \"sha256:00\"\n",
            4,
            "64 hexadecimal digits",
        ),
        (
            "[sockets.echo]\nuse = \"a.b\"\nparams = { gain = [1] }\n",
            4,
            "expected true, false, a number or a text",
        ),
        (
            "[sockets.echo]\nuse = \"a.b\"\nisolation = \"statik\"\n",
            4,
            "did you mean `static`?",
        ),
        (
            "[sockets.echo]\nuse = \"a.b\"\nisolation = \"proces\"\n",
            4,
            "did you mean `process`?",
        ),
        (
            "[sockets.echo]\nuse = \"a.b\"\nisolation = \"process\"\nallow = [\"net\", \"write:/tmp\"]\n",
            5,
            "`write:/tmp` is nothing that can be allowed",
        ),
        (
            "[sockets.echo]\nuse = \"a.b\"\nisolation = \"process\"\nallow = [\"read:models\"]\n",
            5,
            "must be absolute",
        ),
        (
            "[sockets.echo]\nuse = \"a.b\"\nallow = [\"net\"]\n",
            4,
            "only a plugin in a process of its own",
        ),
        ("[room]\nmax_participants = 1\n", 3, "1 is out of range"),
        ("[room]\nmax_participants = -4\n", 3, "-4 is out of range"),
        ("[room]\nsample_rate = 44101\n", 3, "44101 is out of range"),
        ("[room]\nchannels = 6\n", 3, "6 is out of range"),
        (
            "[event_log]\nfolder = \"logs\"\nmegabytes = 0\n",
            4,
            "0 is out of range",
        ),
        ("[event_log]\nfolder = \"\"\n", 3, "this folder has no name"),
        ("[limits]\nimages = 5000\n", 3, "5000 is out of range"),
        ("[experiments]\n\"a=b\" = \"1\"\n", 3, "a key without `=`"),
        ("[plugins]\nfolders = [\"\"]\n", 3, "this folder has no name"),
    ] {
        let error = fault(text);
        assert_eq!(error.line(), Some(line), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    let error = parse("profile = \"conferance\"\n").unwrap_err();
    assert!(
        error.to_string().contains("did you mean `conference`?"),
        "{error}"
    );
}

#[test]
fn t_7_a_plugin_in_a_process_of_its_own_is_allowed_what_the_manifest_says() {
    let manifest = parse(
        "profile = \"conference\"\n[sockets.noise]\nuse = \"a.b.c\"\nisolation = \"process\"\nallow = [\"net\", \"read:/models\"]\n",
    )
    .unwrap();
    let noise = manifest.socket("noise").unwrap();
    assert_eq!(noise.isolation, Isolation::Process);
    let allowed: Vec<String> = noise.allow.iter().map(ToString::to_string).collect();
    assert_eq!(allowed, ["net", "read:/models"]);
    assert!(manifest.socket("echo").unwrap().allow.is_empty());
    assert!(manifest.linked().socket("noise").unwrap().allow.is_empty());
}

#[test]
fn e1_2_what_is_tried_out_stands_in_the_manifest_and_reaches_the_loader() {
    let manifest =
        parse("profile = \"conference\"\n[experiments]\ntarget-quantile = \"0.97\"\nother = \"\"\n").unwrap();
    let mut options = LoaderOptions {
        experiments: [("other", "1"), ("host", "2")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        ..LoaderOptions::default()
    };
    options = options.with_manifest(&manifest);
    let tried: Vec<(&str, &str)> = options
        .experiments
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        tried,
        [("host", "2"), ("other", ""), ("target-quantile", "0.97")],
        "the manifest has the last word"
    );
    assert_eq!(manifest.linked().experiments.len(), 2);
    let long = format!("[experiments]\na = \"{0}\"\nb = \"{0}\"\n", "x".repeat(300));
    let error = fault(&long);
    assert_eq!(error.line(), Some(4), "{error}");
    assert!(error.to_string().contains("480 bytes"), "{error}");
}

#[test]
fn a_pin_is_for_one_plugin_file() {
    let error = fault(&format!(
        "[sockets.echo]\nuse = [\"a.b\", \"c.d\"]\npin = \"{PIN}\"\n"
    ));
    assert!(error.to_string().contains("a pin is for one plugin"), "{error}");
    let error = fault(&format!(
        "[sockets.echo]\nuse = \"a.b\"\nisolation = \"static\"\npin = \"{PIN}\"\n"
    ));
    assert!(error.to_string().contains("has no file to pin"), "{error}");
}

#[test]
fn an_error_is_shown_at_its_place() {
    let error = fault("[sockets.echo]\nuse = \"a.b\"\nisolaton = \"static\"\n");
    let mut shown = String::new();
    GraphicalReportHandler::new_themed(GraphicalTheme::none())
        .render_report(&mut shown, &error)
        .unwrap();
    for part in [
        "jackfield.toml:4:1",
        "isolaton = \"static\"",
        "unknown key",
        "did you mean `isolation`?",
    ] {
        assert!(shown.contains(part), "`{part}` is not in\n{shown}");
    }
}

#[test]
fn a_manifest_that_cannot_be_read_is_told() {
    let error = Manifest::read(Path::new("/nowhere/jackfield.toml")).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("/nowhere/jackfield.toml: cannot read the manifest"),
        "{error}"
    );
}

#[test]
fn an_event_log_is_written_beside_the_manifest_and_only_if_it_says_so() {
    assert_eq!(Manifest::embedded_default().event_log, None);
    let log = |text: &str| {
        let manifest = parse(&format!("profile = \"conference\"\n[event_log]\n{text}")).unwrap();
        manifest.event_log.unwrap()
    };
    let logs = log("folder = \"../logs\"\n");
    assert_eq!((logs.folder, logs.megabytes), (PathBuf::from("/etc/logs"), 256));
    let logs = log("folder = \"/var/log/calls\"\nmegabytes = 65536\n");
    assert_eq!(
        (logs.folder, logs.megabytes),
        (PathBuf::from("/var/log/calls"), 65_536)
    );
}

#[test]
fn d5_4_what_is_used_of_a_link_is_overridden_in_the_manifest_and_the_rest_stays() {
    let manifest = parse(
        r#"
        profile = "conference"
        [profiles.mobile-cellular]
        maximum = 80
        metered_maximum = 40
        probes = true
        "#,
    )
    .unwrap();
    let [default, changed] = [&Manifest::embedded_default(), &manifest].map(|manifest| manifest.profiles);
    assert_eq!(changed.of(LinkClass::Desktop), default.of(LinkClass::Desktop));
    assert_eq!(
        changed.of(LinkClass::MobileWifi),
        default.of(LinkClass::MobileWifi)
    );
    let cellular = changed.of(LinkClass::MobileCellular);
    assert_eq!((cellular.maximum, cellular.probes), (DataRate::kbps(80), true));
    assert_eq!(cellular.start, default.mobile_cellular.start);
    let metered = cellular.bounds(true);
    assert_eq!(
        (metered.minimum, metered.start, metered.maximum),
        (DataRate::kbps(16), DataRate::kbps(40), DataRate::kbps(40)),
        "where every byte costs nothing goes above its bound"
    );
    assert_eq!(cellular.bounds(false).start, DataRate::kbps(64));
}

#[test]
fn d5_1_the_built_in_manifest_writes_out_what_is_used_of_each_link_and_less_where_it_is_mobile() {
    let profiles = Manifest::embedded_default().profiles;
    assert_eq!(profiles, LinkProfiles::default());
    let whole = include_str!("../../src/default.toml");
    for class in LinkClass::ALL {
        assert!(whole.contains(&format!("[profiles.{}]", class.name())));
        let bounds = profiles.of(class).bounds(true);
        assert!(bounds.minimum <= bounds.start && bounds.start <= bounds.maximum);
    }
    assert!(profiles.desktop.maximum > profiles.mobile_wifi.maximum);
    assert!(profiles.mobile_wifi.maximum > profiles.mobile_cellular.maximum);
}

#[test]
fn d5_4_a_kind_of_link_that_there_is_not_and_rates_that_do_not_rise_are_named() {
    let error = parse("profile = \"conference\"\n[profiles.mobile-wlan]\nstart = 60\n").unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(
        text.contains("mobile-wlan") && text.contains("mobile-wifi"),
        "{text}"
    );
    let error = parse("profile = \"conference\"\n[profiles.desktop]\nmaximum = 32\n").unwrap_err();
    assert!(error.to_string().contains("does not rise"), "{error}");
    let error = parse("profile = \"conference\"\n[profiles.desktop]\nstart = 5\n").unwrap_err();
    assert!(error.to_string().contains("out of range"), "{error}");
}

#[test]
fn the_checked_in_schema_is_that_of_the_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/jackfield.schema.json");
    let made = serde_json::to_string_pretty(&Manifest::json_schema()).unwrap() + "\n";
    if std::env::var_os("JACKFIELD_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &made).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == made,
        "docs/reference/jackfield.schema.json is not that of the manifest's types: run the tests of jackfield-loader with JACKFIELD_BLESS=1 and look at the difference"
    );
}

#[test]
fn the_schema_knows_the_profiles_and_the_isolations() {
    let schema = Manifest::json_schema();
    let profiles: Vec<_> = Profile::ALL.iter().map(|profile| profile.name()).collect();
    assert_eq!(
        schema["properties"]["profile"]["enum"],
        serde_json::json!(profiles)
    );
    let socket = &schema["$defs"]["RawSocket"]["properties"];
    assert_eq!(
        socket["isolation"]["enum"],
        serde_json::json!([
            Isolation::Static.name(),
            Isolation::InProcess.name(),
            Isolation::Process.name()
        ])
    );
    let pattern = socket["pin"]["pattern"].as_str().unwrap();
    assert!(pattern.starts_with("^blake3:") && PIN.len() == "blake3:".len() + 64);
    let sockets = schema["properties"]["sockets"]["description"].as_str().unwrap();
    assert!(
        Profile::Conference
            .sockets()
            .iter()
            .all(|socket| sockets.contains(socket.name)),
        "{sockets}"
    );
}

proptest! {
    #[test]
    fn text_never_panics(text in "\\PC{0,200}") {
        let _ = parse(&text);
    }

    #[test]
    fn a_changed_manifest_never_panics(at in any::<prop::sample::Index>(), new in "\\PC{0,8}", len in 0_usize..20) {
        let whole = include_str!("../../src/default.toml");
        let start = whole.floor_char_boundary(at.index(whole.len()));
        let end = whole.floor_char_boundary((start + len).min(whole.len()));
        let changed = format!("{}{new}{}", &whole[..start], &whole[end..]);
        if let Err(error) = parse(&changed) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
