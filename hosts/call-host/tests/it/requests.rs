//! What a request says is read or refused in words before anything is done.

use axum::http::{HeaderMap, HeaderValue, Uri, header};
use jackfield_call_host::change::{ChangeError, LimitsVote, SocketChange};
use jackfield_call_host::origin::Origins;
use jackfield_call_host::token::TokenVerifier;
use jackfield_call_host::token_of;
use proptest::prelude::*;

const JSON: &str = "application/json; charset=utf-8";

fn authority() -> &'static str {
    "[a-z0-9.:@\\[\\]-]{0,30}"
}

proptest! {
    #[test]
    fn any_body_is_read_or_refused_in_words(body in "\\{(\"(use|params|hold|[a-z]{1,4})\":(\"[a-z.]{0,9}\"|\\{\"[a-z]\":[0-9.e]{1,3}\\}|true|null|[0-9]{1,4}),?){0,3}\\}|.{0,80}") {
        match SocketChange::read(JSON, body.as_bytes()) {
            Ok(change) => prop_assert!(change.plugin.is_some() || !change.params.is_empty()),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
        prop_assert_eq!(SocketChange::read("text/plain", body.as_bytes()), Err(ChangeError::NotJson));
    }

    #[test]
    fn any_vote_is_read_or_refused_in_words(body in "\\{(\"(audio_kbps|frame_rate|pixels|[a-z]{1,4})\":(null|-?[0-9]{1,11}|[0-9.e]{1,3}),?){0,3}\\}|.{0,80}") {
        match LimitsVote::read(JSON, body.as_bytes()) {
            Ok(vote) => prop_assert!(vote.frame_rate.is_none_or(|rate| body.contains(&rate.to_string()))),
            Err(error) => prop_assert!(error.to_string().contains("audio_kbps")),
        }
    }

    #[test]
    fn any_headers_are_judged(host in authority(), origin in "((https?|file)://)?[a-z0-9.:/-]{0,30}|null", authorization in "((bearer|Basic) )?[ -~]{0,30}", query in "[a-z=&.]{0,30}") {
        let mut headers = HeaderMap::new();
        for (name, value) in [(header::HOST, &host), (header::ORIGIN, &origin)] {
            headers.insert(name, HeaderValue::from_str(value).unwrap());
        }
        let uri: Uri = format!("/api/rooms?{query}").parse().unwrap();
        let origins = Origins { allowed: Vec::new(), only_local_names: true };
        for refused in [origins.check_name(&headers, &uri).err(), origins.check_page(&headers, &uri).err()].into_iter().flatten() {
            prop_assert!(!refused.to_string().is_empty());
        }
        prop_assert!(origins.allowed_page(&headers).is_none());

        prop_assert!(token_of(&headers, &uri).is_none_or(|token| query.contains(&token)));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_str(&authorization).unwrap());
        prop_assert!(token_of(&headers, &uri).is_none_or(|token| authorization.contains(&token)));
    }

    #[test]
    fn any_token_is_refused_in_words(token in "([A-Za-z0-9_-]{0,30}\\.){0,3}[A-Za-z0-9_-]{0,30}|.{0,60}") {
        let verifier = TokenVerifier::with_secret(b"a secret of thirty-two bytes or so").expect("long enough");
        let error = verifier.verify(&token).expect_err("nobody guesses the signature");
        prop_assert!(!error.to_string().is_empty());
    }
}
