//! Web pages of strangers cannot talk to the host in their visitor's name.

use jackfield_call_host::Access;
use jackfield_call_host::token::TokenVerifier;
use tokio_tungstenite::tungstenite::Error;

use crate::support::{Client, Host, open_options};

async fn opens(host: &Host, origin: Option<&str>) -> bool {
    let url = format!("ws://{}/ws", host.host.address());
    match Client::connect(&url, origin).await {
        Ok(_) => true,
        Err(Error::Http(response)) => {
            assert_eq!(response.status().as_u16(), 403);
            false
        }
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_opens_for_the_hosts_own_page_and_for_what_is_no_page() {
    let mut options = open_options();
    options.allowed_origins = vec!["https://call.example.org".to_owned()];
    let host = Host::start(options);
    let own = format!("http://{}", host.host.address());
    assert!(opens(&host, Some(&own)).await);
    assert!(opens(&host, None).await);
    assert!(opens(&host, Some("https://call.example.org")).await);
    for stranger in [
        "https://evil.example",
        "null",
        "http://127.0.0.1",
        "https://call.example.org.evil.example",
        "file://",
    ] {
        assert!(!opens(&host, Some(stranger)).await, "{stranger}");
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_page_swaps_nothing() {
    let host = Host::open();
    let (_ann, _) = host.join("studio", "Ann").await;
    let path = "/api/rooms/studio/sockets/teleport";
    let change = r#"{"use":"jackfield.processing.null"}"#;
    let json = ("content-type", "application/json");
    let answer = host
        .post(path, &[("origin", "https://evil.example"), json], change)
        .await;
    assert_eq!(answer.refused(403), "foreign-origin");
    // What browsers send for a stranger's form without asking first.
    let answer = host.post(path, &[("content-type", "text/plain")], change).await;
    assert_eq!(answer.refused(415), "not-json");
    let answer = host.post(path, &[json], change).await;
    assert_eq!(answer.refused(404), "no-such-socket");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_an_allowed_origin_may_use_the_http_interface_and_no_other_page_may() {
    const ALLOWED: &str = "https://call.example.org";
    let mut options = open_options();
    options.allowed_origins = vec![format!("{ALLOWED}/")];
    let host = Host::start(options);
    let (_ann, _) = host.join("studio", "Ann").await;
    let path = "/api/rooms/studio/sockets/gain";
    let change = r#"{"params":{"gain":-3}}"#;
    let json = ("content-type", "application/json");

    let asked = host
        .options(
            path,
            &[
                ("origin", ALLOWED),
                ("access-control-request-method", "POST"),
                ("access-control-request-headers", "authorization,content-type"),
            ],
        )
        .await;
    assert_eq!((asked.status, asked.body.as_str()), (204, ""));
    assert_eq!(asked.header("access-control-allow-origin"), ALLOWED);
    assert!(asked.header("access-control-allow-methods").contains("POST"));
    for name in ["authorization", "content-type"] {
        assert!(asked.header("access-control-allow-headers").contains(name));
    }
    let done = host.post(path, &[("origin", ALLOWED), json], change).await;
    assert_eq!(done.status, 200, "{done:?}");
    assert_eq!(done.header("access-control-allow-origin"), ALLOWED);
    for path in ["/api/rooms", "/api/nothing", "/metrics", "/healthz"] {
        let answer = host.get_with(path, &[("origin", ALLOWED)]).await;
        assert_eq!(answer.header("access-control-allow-origin"), ALLOWED, "{path}");
        assert_eq!(answer.header("vary"), "origin", "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), "", "{path}");
    }
    let page = host.get_with("/", &[("origin", ALLOWED)]).await;
    assert_eq!(
        page.header("access-control-allow-origin"),
        "",
        "the page is the host's own"
    );

    for stranger in [
        "https://evil.example",
        "null",
        "https://call.example.org.evil.example",
    ] {
        let asked = host
            .options(
                path,
                &[("origin", stranger), ("access-control-request-method", "POST")],
            )
            .await;
        assert_eq!(asked.refused(403), "foreign-origin");
        assert_eq!(asked.header("access-control-allow-origin"), "", "{stranger}");
        let answer = host.get_with("/api/rooms", &[("origin", stranger)]).await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{stranger}");
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_host_answers_to_no_name_that_a_stranger_can_turn_to_its_address() {
    let mut options = open_options();
    options.allowed_origins = vec!["http://call.example.org:8080".to_owned()];
    let host = Host::start(options);
    for own in [
        "127.0.0.1:8080",
        "[::1]:8080",
        "localhost:8080",
        "studio",
        "studio.local",
        "call.example.org",
    ] {
        assert_eq!(
            host.get_with("/api/rooms", &[("host", own)]).await.status,
            200,
            "{own}"
        );
    }
    for foreign in [
        "evil.example",
        "evil.example:8080",
        "127.0.0.1.evil.example",
        "local.evil.example.",
    ] {
        let answer = host.get_with("/api/rooms", &[("host", foreign)]).await;
        assert_eq!(answer.refused(421), "foreign-origin", "{foreign}");
    }
    host.stop().await;

    // Where a token is asked for, a name opens nothing.
    let mut options = open_options();
    let verifier = TokenVerifier::with_secret(b"a secret of thirty-two bytes or so").expect("long enough");
    options.access = Access::Tokens(Box::new(verifier));
    let host = Host::start(options);
    assert_eq!(
        host.get_with("/healthz", &[("host", "call.example.net")])
            .await
            .status,
        200
    );
    host.stop().await;
}
