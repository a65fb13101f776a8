//! The page is served with headers that let it load nothing from elsewhere.

use jackfield_call_host::page;

use crate::support::Host;

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_security_headers() {
    let host = Host::open();
    for path in [
        "/",
        "/studio",
        "/api/rooms",
        "/api/nothing",
        "/healthz",
        "/metrics",
    ] {
        let answer = host.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert!(
            answer.header("permissions-policy").contains("microphone=(self)"),
            "{path}"
        );
        assert_eq!(
            answer.header("access-control-allow-origin"),
            "",
            "no other page may read {path}"
        );
        assert!(!answer.header("cache-control").is_empty(), "{path}");
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_and_its_parts_come_with_their_types_and_are_cached_by_their_content() {
    let host = Host::open();
    let page = host.get("/").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("cache-control"), "no-cache");
    let again = host
        .get_with("/", &[("if-none-match", page.header("etag"))])
        .await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    assert_eq!(
        host.get("/studio").await.body,
        page.body,
        "a room's address shows the page"
    );
    if page::is_built() {
        let parts: Vec<&str> = page
            .body
            .split('"')
            .filter_map(|part| part.strip_prefix("./assets/"))
            .collect();
        assert!(parts.len() >= 2, "a script and a style sheet: {}", page.body);
        for part in parts {
            let answer = host.get(&format!("/assets/{part}")).await;
            assert_eq!(answer.status, 200, "{part}");
            let kind = if part.ends_with(".css") {
                "text/css; charset=utf-8"
            } else {
                "text/javascript; charset=utf-8"
            };
            assert_eq!(answer.header("content-type"), kind);
            assert_eq!(
                answer.header("cache-control"),
                "public, max-age=31536000, immutable"
            );
        }
    } else {
        assert!(
            page.body.contains("scripts/page.sh"),
            "it says how to build the page: {}",
            page.body
        );
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_not_there_and_nothing_outside_the_page_is_read() {
    let host = Host::open();
    for path in [
        "/assets/nothing.js",
        "/favicon.ico",
        "/a/b",
        "/../Cargo.toml",
        "/%2e%2e/Cargo.toml",
        "/assets/..%2f..%2fCargo.toml",
    ] {
        let answer = host.get(path).await;
        assert_eq!(answer.refused(404), "not-found", "{path}");
    }
    assert_eq!(host.post("/", &[], "x").await.refused(405), "method-not-allowed");
    assert_eq!(
        host.post("/api/rooms", &[], "x").await.refused(405),
        "method-not-allowed"
    );
    host.stop().await;
}
