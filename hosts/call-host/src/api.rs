//! The HTTP interface: rooms, graphs, statistics, swaps, plugins. JSON, as `docs/reference/http-api.md` describes it.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use jackfield_loader::LoadError;
use jackfield_runtime::view::{
    GraphView, PluginView, RoomLimits, RoomStats, RoomSwaps, RoomView, SwapReport, SwapUnderWay,
};
use jackfield_runtime::{Room, SocketError};
use jackfield_session::signalling::Limits;
use serde::Serialize;
use tokio::sync::oneshot;

use crate::access::{Grant, token_of};
use crate::change::{LimitsVote, SocketChange};
use crate::refusal::Refusal;
use crate::shared::Shared;
use crate::token::TokenError;

#[derive(Serialize)]
pub(crate) struct Rooms {
    rooms: Vec<RoomView>,
}

#[derive(Serialize)]
pub(crate) struct Plugins {
    plugins: Vec<PluginView>,
}

/// The name under which an operator votes for what is encoded.
const OPERATOR: &str = "operator";

/// `GET /healthz`
pub(crate) async fn health() -> &'static str {
    "ok\n"
}

/// `GET /api/rooms`: the rooms that the asker may enter.
pub(crate) async fn rooms(State(shared): State<Arc<Shared>>, grant: Grant) -> Json<Rooms> {
    let rooms = shared.engine.rooms();
    let shown = rooms.iter().filter(|room| grant.opens(room.name()));
    let views = shown.map(|room| RoomView {
        name: room.name().to_owned(),
        participants: room.participants(),
    });
    Json(Rooms {
        rooms: views.collect(),
    })
}

/// `GET /api/rooms/{room}/graph`
pub(crate) async fn graph(
    State(shared): State<Arc<Shared>>,
    Path(room): Path<String>,
    grant: Grant,
) -> Result<Json<GraphView>, Refusal> {
    Ok(Json(open_room(&shared, &room, &grant)?.graph()))
}

/// `GET /api/rooms/{room}/stats`
pub(crate) async fn stats(
    State(shared): State<Arc<Shared>>,
    Path(room): Path<String>,
    grant: Grant,
) -> Result<Json<RoomStats>, Refusal> {
    Ok(Json(open_room(&shared, &room, &grant)?.stats()))
}

/// `GET /api/rooms/{room}/swaps`
pub(crate) async fn swaps(
    State(shared): State<Arc<Shared>>,
    Path(room): Path<String>,
    grant: Grant,
) -> Result<Json<RoomSwaps>, Refusal> {
    Ok(Json(open_room(&shared, &room, &grant)?.swaps()))
}

/// `GET /api/rooms/{room}/limits`
pub(crate) async fn limits(
    State(shared): State<Arc<Shared>>,
    Path(room): Path<String>,
    grant: Grant,
) -> Result<Json<RoomLimits>, Refusal> {
    Ok(Json(open_room(&shared, &room, &grant)?.limits()))
}

/// `POST /api/rooms/{room}/limits`: an operator votes for what is encoded at most.
pub(crate) async fn set_limits(
    State(shared): State<Arc<Shared>>,
    Path(room): Path<String>,
    grant: Grant,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<RoomLimits>, Refusal> {
    let room = open_room(&shared, &room, &grant)?;
    may_swap(&grant)?;
    let vote = LimitsVote::read(content_type(&headers), &body)?;
    let limits = Limits {
        audio_kbps: vote.audio_kbps,
        frame_rate: vote.frame_rate,
        pixels: vote.pixels,
    };
    room.set_limits(OPERATOR, limits);
    Ok(Json(room.limits()))
}

/// `POST /api/rooms/{room}/swaps/{swap}/promote`: what is in the shadow is heard, what is on probation stays.
pub(crate) async fn promote(
    State(shared): State<Arc<Shared>>,
    Path((room, swap)): Path<(String, String)>,
    grant: Grant,
) -> Result<Json<SwapUnderWay>, Refusal> {
    let (room, swap) = decidable(&shared, &room, &swap, &grant)?;
    room.promote_swap(swap)
        .await
        .map(Json)
        .map_err(|error| refusal_of(&error))
}

/// `POST /api/rooms/{room}/swaps/{swap}/abort`: what stood in the socket before stays, or is heard again.
pub(crate) async fn abort(
    State(shared): State<Arc<Shared>>,
    Path((room, swap)): Path<(String, String)>,
    grant: Grant,
) -> Result<Json<SwapUnderWay>, Refusal> {
    let (room, swap) = decidable(&shared, &room, &swap, &grant)?;
    room.abort_swap(swap)
        .await
        .map(Json)
        .map_err(|error| refusal_of(&error))
}

fn decidable(shared: &Shared, room: &str, swap: &str, grant: &Grant) -> Result<(Room, u64), Refusal> {
    let room = open_room(shared, room, grant)?;
    may_swap(grant)?;
    let number = swap.parse().map_err(|_| {
        let message = format!("`{swap}` is not the number of a swap: GET …/swaps lists those of the room");
        Refusal::new(StatusCode::NOT_FOUND, "no-such-swap", message)
    })?;
    Ok((room, number))
}

fn may_swap(grant: &Grant) -> Result<(), Refusal> {
    if grant.may_swap {
        return Ok(());
    }
    Err(Refusal::new(
        StatusCode::FORBIDDEN,
        "may-not-swap",
        "this token lets you listen and speak only: ask for one that was made without `--listen-only`",
    ))
}

/// What is answered to a change: a swap that has ended, or one that waits for a decision.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Changed {
    Ended(SwapReport),
    UnderWay(SwapUnderWay),
}

