//! `jackfield token` makes tokens that the host accepts, and says what is wrong with a key.

use std::fs;
use std::process::{Command, Output};

use jackfield_call_host::token::{TokenError, TokenVerifier};

const SECRET: &str = "a secret of thirty-two bytes or so";

fn token(key: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("key");
    fs::write(&file, key).expect("written");
    Command::new(env!("CARGO_BIN_EXE_jackfield"))
        .args(["token", "--key-file"])
        .arg(&file)
        .args(arguments)
        .output()
        .expect("the binary runs")
}

#[test]
fn a_token_says_what_it_was_asked_to_say() {
    let made = token(
        &format!("{SECRET}\n"),
        &["--room", "studio", "--name", "Ann", "--minutes", "5"],
    );
    let text = String::from_utf8(made.stdout).expect("text");
    let claims = TokenVerifier::with_secret(SECRET.as_bytes())
        .expect("a secret")
        .verify(text.trim())
        .expect("a good token");
    assert!(claims.opens("studio") && !claims.opens("lobby"));
    assert_eq!(claims.name.as_deref(), Some("Ann"));
    assert!(claims.may_swap);

    let made = token(SECRET, &["--room", "*", "--listen-only"]);
    let text = String::from_utf8(made.stdout).expect("text");
    let claims = TokenVerifier::with_secret(SECRET.as_bytes())
        .expect("a secret")
        .verify(text.trim())
        .expect("a good token");
    assert!(claims.opens("studio") && claims.opens("lobby") && !claims.may_swap);

    let other = TokenVerifier::with_secret(b"another secret of thirty-two bytes").expect("a secret");
    assert!(matches!(other.verify(text.trim()), Err(TokenError::Bad(_))));
}

#[test]
fn a_key_that_protects_nothing_makes_no_token() {
    for (key, says) in [
        ("short", "32"),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n",
            "Ed25519",
        ),
    ] {
        let refused = token(key, &["--room", "studio"]);
        assert!(!refused.status.success());
        assert!(refused.stdout.is_empty());
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(said.contains(says), "{said}");
    }
}
