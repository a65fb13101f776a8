//! Who may depend on whom: arrows point down only, and a plugin sees the plugin SDK and nothing else.

use crate::workspace::{DependencyKind, Package};

/// The rooms from the ground up. A package may depend on rooms that stand lower in this list, never on its own or a higher one.
const ROOMS: &[&str] = &[
    "plugin-sdk/abi",
    "plugin-sdk/macros",
    "framework/core",
    "plugin-sdk/sdk",
    "plugin-sdk/testkit",
    "plugins",
    "framework/rtp",
    "framework/event-log",
    "framework/graph",
    "framework/loader",
    // Opens plugins through the very door that a host opens them through.
    "plugin-sdk/check",
    "framework/package",
    "framework/session",
    "framework/sim",
    "framework/lab",
    "framework/runtime",
    "hosts/join-token",
    "hosts/call-host",
    "hosts/endpoint",
    "hosts/sandbox",
    "hosts/jackfield",
    "benches",
    "framework/house-rules",
];

/// Libraries that bring threads, sockets, devices or the machine's clock with them.
const OF_THE_MACHINE: &[&str] = &[
    "async-std",
    "axum",
    "chrono",
    "cpal",
    "crossbeam-channel",
    "getrandom",
    "hyper",
    "if-addrs",
    "mio",
    "nix",
    "polling",
    "quinn-udp",
    "rayon",
    "reqwest",
    "smol",
    "socket2",
    "tokio",
    "v4l",
];

/// Packages outside the runtime, the devices and the hosts that need such a library all the same, and why.
const MACHINE_EXCEPTIONS: &[(&str, &str, &str)] = &[
    (
        "plugins/transport/webrtc-rs",
        "tokio",
        "webrtc-ice and webrtc-dtls are written for tokio; the plugin drives them on a runtime of its own",
    ),
    (
        "plugins/transport/",
        "getrandom",
        "keys and certificates come from the operating system: a seed that could be guessed would give the call away",
    ),
];

/// What in the dependency tables of these packages breaks the order of the rooms.
pub fn breaches(packages: &[Package]) -> Vec<String> {
    packages
        .iter()
        .filter(|package| package.is_ours())
        .flat_map(|package| breaches_of(package, packages))
        .collect()
}

fn breaches_of(package: &Package, packages: &[Package]) -> Vec<String> {
    let Some(height) = height(&package.folder) else {
        return vec![format!(
            "{}: no such room. Put the package into a folder of the layout, or add its room to ROOMS in framework/house-rules/src/layers.rs at the height where it belongs",
            package.folder
        )];
    };
    let mut found = Vec::new();
    for dependency in package.dependencies.iter().filter(|dependency| dependency.ours) {
        let Some(target) = packages
            .iter()
            .find(|other| other.is_ours() && other.name == dependency.name)
        else {
            continue;
        };
        if let Some(rule) = forbidden(package, height, target, dependency.kind) {
            found.push(format!("{} depends on {}: {rule}", package.folder, target.folder));
        }
    }
    if !may_touch_the_machine(&package.folder) {
        for dependency in package
            .dependencies
            .iter()
            .filter(|one| one.kind == DependencyKind::Shipped)
        {
            let excepted = MACHINE_EXCEPTIONS.iter().any(|(folder, library, _)| {
                package.folder.starts_with(folder) && *library == dependency.name
            });
            if OF_THE_MACHINE.contains(&dependency.name.as_str()) && !excepted {
                found.push(format!(
                    "{} depends on {}: threads, sockets, devices and clocks belong to framework/runtime, plugins/capture and hosts. Take time, datagrams and randomness as arguments",
                    package.folder, dependency.name
                ));
            }
        }
    }
    found
}

fn forbidden(
    package: &Package,
    height: usize,
    target: &Package,
    kind: DependencyKind,
) -> Option<&'static str> {
    let below = self::height(&target.folder)?;
    let from_plugin = package.folder.starts_with("plugins/");
    let to_plugin = target.folder.starts_with("plugins/");
    match kind {
        // Tests may bring real plugins in anywhere: no mocks where the real part would do.
        DependencyKind::Tests if to_plugin && target.name != package.name => None,
        // Whatever the simulator stands on may be tested in virtual time.
        DependencyKind::Tests if target.folder == "framework/sim" && !from_plugin => None,
        // The examples beside the traits are written as the author of a plugin writes.
        DependencyKind::Tests if package.folder == "framework/core" && target.folder == "plugin-sdk/sdk" => None,
        DependencyKind::Tests if from_plugin => (!target.folder.starts_with("plugin-sdk/"))
            .then_some("a plugin's tests see plugin-sdk (with its testkit) and other plugins, nothing of framework or hosts"),
        DependencyKind::Shipped if from_plugin => (target.folder != "plugin-sdk/sdk").then_some(
            "a plugin sees plugin-sdk/sdk and nothing else, as a third party's does. Re-export what is missing from the SDK",
        ),
        DependencyKind::Shipped if to_plugin => (!package.folder.starts_with("hosts/") && package.folder != "benches")
            .then_some("only hosts and benches link plugins; the framework loads them"),
        _ => (below >= height).then_some(
            "arrows point down only. Move what both need into a lower room, or turn the arrow round with a trait in the lower one",
        ),
    }
}

fn height(folder: &str) -> Option<usize> {
    ROOMS
        .iter()
        .position(|room| folder == *room || (*room == "plugins" && folder.starts_with("plugins/")))
}

/// Whether the package in this folder may use threads, sockets, devices and the machine's clock.
pub fn may_touch_the_machine(folder: &str) -> bool {
    [
        "framework/runtime",
        "framework/house-rules",
        "plugins/capture/",
        // Does on purpose what nobody may.
        "plugins/bad",
        // Runs plugins in processes, and measures how long they take.
        "plugin-sdk/check",
        "hosts/",
        "benches",
    ]
    .iter()
    .any(|room| folder.starts_with(room))
}
