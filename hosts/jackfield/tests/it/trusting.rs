//! From a plugin file to a signed package and back, by the command line alone; with a plugin in C, which is compiled here.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const GAIN: &str = "example.processing.c-gain";

/// A place with a plugin file, and homes of its own.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().expect("a folder"));
        let c = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugin-sdk/c");
        let built = Command::new("make")
            .current_dir(c)
            .arg(format!("BUILD={}", place.path("build").display()))
            .arg(place.path("build/gain.so"))
            .output()
            .expect("make is part of the setup");
        assert!(built.status.success(), "{built:?}");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn plugin(&self) -> PathBuf {
        self.path("build/gain.so")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_jackfield"))
            .arg("plugin")
            .args(arguments)
            .current_dir(self.0.path())
            .env("XDG_DATA_HOME", self.path("data"))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env_remove("JACKFIELD_PLUGIN_PATH")
            .output()
            .expect("the binary runs")
    }

    fn says(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).expect("text")
    }

    fn refuses(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{arguments:?}: {output:?}");
        let said = String::from_utf8_lossy(&output.stderr).replace(['\n', '│'], " ");
        said.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// What the list says of the gain in C.
    fn listed(&self, arguments: &[&str]) -> Value {
        let said = self.says(&[&["list", "--json"], arguments].concat());
        let list: Value = serde_json::from_str(&said).expect("JSON");
        let plugins = list["plugins"].as_array().expect("a list").clone();
        plugins
            .into_iter()
            .find(|plugin| plugin["id"] == GAIN)
            .unwrap_or_else(|| panic!("{list:#}"))
    }

    /// A manifest that requires signed plugins.
    fn manifest(&self, signer: &str) -> String {
        let text = format!(
            "profile = \"conference\"\n[policy]\nrequire = \"signed\"\n[policy.signers]\nacme = \"{signer}\"\n"
        );
        fs::write(self.path("jackfield.toml"), text).expect("written");
        "jackfield.toml".to_owned()
    }
}

#[test]
fn a_plugin_is_signed_packed_installed_and_listed_with_who_signed_it() {
    let place = Place::new();
    let key = place.says(&["keygen", "key.pem"]).trim().to_owned();
    let mode = fs::metadata(place.path("key.pem"))
        .expect("written")
        .permissions()
        .mode();
    assert_eq!(mode & 0o077, 0, "nobody else can read it");
    assert!(place.refuses(&["keygen", "key.pem"]).contains("never replaced"));

    place.says(&["sign", "--key", "key.pem", "build/gain.so"]);
    assert!(place.says(&["verify", "build/gain.so"]).contains(&key));
    fs::write(place.path("LICENSE"), "as you like").expect("written");
    fs::write(place.path("README.md"), "# Gain").expect("written");
    let packed = place.says(&["pack", "build/gain.so", "-o", "gain.jfp"]);
    for file in ["gain.so", "gain.so.sig", "LICENSE", "README.md"] {
        assert!(packed.contains(file), "{packed}");
    }

    let manifest = place.manifest(&key);
    place.says(&["install", "gain.jfp", "--manifest", &manifest]);
    let plugin = place.listed(&["--manifest", &manifest]);
    assert_eq!(plugin["signed_by"], "acme");
    assert_eq!(plugin["signer"], key.as_str());
    assert_eq!(plugin["refused"], Value::Null);
    assert_eq!(plugin["isolation"], "in-process");
    let installed = place.path("data/jackfield/plugins");
    assert_eq!(
        plugin["path"],
        installed.join(format!("{GAIN}.so")).display().to_string()
    );
    assert!(
        installed.join(GAIN).join("LICENSE").is_file(),
        "its licence is kept"
    );
    let table = place.says(&["list", "--manifest", &manifest]);
    let row = table.lines().find(|line| line.starts_with(GAIN)).expect("a row");
    for cell in [
        "1.0.0",
        "audio-processor",
        "MIT OR Apache-2.0",
        "in-process",
        "signed by acme",
    ] {
        assert!(row.contains(cell), "{cell}: {row}");
    }
}

#[test]
fn what_the_policy_forbids_is_neither_installed_nor_called_trusted() {
    let place = Place::new();
    place.says(&["pack", "build/gain.so", "-o", "unsigned.jfp"]);
    place.says(&["keygen", "mine.pem"]);
    let theirs = place.says(&["keygen", "theirs.pem"]).trim().to_owned();
    place.says(&["pack", "build/gain.so", "--key", "mine.pem", "-o", "mine.jfp"]);
    let manifest = place.manifest(&theirs);
    for package in ["unsigned.jfp", "mine.jfp"] {
        let said = place.refuses(&["install", package, "--manifest", &manifest]);
        assert!(said.contains("policy"), "{said}");
    }
    assert!(!place.path(&format!("data/jackfield/plugins/{GAIN}.so")).exists());

    place.says(&["install", "mine.jfp"]);
    let plugin = place.listed(&["--manifest", &manifest]);
    assert!(
        plugin["refused"]
            .as_str()
            .expect("a reason")
            .contains("whom the manifest does not name")
    );
    let said = place.refuses(&[
        "verify",
        "--signer",
        &theirs,
        "--",
        plugin["path"].as_str().expect("a path"),
    ]);
    assert!(said.contains("not by"), "{said}");
}

