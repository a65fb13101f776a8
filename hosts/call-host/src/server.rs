//! The host itself: listening, routing, housekeeping, closing.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State, WebSocketUpgrade};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum_server::Handle;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use hyper_util::rt::TokioTimer;
use jackfield_runtime::Engine;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access::Access;
use crate::options::HostOptions;
use crate::origin::Origins;
use crate::refusal::Refusal;
use crate::seats::Seats;
use crate::shared::{Counters, Shared};
use crate::tls::TlsError;
use crate::{api, metrics, page, socket, watch};

/// The longest body of a request.
const LONGEST_BODY: usize = 64 * 1024;
/// How long a client may take to send the head of a request.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// How long requests may go on once the host closes.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

/// Why a host does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}. Choose another address or port with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system says.
        source: io::Error,
    },
    /// HTTPS cannot be spoken.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A running call host. Call [`CallHost::stop`] to end it; dropping it leaves it running until the runtime ends.
pub struct CallHost {
    address: SocketAddr,
    fingerprint: Option<String>,
    shared: Arc<Shared>,
    handle: Handle<SocketAddr>,
    server: JoinHandle<io::Result<()>>,
}

impl CallHost {
    /// Listens, and serves calls in the rooms of `engine` from now on. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// If the address is taken, or the certificate cannot be used.
    pub fn start(engine: Engine, options: HostOptions) -> Result<Self, StartError> {
        let problem = |source| StartError::Listen {
            address: options.listen,
            source,
        };
        let tls = options.tls.setup()?;
        let listener = TcpListener::bind(options.listen).map_err(problem)?;
        listener.set_nonblocking(true).map_err(problem)?;
        let address = listener.local_addr().map_err(problem)?;
        let handle = Handle::new();
        let mut server = axum_server::from_tcp(listener)
            .map_err(problem)?
            .handle(handle.clone())
            .first_request_timeout(HEAD_WITHIN);
        server
            .http_builder()
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_WITHIN);

        let shared = Arc::new(Shared {
            origins: Origins {
                allowed: options.allowed_origins.clone(),
                only_local_names: matches!(options.access, Access::Open),
            },
            seats: Seats::new(engine.clone(), options.limits),
            counters: Counters::default(),
            connections: Arc::new(Semaphore::new(options.limits.connections)),
            closing: CancellationToken::new(),
            tasks: TaskTracker::new(),
            engine,
            options,
        });
        shared.tasks.spawn(close_empty_rooms(Arc::clone(&shared)));
        if let Some(folder) = shared.options.watch.clone() {
            shared.tasks.spawn(watch::watch(Arc::clone(&shared), folder));
        }
        let service = routes(&shared).into_make_service();
        let (server, fingerprint) = match tls {
            None => (tokio::spawn(server.serve(service)), None),
            Some(tls) => {
                let acceptor =
                    RustlsAcceptor::new(RustlsConfig::from_config(tls.config)).handshake_timeout(HEAD_WITHIN);
                (
                    tokio::spawn(server.acceptor(acceptor).serve(service)),
                    Some(tls.fingerprint),
                )
            }
        };
        Ok(Self {
            address,
            fingerprint,
            shared,
            handle,
            server,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// SHA-256 of its certificate as browsers show it, if it speaks HTTPS.
    #[must_use]
    pub fn fingerprint(&self) -> Option<&str> {
        self.fingerprint.as_deref()
    }

    /// Tells everyone that it closes, ends all connections and tasks, and returns when none is left. The engine goes on.
    ///
    /// # Errors
    /// If the server had ended by itself with this error.
    pub async fn stop(self) -> io::Result<()> {
        self.shared.closing.cancel();
        self.shared.tasks.close();
        self.handle.graceful_shutdown(Some(CLOSE_WITHIN));
        self.shared.tasks.wait().await;
        self.server.await.map_err(io::Error::other)?
    }
}

impl fmt::Debug for CallHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CallHost")
            .field("address", &self.address)
            .field("options", &self.shared.options)
            .finish()
    }
}

