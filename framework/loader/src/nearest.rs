//! The name that somebody probably meant.

/// The one of `names` that is nearest to `given`, if any is near enough to be meant.
pub(crate) fn nearest<'a>(given: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    names
        .into_iter()
        .map(|name| (closeness(given, name), name))
        .filter(|(closeness, _)| *closeness >= 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// From 0 to 1. Whoever writes only the last part of a dotted id is understood too.
fn closeness(given: &str, name: &str) -> f64 {
    let tail = name.rsplit('.').next().unwrap_or(name);
    strsim::jaro_winkler(given, name).max(0.95 * strsim::jaro_winkler(given, tail))
}

/// `did you mean …? ` or nothing: for errors about a name that is none.
pub fn did_you_mean<'a>(given: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    nearest(given, names).map_or_else(String::new, |name| format!("did you mean `{name}`? "))
}
