use jackfield_house_rules::licences::{allowed, breaches};
use jackfield_house_rules::workspace::{Package, packages, text};

use super::assert_none;

#[test]
fn every_dependency_has_a_licence_of_the_list() {
    assert_none(&breaches(&packages(true), &allowed(&text("deny.toml"))));
}

#[test]
fn a_licence_off_the_list_is_found_and_a_choice_is_taken() {
    let list = allowed("[licenses]\nallow = [\"MIT\", \"Apache-2.0\"]");
    for (licence, number) in [
        (Some("MIT"), 0),
        (Some("MIT OR GPL-3.0-only"), 0),
        (Some("MIT/Apache-2.0"), 0),
        (Some("GPL-3.0-only"), 1),
        (Some("MIT AND GPL-3.0-only"), 1),
        (None, 1),
    ] {
        let package = Package {
            name: "sample".to_owned(),
            folder: String::new(),
            licence: licence.map(str::to_owned),
            crate_types: Vec::new(),
            dependencies: Vec::new(),
        };
        assert_eq!(breaches(&[package], &list).len(), number, "{licence:?}");
    }
}
