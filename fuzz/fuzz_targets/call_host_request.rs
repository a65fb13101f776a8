//! Any request to the call host: its body, its token, where it comes from and the names in it are read or refused in words.
#![no_main]

use http::{HeaderMap, HeaderValue, Uri, header};
use jackfield_call_host::change::{LimitsVote, SocketChange};
use jackfield_call_host::origin::Origins;
use jackfield_call_host::{names, token_of};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|request: (&[u8], &[u8], &[u8], &str, &str, &[u8])| {
    let (host, origin, authorization, uri, kind, body) = request;
    match SocketChange::read(kind, body) {
        Ok(change) => assert!(change.plugin.is_some() || !change.params.is_empty()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    // What is behind the type, whatever stands in front of it.
    let _ = SocketChange::read("application/json", body);
    let _ = LimitsVote::read("application/json", body);

    let mut headers = HeaderMap::new();
    for (name, value) in [
        (header::HOST, host),
        (header::ORIGIN, origin),
        (header::AUTHORIZATION, authorization),
    ] {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.insert(name, value);
        }
    }
    let uri: Uri = uri.parse().unwrap_or_default();
    if let Some(token) = token_of(&headers, &uri) {
        let sent = [authorization, uri.query().unwrap_or_default().as_bytes()];
        assert!(
            sent.iter().any(
                |sent| token.is_empty() || sent.windows(token.len()).any(|part| part == token.as_bytes())
            )
        );
    }
    let origins = Origins {
        allowed: vec!["https://call.example.org".to_owned(), kind.to_owned()],
        only_local_names: true,
    };
    for refused in [
        origins.check_name(&headers, &uri),
        origins.check_page(&headers, &uri),
    ] {
        if let Err(error) = refused {
            assert!(!error.to_string().is_empty());
        }
    }
    let _ = origins.allowed_page(&headers);
    for named in [names::room(kind), names::participant(kind)] {
        assert!(named.is_err() || named.is_ok_and(|name| !name.is_empty() && kind.contains(name)));
    }
});
