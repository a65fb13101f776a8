//! A request that is turned down: `{"error":{"code","message"}}` and a status.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::change::ChangeError;
use crate::origin::OriginError;
use crate::token::TokenError;

/// Why a request is turned down, and what to do instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    pub(crate) fn no_such_room(room: &str) -> Self {
        let message = format!(
            "there is no room {room:?}: it opens when someone joins it. GET /api/rooms lists the rooms"
        );
        Self::new(StatusCode::NOT_FOUND, "no-such-room", message)
    }
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        let (status, code) = match error {
            TokenError::Expired => (StatusCode::UNAUTHORIZED, "expired-token"),
            TokenError::OtherRoom => (StatusCode::FORBIDDEN, "bad-token"),
            _ => (StatusCode::UNAUTHORIZED, "bad-token"),
        };
        Self::new(status, code, error.to_string())
    }
}

impl From<OriginError> for Refusal {
    fn from(error: OriginError) -> Self {
        let status = match error {
            OriginError::OtherPage(_) => StatusCode::FORBIDDEN,
            OriginError::OtherName(_) => StatusCode::MISDIRECTED_REQUEST,
        };
        Self::new(status, "foreign-origin", error.to_string())
    }
}

impl From<ChangeError> for Refusal {
    fn from(error: ChangeError) -> Self {
        let (status, code) = match error {
            ChangeError::NotJson => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-json"),
            ChangeError::Malformed { .. } => (StatusCode::BAD_REQUEST, "malformed-change"),
            ChangeError::Empty => (StatusCode::BAD_REQUEST, "empty-change"),
        };
        Self::new(status, code, error.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = Json(json!({"error": {"code": self.code, "message": self.message}}));
        let mut response = (self.status, body).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
