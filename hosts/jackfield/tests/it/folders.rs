//! Where the command looks for plugins.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the command says of files that are no plugins, in the order in which it meets them.
fn refused(data: &Path, named: &Path, arguments: &[&str]) -> String {
    let listed = Command::new(env!("CARGO_BIN_EXE_jackfield"))
        .args(["plugin", "list"])
        .args(arguments)
        .env("XDG_DATA_HOME", data)
        .env("JACKFIELD_PLUGIN_PATH", named)
        .output()
        .expect("the binary runs");
    assert!(listed.status.success(), "{listed:?}");
    String::from_utf8(listed.stderr).expect("text")
}

fn folder_with_no_plugin(path: PathBuf) -> (PathBuf, String) {
    fs::create_dir_all(&path).expect("made");
    let file = path.join("none.so");
    fs::write(&file, "no plugin").expect("written");
    let name = file.display().to_string();
    (path, name)
}

#[test]
fn folders_of_the_command_line_come_first_then_those_of_the_manifest_and_of_the_variable_and_installed_ones_last()
 {
    let place = tempfile::tempdir().expect("a folder");
    let data = place.path().join("data");
    let (given, of_given) = folder_with_no_plugin(place.path().join("given"));
    let (written, of_written) = folder_with_no_plugin(place.path().join("written"));
    let (named, of_named) = folder_with_no_plugin(place.path().join("named"));
    let (_, of_installed) = folder_with_no_plugin(data.join("jackfield/plugins"));
    let manifest = place.path().join("jackfield.toml");
    let text = format!(
        "profile = \"conference\"\n[plugins]\nfolders = [\"{}\"]\n",
        written.display()
    );
    fs::write(&manifest, text).expect("written");
    let [given, manifest] = [&given, &manifest].map(|path| path.to_str().expect("text"));
    let said = refused(&data, &named, &["--manifest", manifest, "--plugins", given]);
    let places: Vec<Option<usize>> = [of_given, of_written, of_named, of_installed]
        .iter()
        .map(|file| said.find(file.as_str()))
        .collect();
    assert!(
        places.iter().all(Option::is_some) && places.is_sorted(),
        "{places:?} in: {said}"
    );
}
