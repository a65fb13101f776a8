//! How rooms and people may be called.

use jackfield_call_host::names::{LONGEST_NAME, NameError, participant, room};
use proptest::prelude::*;

#[test]
fn people_are_called_as_they_like_as_long_as_it_can_be_shown() {
    for name in [
        "Ann",
        "Ann Onymous",
        "Ὑπατία",
        "李小龍",
        "O'Neil-Ünal",
        "نیم\u{200c}فاصله",
    ] {
        assert_eq!(participant(name), Ok(name));
    }
    assert_eq!(participant("  Ann\t"), Ok("Ann"));
    assert_eq!(participant(" \n "), Err(NameError::Empty));
    assert_eq!(
        participant(&"ü".repeat(LONGEST_NAME)),
        Ok("ü".repeat(LONGEST_NAME).as_str())
    );
    assert_eq!(
        participant(&"ü".repeat(LONGEST_NAME + 1)),
        Err(NameError::TooLong)
    );
    for name in [
        "A\u{0}n",
        "A\nn",
        "A\u{202e}n",
        "A\u{feff}n",
        "A\u{2066}n",
        "A\u{7f}n",
    ] {
        assert_eq!(participant(name), Err(NameError::Invisible), "{name:?}");
    }
}

#[test]
fn rooms_are_called_by_what_an_address_can_hold() {
    for name in ["lobby", "studio-2", "Ὁμήρου", "a.b_c"] {
        assert_eq!(room(name), Ok(name));
    }
    for name in ["*", "..", ".hidden", "a/b", "a b", "a?b", "a%2fb", "a\u{202e}b"] {
        assert_eq!(room(name), Err(NameError::NotARoom), "{name:?}");
    }
    assert_eq!(room(""), Err(NameError::Empty));
}

proptest! {
    #[test]
    fn whatever_passes_is_short_and_has_no_control_characters(name in ".{0,100}") {
        for accepted in [participant(&name), room(&name)].into_iter().flatten() {
            prop_assert!((1..=LONGEST_NAME).contains(&accepted.chars().count()));
            prop_assert!(!accepted.chars().any(char::is_control));
        }
    }
}
