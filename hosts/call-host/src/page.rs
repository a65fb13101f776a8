//! The web page: its files stand in the binary, and every answer carries a policy that lets it load nothing from elsewhere.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri, header};

include!(concat!(env!("OUT_DIR"), "/page_files.rs"));

/// What the page may do: run and load its own files, connect to its own host, play what it receives, and be framed by nobody.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
    connect-src 'self'; media-src 'self' blob: mediastream:; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Jackfield</title>\
    <h1>The web page is not built</h1>\
    <p>The host runs, and its interface answers, but this binary was built without its page. Build the page with \
    <code>scripts/page.sh build</code>, then the host again; <code>make run</code> does both.</p></html>";

/// The headers of every answer, the interface's included.
pub(crate) const SECURITY_HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // The page's address may hold a join token.
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "microphone=(self), autoplay=(self), camera=(), geolocation=(), display-capture=()",
    ),
];

/// A file of the page; the page itself for a path of one step that names no file, so that `/studio` may be opened too.
pub(crate) fn answer(method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Response<Body>> {
    let path = uri.path().trim_start_matches('/');
    let found = FILES.iter().find(|(name, _)| *name == path);
    let is_page = path.is_empty() || (!path.contains('/') && !path.contains('.'));
    let (name, bytes) = match found {
        Some(file) => *file,
        None if is_page => FILES
            .iter()
            .find(|(name, _)| *name == "index.html")
            .copied()
            .unwrap_or(("index.html", NOT_BUILT.as_bytes())),
        None => return None,
    };
    let tag = entity_tag(bytes);
    let known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|held| held.as_bytes() == tag.as_bytes());
    let mut response = Response::builder()
        .status(if known {
            StatusCode::NOT_MODIFIED
        } else {
            StatusCode::OK
        })
        .header(header::CONTENT_TYPE, content_type(name))
        .header(header::CACHE_CONTROL, cache_control(name))
        .header(header::ETAG, tag);
    let body = if known || method == Method::HEAD {
        if !known {
            response = response.header(header::CONTENT_LENGTH, bytes.len());
        }
        Body::empty()
    } else {
        Body::from(bytes)
    };
    response.body(body).ok()
}

/// Whether the page was there when the crate was built.
#[must_use]
pub fn is_built() -> bool {
    FILES.iter().any(|(name, _)| *name == "index.html")
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// The bundler writes a hash of the content into the names under `assets/`; everything else is asked for again.
fn cache_control(name: &str) -> &'static str {
    if name.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    }
}

fn entity_tag(bytes: &[u8]) -> HeaderValue {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    let text: String = digest.as_ref()[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    HeaderValue::from_str(&format!("\"{text}\"")).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}