#[test]
fn a_signed_plugin_that_changed_by_one_bit_is_refused_by_every_command() {
    let place = Place::new();
    place.says(&["keygen", "key.pem"]);
    place.says(&["sign", "--key", "key.pem", "build/gain.so"]);
    let mut bytes = fs::read(place.plugin()).expect("built");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(place.plugin(), bytes).expect("written");
    assert!(
        place
            .refuses(&["verify", "build/gain.so"])
            .contains("another file")
    );
    assert!(place.refuses(&["pack", "build/gain.so"]).contains("another file"));
    let build = place.path("build").display().to_string();
    let listed = place.run(&["list", "--plugins", &build]);
    let said = String::from_utf8_lossy(&listed.stderr).into_owned();
    assert!(said.contains("changed after it was signed"), "{said}");
    assert!(!String::from_utf8_lossy(&listed.stdout).contains(GAIN));
}

#[test]
fn a_package_for_another_machine_or_a_damaged_one_is_not_installed() {
    let place = Place::new();
    place.says(&["pack", "build/gain.so", "-o", "gain.jfp"]);
    let mut bytes = fs::read(place.path("gain.jfp")).expect("packed");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    fs::write(place.path("damaged.jfp"), bytes).expect("written");
    let said = place.refuses(&["install", "damaged.jfp"]);
    assert!(
        said.contains("get it from its maker again") || said.contains("package"),
        "{said}"
    );
    assert!(
        place
            .refuses(&["install", "build/gain.so"])
            .contains("no package")
    );
    assert!(place.refuses(&["install", "nowhere.jfp"]).contains("nowhere.jfp"));
}

#[test]
fn inspect_tells_all_that_a_file_tells_without_being_run() {
    let place = Place::new();
    let text = place.says(&["inspect", "build/gain.so"]);
    for part in [
        GAIN,
        "-60 to 30 dB",
        "statistic blocks",
        "table jackfield.audio-processor/1 revision 2, this host has revision 2",
        "process(now: int64_t",
        "exports jf_plugin_entry",
        "libm.so.6",
        "digest blake3:",
        "not signed",
    ] {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
    let json: Value =
        serde_json::from_str(&place.says(&["inspect", "build/gain.so", "--json"])).expect("JSON");
    assert_eq!(json["modules"][0]["id"], GAIN);
    assert_eq!(json["tables"][0]["area"], "jackfield.module/1");
    assert_eq!(json["entries"][0], "jf_plugin_entry");
    assert!(
        json["imports"]
            .as_array()
            .expect("a list")
            .iter()
            .any(|name| name == "calloc")
    );
    assert!(
        place
            .refuses(&["inspect", "no.such.plugin"])
            .contains("plugin list")
    );
}

#[test]
fn the_doctor_names_what_keeps_plugins_from_loading_and_what_to_do() {
    let place = Place::new();
    let build = place.path("build").display().to_string();
    let findings = place.run(&["doctor", "--json", "--plugins", &build]);
    let findings: Value = serde_json::from_slice(&findings.stdout).expect("JSON");
    let findings = findings.as_array().expect("a list");
    let of = |what: &str| findings.iter().find(|finding| finding["what"] == what);
    for what in [
        "image folder",
        "plugins",
        "shared libraries",
        "real-time priority",
        "clock source",
        "CPU governor",
        "sandbox",
        "Landlock",
        "seccomp",
    ] {
        let finding = of(what).unwrap_or_else(|| panic!("{what} was not looked at"));
        assert_eq!(
            finding["verdict"] == "good",
            finding.get("advice").is_none(),
            "{finding}"
        );
    }
    assert_eq!(of("image folder").expect("looked at")["verdict"], "good");

    // A plugin that needs a library which no machine has.
    let none = place.path("none.c");
    fs::write(&none, "int jackfield_none(void) { return 0; }\n").expect("written");
    let header = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugin-sdk/abi/include");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugin-sdk/c/gain.c");
    let cc = |arguments: &[&std::ffi::OsStr]| {
        let run = Command::new("cc")
            .args(["-shared", "-fPIC"])
            .args(arguments)
            .output()
            .expect("cc runs");
        assert!(run.status.success(), "{run:?}");
    };
    let library = place.path("libjackfield-none.so.7");
    cc(&[
        "-Wl,-soname,libjackfield-none.so.7".as_ref(),
        "-o".as_ref(),
        library.as_ref(),
        none.as_ref(),
    ]);
    let needy = place.path("needy");
    fs::create_dir(&needy).expect("made");
    let plugin = needy.join("gain.so");
    cc(&[
        "-fvisibility=hidden".as_ref(),
        "-Wl,--no-as-needed".as_ref(),
        "-I".as_ref(),
        header.as_ref(),
        "-o".as_ref(),
        plugin.as_ref(),
        source.as_ref(),
        library.as_ref(),
        "-lm".as_ref(),
    ]);
    let output = place.run(&["doctor", "--plugins", needy.to_str().expect("text")]);
    assert!(
        !output.status.success(),
        "plugins do not load, and a script can tell"
    );
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        said.contains("needs libjackfield-none.so.7") && said.contains("apt-file"),
        "{said}"
    );
}
