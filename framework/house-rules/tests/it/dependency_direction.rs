use jackfield_house_rules::layers::breaches;
use jackfield_house_rules::workspace::{Dependency, DependencyKind, Package, packages};

use super::assert_none;

#[test]
fn dependencies_point_down_only() {
    assert_none(&breaches(&packages(false)));
}

#[test]
fn a_plugin_that_reaches_into_the_framework_is_found() {
    let packages = [
        package("plugins/mixer/sum", &["core"]),
        package("framework/core", &[]),
    ];
    let found = breaches(&packages);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains("a plugin sees plugin-sdk/sdk and nothing else"),
        "{found:?}"
    );
}

#[test]
fn an_arrow_that_points_up_is_found() {
    let packages = [
        package("framework/core", &["runtime"]),
        package("framework/runtime", &["core"]),
    ];
    let found = breaches(&packages);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("framework/core depends on framework/runtime: arrows point down only"),
        "{found:?}"
    );
}

#[test]
fn a_socket_library_below_the_runtime_is_found() {
    let with_tokio = |folder| {
        let mut package = package(folder, &[]);
        package.dependencies.push(Dependency {
            name: "tokio".to_owned(),
            kind: DependencyKind::Shipped,
            ours: false,
        });
        package
    };
    assert_eq!(breaches(&[with_tokio("framework/session")]).len(), 1);
    assert_none(&breaches(&[
        with_tokio("framework/runtime"),
        with_tokio("hosts/call-host"),
    ]));
}

#[test]
fn a_package_outside_the_layout_is_found() {
    assert_eq!(breaches(&[package("misc/things", &[])]).len(), 1);
}

fn package(folder: &str, dependencies: &[&str]) -> Package {
    Package {
        name: folder.rsplit('/').next().unwrap_or_default().to_owned(),
        folder: folder.to_owned(),
        licence: None,
        crate_types: Vec::new(),
        dependencies: dependencies
            .iter()
            .map(|name| Dependency {
                name: (*name).to_owned(),
                kind: DependencyKind::Shipped,
                ours: true,
            })
            .collect(),
    }
}
