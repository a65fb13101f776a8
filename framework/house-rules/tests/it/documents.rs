use jackfield_house_rules::documents::broken_links;
use jackfield_house_rules::workspace::{files, root, text};

use super::assert_none;

#[test]
fn links_between_documents_lead_somewhere() {
    let root = root();
    let found: Vec<String> = files(&["md"])
        .iter()
        .flat_map(|path| broken_links(path, &text(path), |place| root.join(place).exists()))
        .collect();
    assert_none(&found);
}

#[test]
fn lock_files_of_the_scripts_name_no_download_address() {
    let found: Vec<String> = files(&["json"])
        .iter()
        .filter(|path| path.ends_with("package-lock.json") && text(path).contains("\"resolved\""))
        .map(|path| {
            format!("{path}: take its \"resolved\" lines out (npm config omit-lockfile-registry-resolved)")
        })
        .collect();
    assert_none(&found);
}

#[test]
fn a_link_to_nothing_is_found_and_code_is_none() {
    let document = "See [the map](map.md), [home](../README.md#start), [there](https://example.org/).\n\
        In code: `[x](nothing.md)`.\n```\n[x](nothing.md)\n```\n[up and out](../../x.md)\n";
    let found = broken_links("docs/page.md", document, |place| place == "README.md");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].contains("`map.md`") && found[1].contains("`../../x.md`"),
        "{found:?}"
    );
}
