//! Any text as a join token is refused in words; any claims in a token of our own key are read or refused; any key is taken or refused.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jackfield_join_token::{TokenIssuer, TokenVerifier, secret_of};
use libfuzzer_sys::fuzz_target;
use ring::hmac;

const SECRET: &[u8] = b"a secret of thirty-two bytes or so";

fuzz_target!(|bytes: &[u8]| {
    let verifier = TokenVerifier::with_secret(SECRET).expect("long enough");
    let text = String::from_utf8_lossy(bytes);
    assert!(verifier.verify(&text).is_err(), "nobody guesses the signature");

    // Behind the signature: a token whose header and claims are the two lines.
    let (header, claims) = text.split_once('\n').unwrap_or((r#"{"alg":"HS256"}"#, &text));
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), message.as_bytes());
    match verifier.verify(&format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))) {
        Ok(claims) => assert!(claims.exp > 1_700_000_000, "it has not expired"),
        Err(error) => assert!(!error.to_string().is_empty()),
    }

    let _ = TokenIssuer::from_file_text(secret_of(bytes));
    let _ = TokenVerifier::with_public_key(bytes);
});
