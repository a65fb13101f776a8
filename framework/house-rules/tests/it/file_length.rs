use jackfield_house_rules::documents::{LONGEST_FILE, too_long};
use jackfield_house_rules::workspace::{files, text};

use super::assert_none;

#[test]
fn no_file_of_code_is_too_long_to_be_read() {
    let found: Vec<String> = files(&["rs", "ts", "mjs", "css", "py", "sh", "c", "h"])
        .iter()
        .filter_map(|path| too_long(path, &text(path)))
        .collect();
    assert_none(&found);
}

#[test]
fn a_file_of_one_line_more_is_found() {
    assert!(too_long("a.rs", &"line\n".repeat(LONGEST_FILE)).is_none());
    assert!(too_long("a.rs", &"line\n".repeat(LONGEST_FILE + 1)).is_some());
}
