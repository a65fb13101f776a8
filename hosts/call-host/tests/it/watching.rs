//! A plugin is built anew while a call runs: the new build is in the call, and what cannot be used is told to everybody.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use jackfield_call_host::HostOptions;
use jackfield_loader::Isolation;
use tempfile::TempDir;

use crate::support::{Host, engine_with, open_options};

const ROOM: &str = "/api/rooms/studio";
const C_GAIN: &str = "example.processing.c-gain";

/// The gain in C, with this version.
fn build(version: &str) -> Vec<u8> {
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugin-sdk");
    let source = fs::read_to_string(sdk.join("c/gain.c")).expect("the example is there");
    assert!(
        source.contains("\"1.0.0\""),
        "its version is told apart by this text"
    );
    let folder = tempfile::tempdir().expect("a folder");
    let (text, built) = (folder.path().join("gain.c"), folder.path().join("gain.so"));
    fs::write(&text, source.replace("\"1.0.0\"", &format!("\"{version}\""))).expect("it can be written");
    let run = Command::new("cc")
        .args(["-std=c11", "-O2", "-fPIC", "-fvisibility=hidden", "-shared"])
        .arg("-I")
        .arg(sdk.join("abi/include"))
        .arg("-o")
        .arg(&built)
        .arg(&text)
        .arg("-lm")
        .output()
        .expect("a C compiler is part of the setup");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    fs::read(built).expect("it was built")
}

/// The folder that a build writes to.
struct Output(TempDir);

impl Output {
    fn with(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("it is ours");
        let output = Self(folder);
        output.write(bytes);
        output
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("libgain.so")
    }

    /// As a linker does: in its place, in pieces.
    fn write(&self, bytes: &[u8]) {
        use std::io::Write as _;
        let mut file = fs::File::create(self.file()).expect("it can be written");
        fs::set_permissions(self.file(), fs::Permissions::from_mode(0o755)).expect("it is ours");
        for piece in bytes.chunks(bytes.len() / 3 + 1) {
            file.write_all(piece).expect("it can be written");
            file.flush().expect("it can be written");
        }
    }
}

async fn version_in(host: &Host) -> String {
    let graph = host.get(&format!("{ROOM}/graph")).await.json();
    let sockets = graph["sockets"].as_array().expect("sockets").clone();
    let gain = sockets.iter().find(|s| s["socket"] == "gain").expect("a gain");
    assert_eq!(gain["plugin"]["id"], C_GAIN);
    gain["plugin"]["version"].as_str().expect("a version").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_build_is_swapped_into_the_call_and_a_broken_one_is_told() {
    let (first, second) = (build("1.0.0"), build("2.0.0"));
    let output = Output::with(&first);
    let engine = engine_with(vec![output.0.path().to_owned()], |manifest| {
        let gain = manifest.sockets.iter_mut().find(|socket| socket.name == "gain");
        let gain = gain.expect("the profile has it");
        gain.candidates = vec![C_GAIN.to_owned()];
        gain.isolation = Isolation::InProcess;
        gain.fallback = None;
        gain.parameters.clear();
    });
    let options = HostOptions {
        watch: Some(output.0.path().to_owned()),
        ..open_options()
    };
    let host = Host::serve(engine, options);
    let (mut ann, _) = host.join("studio", "Ann").await;
    let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("speech/reader-1.wav");
    let room = host.engine.room("studio").expect("Ann is in it");
    room.add_robot("Reader", &clip).expect("there is room");
    assert_eq!(version_in(&host).await, "1.0.0");

    output.write(&second);
    let told = ann.hear("swap").await;
    assert_eq!(told["report"]["outcome"], "committed", "{told}");
    assert_eq!(version_in(&host).await, "2.0.0");

    output.write(&second[..second.len() / 2]);
    let problem = ann.hear("plugin-problem").await;
    assert!(
        problem["path"]
            .as_str()
            .is_some_and(|path| path.ends_with("libgain.so")),
        "{problem}"
    );
    assert!(
        problem["message"]
            .as_str()
            .is_some_and(|message| message.len() > 20),
        "{problem}"
    );
    assert_eq!(
        version_in(&host).await,
        "2.0.0",
        "the call goes on with what it had"
    );

    output.write(&first);
    let told = ann.hear("swap").await;
    assert_eq!(told["report"]["outcome"], "committed", "{told}");
    assert_eq!(version_in(&host).await, "1.0.0", "and back");
    host.stop().await;
}