fn routes(shared: &Arc<Shared>) -> Router {
    let interface = Router::new()
        .route("/rooms", get(api::rooms))
        .route("/rooms/{room}/graph", get(api::graph))
        .route("/rooms/{room}/stats", get(api::stats))
        .route("/rooms/{room}/limits", get(api::limits).post(api::set_limits))
        .route("/rooms/{room}/sockets/{socket}", post(api::change_socket))
        .route("/rooms/{room}/swaps", get(api::swaps))
        .route("/rooms/{room}/swaps/{swap}/promote", post(api::promote))
        .route("/rooms/{room}/swaps/{swap}/abort", post(api::abort))
        .route("/plugins", get(api::plugins))
        .fallback(api::nothing_here)
        .method_not_allowed_fallback(api::other_method);
    Router::new()
        .nest("/api", interface)
        .route("/healthz", get(api::health))
        .route("/metrics", get(metrics::metrics))
        .route("/ws", get(signalling))
        .fallback(page_file)
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(middleware::from_fn_with_state(Arc::clone(shared), guard))
        .with_state(Arc::clone(shared))
}

/// What pages of allowed origins may ask for, in the answer to the question that browsers put first (CORS).
const PREFLIGHT_HEADERS: [(HeaderName, &str); 3] = [
    (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
    (
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        "authorization, content-type",
    ),
    (header::ACCESS_CONTROL_MAX_AGE, "600"),
];

/// Whether the path is one of the HTTP interface, and not of the page.
fn is_interface(path: &str) -> bool {
    path.starts_with("/api/") || ["/metrics", "/healthz"].contains(&path)
}

/// What holds for every request: whom it may come from, and what every answer says to browsers.
async fn guard(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let (headers, uri) = (request.headers(), request.uri());
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD) || uri.path() == "/ws";
    let checked = shared.origins.check_name(headers, uri).and_then(|()| {
        if changes {
            shared.origins.check_page(headers, uri)
        } else {
            Ok(())
        }
    });
    let reader = is_interface(uri.path())
        .then(|| shared.origins.allowed_page(headers).cloned())
        .flatten();
    let is_preflight =
        *request.method() == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match checked {
        Ok(()) if reader.is_some() && is_preflight => StatusCode::NO_CONTENT.into_response(),
        Ok(()) => next.run(request).await,
        Err(error) => Refusal::from(error).into_response(),
    };
    let headers = response.headers_mut();
    if let Some(origin) = reader {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::VARY, HeaderValue::from_static("origin"));
        if is_preflight {
            for (name, value) in PREFLIGHT_HEADERS {
                headers.insert(name, HeaderValue::from_static(value));
            }
        }
    }
    for (name, value) in page::SECURITY_HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn signalling(State(shared): State<Arc<Shared>>, upgrade: WebSocketUpgrade) -> Response {
    let Ok(permit) = Arc::clone(&shared.connections).try_acquire_owned() else {
        let message = "this host serves as many connections as it may: come back later";
        return Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "host-full", message).into_response();
    };
    shared.counters.connected();
    // What is a little too long is answered by the connection itself; what is far too long is not read at all.
    let hard_limit = shared.options.limits.message_bytes.saturating_mul(8);
    upgrade
        .max_message_size(hard_limit)
        .max_frame_size(hard_limit)
        .on_upgrade(move |socket| {
            let tracked = shared.tasks.clone();
            tracked.track_future(async move {
                socket::serve(socket, shared).await;
                drop(permit);
            })
        })
}

async fn page_file(method: Method, uri: Uri, request: Request) -> Response {
    if !matches!(method, Method::GET | Method::HEAD) {
        return api::other_method().await.into_response();
    }
    match page::answer(&method, &uri, request.headers()) {
        Some(response) => response,
        None => api::nothing_here().await.into_response(),
    }
}

/// Closes rooms that nobody has been in for a while.
async fn close_empty_rooms(shared: Arc<Shared>) {
    let patience = shared.options.limits.empty_room;
    let mut empty_since: HashMap<String, Instant> = HashMap::new();
    let mut look = tokio::time::interval((patience / 4).max(Duration::from_millis(10)));
    loop {
        tokio::select! {
            () = shared.closing.cancelled() => return,
            _ = look.tick() => {}
        }
        let rooms = shared.engine.rooms();
        empty_since.retain(|name, _| {
            rooms
                .iter()
                .any(|room| room.name() == name && room.participants().is_empty())
        });
        for room in rooms.iter().filter(|room| room.participants().is_empty()) {
            let since = *empty_since
                .entry(room.name().to_owned())
                .or_insert_with(Instant::now);
            if since.elapsed() >= patience && shared.seats.close_if_empty(room).await {
                tracing::debug!(room = room.name(), "closed, because nobody was in it");
            }
        }
    }
}
