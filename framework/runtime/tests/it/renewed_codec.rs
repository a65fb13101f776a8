//! A codec is built anew while a call runs: whoever speaks and whoever only listens is sent packets of the new build, and no packet is missing.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use jackfield_loader::{Isolation, Loader, LoaderOptions};
use jackfield_runtime::view::SwapOutcome;
use jackfield_runtime::{Engine, EngineOptions};
use jackfield_transport_loopback::Loopback;

use super::caller::{Caller, Codec, linked, manifest, transport};

const CODEC: Codec = Codec {
    payload_type: 120,
    lines: "a=rtpmap:120 X-MARKED/16000\r\n",
    ticks: 160,
};
const MANIFEST: &str = "profile = \"conference\"\n\
     [sockets.transport]\nuse = \"jackfield.transport.loopback\"\n\
     [sockets.echo]\nuse = \"jackfield.processing.null\"\n\
     [sockets.noise]\nuse = \"jackfield.processing.null\"\n";

/// The codec of the template, whose packets begin with the number of the build. The first sample of each block is lost to that.
fn build(folder: &Path, number: u8) {
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugin-sdk");
    let template = fs::read_to_string(sdk.join("templates/c/audio-codec.c")).unwrap();
    let source = template
        .replace("PLUGIN_ID", "example.codec.marked")
        .replace("PLUGIN_UPPER", "MARKED")
        .replace("PLUGIN_TITLE", "Marked")
        .replace("PLUGIN_VENDOR", "Example");
    let (before, behind) = source.split_once("// [audio]\nstatic void decode").unwrap();
    let (encode, end) = before.rsplit_once("}\n").unwrap();
    let marked = format!("{encode}  packet[0] = {number};\n}}\n{end}// [audio]\nstatic void decode{behind}");
    let place = tempfile::tempdir().unwrap();
    let (text, built) = (place.path().join("marked.c"), place.path().join("marked.so"));
    fs::write(&text, marked).unwrap();
    let run = Command::new("cc")
        .args(["-std=c11", "-O2", "-fPIC", "-fvisibility=hidden", "-shared", "-I"])
        .arg(sdk.join("abi/include"))
        .arg("-I")
        .arg(sdk.join("c/include"))
        .arg("-o")
        .arg(&built)
        .arg(&text)
        .arg("-lm")
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let file = folder.join("libmarked.so");
    fs::write(&file, fs::read(built).unwrap()).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
}

fn engine(folder: PathBuf) -> (Engine, Loader) {
    let loader = Loader::new(LoaderOptions {
        linked: linked(),
        folders: vec![folder],
        ..LoaderOptions::default()
    })
    .unwrap();
    let mut manifest = manifest(MANIFEST);
    let codec = manifest
        .sockets
        .iter_mut()
        .find(|socket| socket.name == "codec")
        .unwrap();
    codec.candidates = vec!["example.codec.marked".to_owned()];
    codec.fallback = None;
    codec.isolation = Isolation::InProcess;
    (
        Engine::start(EngineOptions::new(manifest, loader.clone())).unwrap(),
        loader,
    )
}

/// One speaks, all listen, for so long.
fn speak(callers: &mut [Caller; 3], time: Duration) {
    let begin = Instant::now();
    let mut said = 0;
    while begin.elapsed() < time {
        if begin.elapsed() >= Duration::from_millis(10) * said {
            // A square wave, as the codec has it.
            let packet: Vec<u8> = (0..160).map(|n| if n / 20 % 2 == 0 { 60 } else { 196 }).collect();
            callers[0].say(&packet);
            said += 1;
        }
        callers.iter_mut().for_each(Caller::step);
    }
}

/// The numbers of the builds that somebody was sent packets of, in order.
fn builds(caller: &mut Caller) -> Vec<u8> {
    let gaps = caller
        .heard
        .windows(2)
        .filter(|pair| pair[1].0.wrapping_sub(pair[0].0) != 1);
    assert_eq!(gaps.count(), 0, "no packet is missing");
    let mut builds: Vec<u8> = caller.heard.iter().map(|(_, payload)| payload[0]).collect();
    builds.dedup();
    builds
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_build_of_a_codec_is_heard_by_those_who_speak_and_those_who_share_a_mix() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    build(folder.path(), 1);
    let (engine, loader) = engine(folder.path().to_owned());
    let room = engine.open_room("room").unwrap();
    let mut callers = Vec::new();
    for (seed, name) in [(1, "Ann"), (2, "Bob"), (3, "Carol")] {
        let mut caller = Caller::join_in(&room, name, transport::<Loopback>(seed), CODEC).await;
        caller.connect();
        callers.push(caller);
    }
    let Ok(mut callers) = <[Caller; 3]>::try_from(callers) else {
        panic!("three joined");
    };
    speak(&mut callers, Duration::from_millis(600));

    build(folder.path(), 2);
    let renewed = {
        let (loader, room) = (loader.clone(), room.clone());
        tokio::spawn(async move {
            tokio::task::spawn_blocking(move || loader.rescan())
                .await
                .unwrap();
            room.renew().await
        })
    };
    speak(&mut callers, Duration::from_millis(2_500));
    let renewed = renewed.await.unwrap();
    let [(socket, Ok(report))] = &renewed[..] else {
        panic!("{renewed:?}");
    };
    assert_eq!(
        (socket.as_str(), report.outcome),
        ("codec", SwapOutcome::Committed)
    );
    speak(&mut callers, Duration::from_millis(300));
    for caller in &mut callers {
        assert_eq!(builds(caller), [1, 2]);
    }
    engine.close().await;
}
