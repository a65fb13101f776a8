//! Which web pages may talk to this host: its own. Browsers say where a page comes from; whoever sends no `Origin` is no browser.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderValue, Uri, header};

/// Endings of names that only a local network knows, which no stranger's page can therefore be called.
const LOCAL_ENDINGS: [&str; 5] = [".localhost", ".local", ".lan", ".home.arpa", ".internal"];

/// The pages that may talk to this host besides its own.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    /// As browsers write them: `https://call.example.org`.
    pub allowed: Vec<String>,
    /// Whether the host answers only to names that cannot be a stranger's. Else a page whose name is turned to this host's address
    /// after it was loaded (DNS rebinding) could do what its visitor may do without a token.
    pub only_local_names: bool,
}

/// Why a request is not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginError {
    /// A page of this origin asks, which is neither the host's own nor an allowed one.
    #[error("a page of {0} may not talk to this host: start the host with `--allow-origin {0}` if it should")]
    OtherPage(String),
    /// The host was asked under this name, which may be a stranger's.
    #[error(
        "this host does not answer to the name {0}: start it with `--allow-origin http://{0}` if it should"
    )]
    OtherName(String),
}

impl Origins {
    /// Whether the name under which the host was asked may be its own.
    ///
    /// # Errors
    /// If it may be a stranger's.
    pub fn check_name(&self, headers: &HeaderMap, uri: &Uri) -> Result<(), OriginError> {
        if !self.only_local_names {
            return Ok(());
        }
        let Some(authority) = authority(headers, uri) else {
            return Ok(());
        };
        let name = without_port(&authority)
            .trim_end_matches('.')
            .to_ascii_lowercase();
        let is_address = name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        let is_local = !name.contains('.') || LOCAL_ENDINGS.iter().any(|ending| name.ends_with(ending));
        let is_allowed = self
            .allowed
            .iter()
            .any(|origin| without_port(host_of(origin)).eq_ignore_ascii_case(&name));
        if is_address || is_local || is_allowed {
            Ok(())
        } else {
            Err(OriginError::OtherName(authority))
        }
    }

    /// Whether the page that asks, if it is one, is the host's own or an allowed one.
    ///
    /// # Errors
    /// If it is another.
    pub fn check_page(&self, headers: &HeaderMap, uri: &Uri) -> Result<(), OriginError> {
        let Some(origin) = headers.get(header::ORIGIN) else {
            return Ok(());
        };
        let origin = origin.to_str().unwrap_or("an unreadable origin");
        let own = authority(headers, uri).is_some_and(|own| {
            ["http://", "https://"].iter().any(|scheme| {
                origin
                    .strip_prefix(scheme)
                    .is_some_and(|asking| asking.eq_ignore_ascii_case(&own))
            })
        });
        if own || self.is_allowed(origin) {
            Ok(())
        } else {
            // What stands in the answer is the asker's own text: keep it short.
            Err(OriginError::OtherPage(origin.chars().take(100).collect()))
        }
    }

    /// The origin of the page that asks, if it is one of those that were allowed.
    pub fn allowed_page<'a>(&self, headers: &'a HeaderMap) -> Option<&'a HeaderValue> {
        let origin = headers.get(header::ORIGIN)?;
        self.is_allowed(origin.to_str().ok()?).then_some(origin)
    }

    fn is_allowed(&self, origin: &str) -> bool {
        self.allowed
            .iter()
            .any(|allowed| allowed.trim_end_matches('/').eq_ignore_ascii_case(origin))
    }
}

/// The name and port under which the host was asked.
fn authority(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let from_header = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .map(str::to_owned);
    from_header.or_else(|| uri.authority().map(ToString::to_string))
}

fn host_of(origin: &str) -> &str {
    let rest = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    rest.trim_end_matches('/')
}

fn without_port(authority: &str) -> &str {
    if let Some(end) = authority.find(']') {
        return &authority[..=end];
    }
    authority.rsplit_once(':').map_or(authority, |(name, _)| name)
}
