use jackfield_house_rules::workspace::{packages, text};

use super::assert_none;

#[test]
fn t_5_every_plugin_is_built_as_a_shared_library_and_links_statically_too() {
    let wrong: Vec<String> = packages(false)
        .iter()
        // What does wrong on purpose must not lie beside the real ones: its file is an example.
        .filter(|package| package.folder.starts_with("plugins/") && package.folder != "plugins/bad")
        .filter(|package| {
            !["cdylib", "rlib"]
                .iter()
                .all(|kind| package.crate_types.iter().any(|own| own == kind))
        })
        .map(|package| {
            format!(
                "{}: its [lib] needs crate-type = [\"cdylib\", \"rlib\"]",
                package.folder
            )
        })
        .collect();
    assert_none(&wrong);
}

#[test]
fn every_package_takes_the_lints_of_the_workspace_and_opens_with_what_it_is() {
    let mut wrong = Vec::new();
    for package in packages(false).iter().filter(|package| package.is_ours()) {
        let manifest: toml::Table = text(&format!("{}/Cargo.toml", package.folder))
            .parse()
            .expect("Cargo.toml is TOML");
        if manifest.get("lints").and_then(|lints| lints.get("workspace")) != Some(&toml::Value::Boolean(true))
        {
            wrong.push(format!(
                "{}: its Cargo.toml needs [lints] workspace = true",
                package.folder
            ));
        }
        let sources = ["src/lib.rs", "src/main.rs"].map(|file| format!("{}/{file}", package.folder));
        let root = jackfield_house_rules::workspace::root();
        for source in sources.iter().filter(|source| root.join(source).exists()) {
            if !text(source)
                .lines()
                .find(|line| !line.trim().is_empty())
                .is_some_and(|line| line.starts_with("//!"))
            {
                wrong.push(format!(
                    "{source}: must open with `//!` and what it is, what it must never do, and an example"
                ));
            }
        }
    }
    assert_none(&wrong);
}