/// `GET /api/plugins`
pub(crate) async fn plugins(State(shared): State<Arc<Shared>>, _grant: Grant) -> Json<Plugins> {
    Json(Plugins {
        plugins: shared.engine.plugins(),
    })
}

/// `POST /api/rooms/{room}/sockets/{socket}`: swaps a plugin, sets parameters, or both. A swap on `hold` is answered as soon as it is under way.
pub(crate) async fn change_socket(
    State(shared): State<Arc<Shared>>,
    Path((room, socket)): Path<(String, String)>,
    grant: Grant,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<Changed>), Refusal> {
    let room = open_room(&shared, &room, &grant)?;
    may_swap(&grant)?;
    let change = SocketChange::read(content_type(&headers), &body)?;
    let (begun, under_way) = oneshot::channel();
    // A plugin may take long to warm up: the swap goes on even if whoever asked for it does not wait.
    let swap = shared.tasks.spawn(async move {
        let plugin = change.plugin.as_deref();
        if change.hold {
            room.hold_socket(&socket, plugin, &change.params, begun).await
        } else {
            drop(begun);
            room.set_socket(&socket, plugin, &change.params).await
        }
    });
    if let Ok(under_way) = under_way.await {
        return Ok((StatusCode::ACCEPTED, Json(Changed::UnderWay(under_way))));
    }
    match swap.await {
        Ok(Ok(report)) => Ok((StatusCode::OK, Json(Changed::Ended(report)))),
        Ok(Err(error)) => Err(refusal_of(&error)),
        Err(_) => Err(Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "host-failure",
            "the swap ended in a fault of the host: see its log",
        )),
    }
}

/// Any other path under `/api`.
pub(crate) async fn nothing_here() -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        "not-found",
        "there is nothing under this address: docs/reference/http-api.md lists what there is",
    )
}

/// A known path, but another method.
pub(crate) async fn other_method() -> Refusal {
    Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "this address is asked by another method: see the `allow` header",
    )
}

fn content_type(headers: &HeaderMap) -> &str {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default()
}

fn open_room(shared: &Shared, name: &str, grant: &Grant) -> Result<Room, Refusal> {
    if !grant.opens(name) {
        return Err(TokenError::OtherRoom.into());
    }
    shared
        .engine
        .room(name)
        .ok_or_else(|| Refusal::no_such_room(name))
}

fn refusal_of(error: &SocketError) -> Refusal {
    let (status, code) = match error {
        SocketError::NoSuchSocket { .. } => (StatusCode::NOT_FOUND, "no-such-socket"),
        SocketError::Load(LoadError::NotFound { .. }) => (StatusCode::UNPROCESSABLE_ENTITY, "no-such-plugin"),
        SocketError::Load(LoadError::WrongArea { .. }) => (StatusCode::UNPROCESSABLE_ENTITY, "wrong-area"),
        SocketError::Load(LoadError::Parameter { .. }) | SocketError::Parameter(_) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "bad-parameter")
        }
        SocketError::Load(_) => (StatusCode::UNPROCESSABLE_ENTITY, "plugin-unusable"),
        SocketError::Plugin { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "plugin-refused"),
        SocketError::NotNegotiated(_) => (StatusCode::CONFLICT, "not-negotiated"),
        SocketError::NotUnderWay { .. } => (StatusCode::CONFLICT, "not-under-way"),
        SocketError::Busy { .. } => (StatusCode::CONFLICT, "busy"),
        SocketError::NoAnswer => (StatusCode::SERVICE_UNAVAILABLE, "no-answer"),
        _ => (StatusCode::UNPROCESSABLE_ENTITY, "refused"),
    };
    Refusal::new(status, code, error.to_string())
}

/// What the asker may do, by their token.
impl FromRequestParts<Arc<Shared>> for Grant {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Refusal> {
        let token = token_of(&parts.headers, &parts.uri);
        Ok(shared.options.access.admit(token.as_deref())?)
    }
}
