//! How a connection ends: what is said last, and with which code it is closed.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message};
use jackfield_session::signalling::HostMessage;
use tokio::time::timeout;

use super::{Connection, End};
use crate::error_code::ErrorCode;

/// RFC 6455 section 7.4.1.
pub(super) mod close {
    pub(in super::super) const GOING_AWAY: u16 = 1001;
    pub(in super::super) const POLICY: u16 = 1008;
    pub(in super::super) const TOO_BIG: u16 = 1009;
    pub(in super::super) const TRY_AGAIN: u16 = 1013;
}

/// Who was refused and says nothing for so long has nothing more on its way.
const QUIET: Duration = Duration::from_millis(250);
/// Who was refused and never stops talking is heard out for so long.
const HEAR_OUT_FOR: Duration = Duration::from_secs(2);

impl Connection {
    pub(super) async fn was_removed(&mut self) -> End {
        let message = "the host has let this participant go, because no media came any more: join again";
        let _ = self.complain(ErrorCode::NotJoined, message).await;
        self.close(close::TRY_AGAIN, "removed").await;
        End::Removed
    }

    pub(super) async fn was_superseded(&mut self) -> End {
        self.refuse(
            ErrorCode::Superseded,
            "this participant came back over another connection",
            close::POLICY,
        )
        .await;
        End::Superseded
    }

    pub(super) async fn host_closes(&mut self) -> End {
        let _ = self
            .complain(ErrorCode::HostClosing, "the host closes: connect again later")
            .await;
        self.close(close::GOING_AWAY, "the host closes").await;
        End::HostCloses
    }

    /// Says what is wrong and ends the connection; coming back would not help.
    pub(super) async fn refuse(&mut self, code: ErrorCode, message: &str, close_code: u16) -> End {
        self.shared.counters.refused(code.as_str());
        let _ = self
            .send(&HostMessage::Error {
                code: code.as_str().to_owned(),
                message: message.to_owned(),
                fatal: true,
            })
            .await;
        let end = self.close(close_code, code.as_str()).await;
        self.hear_out().await;
        end
    }

    /// Takes what the other end is still saying and heeds none of it. A socket that is closed while something in it is unread is reset, and a
    /// reset takes back what was sent: the refusal would never be read.
    async fn hear_out(&mut self) {
        let _ = timeout(HEAR_OUT_FOR, async {
            while let Ok(Some(Ok(_))) = timeout(QUIET, self.socket.recv()).await {}
        })
        .await;
    }

    pub(super) async fn close_lost(&mut self, code: u16, reason: &'static str) -> End {
        self.close(code, reason).await;
        End::Lost
    }

    pub(super) async fn close(&mut self, code: u16, reason: &'static str) -> End {
        let _ = self
            .put(Message::Close(Some(CloseFrame {
                code,
                reason: reason.into(),
            })))
            .await;
        End::Lost
    }
}
