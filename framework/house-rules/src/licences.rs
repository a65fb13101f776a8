//! Every package that is drawn in has a licence of the list in `deny.toml`.

use spdx::{Expression, ParseMode};

use crate::workspace::Package;

/// The licences that `deny.toml` allows.
///
/// # Panics
/// If the text is no TOML or has no list of licences.
pub fn allowed(deny_toml: &str) -> Vec<String> {
    let file: toml::Table = deny_toml.parse().expect("deny.toml is TOML");
    let list = file["licenses"]["allow"]
        .as_array()
        .expect("deny.toml lists the licences that are allowed");
    list.iter()
        .filter_map(|entry| entry.as_str().map(str::to_owned))
        .collect()
}

/// Which of these packages cannot be had under allowed licences only.
pub fn breaches(packages: &[Package], allowed: &[String]) -> Vec<String> {
    packages
        .iter()
        .filter_map(|package| breach(package, allowed))
        .collect()
}

fn breach(package: &Package, allowed: &[String]) -> Option<String> {
    let advice = "Choose another library, or add the licence to deny.toml if it is permissive";
    let Some(licence) = &package.licence else {
        return Some(format!("{}: names no licence. {advice}", package.name));
    };
    let Ok(expression) = Expression::parse_mode(licence, ParseMode::LAX) else {
        return Some(format!(
            "{}: `{licence}` is no licence expression. {advice}",
            package.name
        ));
    };
    let permitted = expression.evaluate(|requirement| {
        let wanted = requirement.to_string();
        allowed.contains(&wanted)
    });
    (!permitted).then(|| {
        format!(
            "{}: licence `{licence}` is not on the list of deny.toml. {advice}",
            package.name
        )
    })
}
