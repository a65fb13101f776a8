//! Log lines for the host. Never from a method tagged `[audio]`.

/// Something failed and needs somebody's attention.
pub fn error(target: &str, text: &str) {
    jackfield_abi::entry::log(1, target, text);
}

/// Something is odd and the work goes on.
pub fn warn(target: &str, text: &str) {
    jackfield_abi::entry::log(2, target, text);
}

/// Something worth knowing happened.
pub fn info(target: &str, text: &str) {
    jackfield_abi::entry::log(3, target, text);
}

/// A detail for whoever looks for a fault.
pub fn debug(target: &str, text: &str) {
    jackfield_abi::entry::log(4, target, text);
}
