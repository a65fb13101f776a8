//! A code point is read as it is printed, and what is none is refused in words.

use jackfield_runtime::net::Dscp;
use proptest::prelude::*;

proptest! {
    #[test]
    fn any_text_is_a_code_point_or_none(text in "ef|default|[+-]?[0-9]{1,4}|.{0,12}") {
        match text.parse::<Dscp>() {
            Ok(point) => {
                prop_assert!(point.code() < 64);
                prop_assert_eq!(point.to_string().parse(), Ok(point));
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}
