//! B1.5: a host that is not open lets in who shows a token, into the room that it names, under the name that it gives, until it expires.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jackfield_call_host::Access;
use jackfield_call_host::token::{Claims, TokenError, TokenIssuer, TokenVerifier, new_secret};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

use crate::support::{Client, Host, open_options};

const SECRET: &[u8] = b"a secret of thirty-two bytes or so";
const HOUR: Duration = Duration::from_secs(3600);

fn strict(verifier: TokenVerifier) -> Host {
    let mut options = open_options();
    options.access = Access::Tokens(Box::new(verifier));
    Host::start(options)
}

fn by_secret() -> Host {
    strict(TokenVerifier::with_secret(SECRET).expect("long enough"))
}

fn token(change: impl FnOnce(&mut Claims)) -> String {
    let mut claims = Claims::new("studio", HOUR);
    change(&mut claims);
    TokenIssuer::from_file_text(SECRET)
        .expect("a key")
        .issue(&claims)
        .expect("a token")
}

async fn ask(host: &Host, token: Option<&str>) -> Client {
    let mut client = host.connect().await;
    client
        .say(&json!({"v": 1, "type": "join", "room": "studio", "name": "Ann", "token": token}))
        .await;
    client
}

fn now() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970")
        .as_secs()
}

/// A token whose parts are put together by hand, signed with the host's own secret.
fn by_hand(header: &Value, claims: &Value, sign: bool) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET);
    let tag = ring::hmac::sign(&key, message.as_bytes());
    format!(
        "{message}.{}",
        if sign {
            URL_SAFE_NO_PAD.encode(tag)
        } else {
            String::new()
        }
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn b1_5_only_a_valid_token_opens_the_room() {
    let host = by_secret();
    let other_key = TokenIssuer::from_file_text(b"another secret of thirty-two bytes").expect("a key");
    let claims = json!({"room": "studio", "exp": now() + 3600});
    let refused = [
        ("none", None, "bad-token"),
        ("an empty one", Some(String::new()), "bad-token"),
        ("rubbish", Some("rubbish".to_owned()), "bad-token"),
        (
            "no algorithm",
            Some(by_hand(&json!({"alg": "none"}), &claims, false)),
            "bad-token",
        ),
        (
            "another algorithm",
            Some(by_hand(&json!({"alg": "HS512"}), &claims, true)),
            "bad-token",
        ),
        (
            "no signature",
            Some(by_hand(&json!({"alg": "HS256"}), &claims, false)),
            "bad-token",
        ),
        (
            "another key",
            Some(other_key.issue(&Claims::new("studio", HOUR)).expect("a token")),
            "bad-token",
        ),
        (
            "another room",
            Some(token(|claims| claims.room = "kitchen".to_owned())),
            "bad-token",
        ),
        (
            "not yet",
            Some(token(|claims| claims.nbf = Some(now() + 600))),
            "bad-token",
        ),
        (
            "no end",
            Some(by_hand(
                &json!({"alg": "HS256"}),
                &json!({"room": "studio"}),
                true,
            )),
            "bad-token",
        ),
        (
            "an end that is no number",
            Some(by_hand(
                &json!({"alg": "HS256"}),
                &json!({"room": "studio", "exp": "never"}),
                true,
            )),
            "bad-token",
        ),
        (
            "no room",
            Some(by_hand(
                &json!({"alg": "HS256"}),
                &json!({"exp": now() + 3600}),
                true,
            )),
            "bad-token",
        ),
        (
            "expired",
            Some(token(|claims| claims.exp = now() - 60)),
            "expired-token",
        ),
    ];
    for (what, token, code) in refused {
        let refusal = ask(&host, token.as_deref()).await.refusal().await;
        assert_eq!(refusal["code"], code, "{what}: {refusal}");
    }
    assert!(host.engine.rooms().is_empty(), "nobody got in");

    for (what, token) in [
        ("a plain one", token(|_| ())),
        ("one for every room", token(|claims| claims.room = "*".to_owned())),
        (
            "one made by hand",
            by_hand(&json!({"alg": "HS256", "typ": "JWT"}), &claims, true),
        ),
    ] {
        let joined = ask(&host, Some(&token)).await.hear("joined").await;
        assert_eq!(joined["room"], "studio", "{what}");
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b1_5_the_name_in_the_token_is_the_name_in_the_room() {
    let host = by_secret();
    let token = token(|claims| claims.name = Some("Dr. Ann Onymous".to_owned()));
    let joined = ask(&host, Some(&token)).await.hear("joined").await;
    assert_eq!(joined["participants"][0]["name"], "Dr. Ann Onymous");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_is_resumed_without_a_token_because_the_token_may_have_expired_meanwhile() {
    let host = by_secret();
    let mut ann = ask(&host, Some(&token(|_| ()))).await;
    let secret = ann.hear("joined").await["resume"].clone();
    drop(ann);
    let mut back = host.connect().await;
    back.say(&json!({"v": 1, "type": "join", "room": "studio", "name": "Ann", "resume": secret}))
        .await;
    assert_eq!(back.hear("joined").await["resumed"], true);
    let mut stranger = host.connect().await;
    stranger
        .say(&json!({"v": 1, "type": "join", "room": "studio", "name": "Ann", "resume": "guessed"}))
        .await;
    assert_eq!(stranger.refusal().await["code"], "bad-token");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_an_ed25519_key_are_checked_with_its_public_half_alone() {
    let document = Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new()).expect("randomness");
    let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("just made");
    let private = pem("PRIVATE KEY", document.as_ref());
    // SubjectPublicKeyInfo of Ed25519 (RFC 8410 section 4): a fixed head and the 32 bytes.
    let mut spki = vec![
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
    ];
    spki.extend_from_slice(pair.public_key().as_ref());
    let host = strict(TokenVerifier::with_public_key(pem("PUBLIC KEY", &spki).as_bytes()).expect("a key"));

    let issuer = TokenIssuer::from_file_text(private.as_bytes()).expect("a key");
    let good = issuer.issue(&Claims::new("studio", HOUR)).expect("a token");
    ask(&host, Some(&good)).await.hear("joined").await;

    let mut tampered = good.clone();
    tampered.replace_range(
        good.len() - 10..good.len() - 9,
        if good.as_bytes()[good.len() - 10] == b'A' {
            "B"
        } else {
            "A"
        },
    );
    assert_eq!(
        ask(&host, Some(&tampered)).await.refusal().await["code"],
        "bad-token"
    );
    // The public key is no secret: a token that is "signed" with it as HS256 must not pass.
    let confused =
        TokenIssuer::from_file_text(&[b"x", pem("PUBLIC KEY", &spki).as_bytes()].concat()).expect("a secret");
    let confused = confused.issue(&Claims::new("studio", HOUR)).expect("a token");
    assert_eq!(
        ask(&host, Some(&confused)).await.refusal().await["code"],
        "bad-token"
    );
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_interface_asks_for_the_token_too_and_keeps_to_what_it_says() {
    let host = by_secret();
    let (listener, swapper) = (token(|_| ()), token(|claims| claims.may_swap = true));
    let (elsewhere, everywhere) = (
        token(|claims| claims.room = "kitchen".to_owned()),
        token(|claims| claims.room = "*".to_owned()),
    );
    let _ann = {
        let mut ann = ask(&host, Some(&listener)).await;
        ann.hear("joined").await;
        ann
    };
    for path in [
        "/api/rooms",
        "/api/plugins",
        "/api/rooms/studio/graph",
        "/api/rooms/studio/stats",
        "/metrics",
    ] {
        let answer = host.get(path).await;
        assert_eq!(answer.refused(401), "bad-token", "{path}");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    assert_eq!(host.get("/healthz").await.status, 200);

    let bearer = |token: &str| format!("Bearer {token}");
    let with = |token: &str| vec![("authorization", bearer(token))];
    let get = async |path: &str, token: &str| {
        let headers = with(token);
        host.get_with(path, &[(headers[0].0, headers[0].1.as_str())])
            .await
    };
    assert_eq!(get("/api/rooms/studio/graph", &listener).await.status, 200);
    assert_eq!(
        host.get(&format!("/api/rooms/studio/graph?token={listener}"))
            .await
            .status,
        200
    );
    assert_eq!(
        get("/api/rooms/studio/graph", &elsewhere).await.refused(403),
        "bad-token"
    );
    assert_eq!(get("/api/rooms", &elsewhere).await.json()["rooms"], json!([]));
    assert_eq!(
        get("/api/rooms", &listener).await.json()["rooms"][0]["name"],
        "studio"
    );
    assert_eq!(get("/metrics", &listener).await.refused(403), "bad-token");
    assert_eq!(get("/metrics", &everywhere).await.status, 200);

    let post = async |token: &str| {
        let token = bearer(token);
        let headers = [
            ("authorization", token.as_str()),
            ("content-type", "application/json"),
        ];
        host.post(
            "/api/rooms/studio/sockets/teleport",
            &headers,
            r#"{"use":"jackfield.processing.null"}"#,
        )
        .await
    };
    assert_eq!(post(&listener).await.refused(403), "may-not-swap");
    assert_eq!(post(&swapper).await.refused(404), "no-such-socket");
    host.stop().await;
}

#[test]
fn keys_that_protect_nothing_are_refused() {
    assert!(matches!(
        TokenVerifier::with_secret(b"too short"),
        Err(TokenError::Key(_))
    ));
    assert!(matches!(
        TokenIssuer::from_file_text(b"  too short but with thirty-two bytes  "[..20].as_ref()),
        Err(TokenError::Key(_))
    ));
    assert!(matches!(
        TokenVerifier::with_public_key(b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"),
        Err(TokenError::Key(_))
    ));
    let (one, two) = (
        new_secret().expect("randomness"),
        new_secret().expect("randomness"),
    );
    assert_ne!(one, two);
    assert!(TokenVerifier::with_secret(one.as_bytes()).is_ok());
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).expect("base64"))
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}
