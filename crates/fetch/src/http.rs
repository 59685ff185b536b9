//! One exchange over HTTP: where the key may go, how redirects are followed, and which failures may
//! pass. What a status means, and trying again, is for others ([`crate::ask`], [`crate::download`]).

use std::io::Read;

use serde_json::Value;
use ureq::http::{HeaderMap, Request, StatusCode, header};
use ureq::tls::TlsConfig;
use ureq::{Agent, Body, Timeout};

use crate::address::{Address, Origin, Scheme};
use crate::certificates::{tls_error, trusted, untrusted};
use crate::environment::Environment;
use crate::pace::Pace;
use crate::secret::Secret;

/// The header that carries the key.
const KEY_HEADER: &str = "PRIVATE-TOKEN";
const MOST_REDIRECTS: usize = 10;
const NOT_FOUND: &str = "cannot be found by its name";
/// The longest text that is read into memory: a year of ten variables of Open-Meteo is 1 MB.
const LONGEST_TEXT_BYTES: u64 = 64 * 1024 * 1024;

/// What to send.
#[derive(Clone, Copy)]
pub(crate) enum Send<'a> {
    /// With the key, if the address is of the key's origin.
    Get,
    /// The same with a JSON document.
    Post(&'a Value),
    /// Never with a key: a file, from this byte on.
    GetFile { from: u64 },
}

/// Why an exchange came to nothing. The text follows the name of a host: "refuses the connection".
#[derive(Debug)]
pub(crate) enum Trouble {
    /// It may go better the next time.
    Passing(String),
    Lasting(String),
}

/// The head of an answer; its body is still to be read.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// After the redirects.
    pub(crate) address: Address,
    pub(crate) body: Body,
}

/// An answer whose body is text.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) address: Address,
    pub(crate) text: String,
}

/// The connections of a download.
pub(crate) struct Http {
    direct: Agent,
    proxied: Agent,
    key: Option<(Origin, Secret)>,
    pub(crate) pace: Pace,
}

impl Http {
    /// # Errors
    /// When the environment names certificates that cannot be read.
    pub(crate) fn new(
        environment: &Environment,
        key: Option<(Origin, Secret)>,
        pace: Pace,
    ) -> anyhow::Result<Http> {
        let tls = TlsConfig::builder().root_certs(trusted(environment)?).build();
        let agent = |proxy: Option<ureq::Proxy>| -> Agent {
            Agent::config_builder()
                .tls_config(tls.clone())
                .proxy(proxy)
                .http_status_as_error(false)
                .max_redirects(0)
                .max_redirects_will_error(false)
                .max_idle_connections(0)
                .user_agent(concat!("isotherm/", env!("CARGO_PKG_VERSION")))
                .timeout_connect(Some(pace.connect_timeout))
                .timeout_recv_response(Some(pace.read_timeout))
                .timeout_per_read(Some(pace.read_timeout))
                .timeout_per_write(Some(pace.read_timeout))
                .build()
                .into()
        };
        let (direct, proxied) = (agent(None), agent(environment.proxy().cloned()));
        Ok(Http { direct, proxied, key, pace })
    }

    /// `text` without the key.
    pub(crate) fn scrub(&self, text: &str) -> String {
        self.key.as_ref().map_or_else(|| text.to_string(), |(_, secret)| secret.scrub(text))
    }

    /// Tells people how it goes, without the key.
    pub(crate) fn tell(&self, text: &str) {
        tracing::info!("{}", self.scrub(text));
    }

    /// The same of what may need their attention.
    pub(crate) fn warn(&self, text: &str) {
        tracing::warn!("{}", self.scrub(text));
    }

    /// Sends, and follows redirects.
    ///
    /// # Errors
    /// When no answer comes, or when it leads where nothing is sent to.
    pub(crate) fn exchange(&self, address: &Address, send: Send) -> Result<Answer, Trouble> {
        let mut at = address.clone();
        for _ in 0..=MOST_REDIRECTS {
            let answer = self.once(&at, send)?;
            match redirect(&answer, send)? {
                Some(next) => at = next,
                None => return Ok(answer),
            }
        }
        let shown = at.shown();
        Err(Trouble::Lasting(format!("redirects more than {MOST_REDIRECTS} times, at last to {shown}")))
    }

    /// Sends, and reads the answer as text.
    ///
    /// # Errors
    /// As [`Http::exchange`], and when the body breaks off, drips or is no text.
    pub(crate) fn text(&self, address: &Address, send: Send) -> Result<Reply, Trouble> {
        let Answer { status, headers, address, body } = self.exchange(address, send)?;
        let started = self.pace.clock.now();
        let mut reader = body.into_reader().take(LONGEST_TEXT_BYTES + 1);
        let (mut bytes, mut buffer) = (Vec::new(), [0; 16 * 1024]);
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => bytes.extend_from_slice(&buffer[..count]),
                Err(error) => return Err(Trouble::Passing(broken_off(&error))),
            }
            if self.pace.clock.now().saturating_sub(started) > self.pace.slow_window {
                return Err(Trouble::Passing("answers too slowly".to_string()));
            }
        }
        if bytes.len() as u64 > LONGEST_TEXT_BYTES {
            return Err(Trouble::Lasting("answers with more text than can be meant".to_string()));
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Reply { status, headers, address, text })
    }

    fn once(&self, address: &Address, send: Send) -> Result<Answer, Trouble> {
        address.check_privacy().map_err(Trouble::Lasting)?;
        let request = Request::builder().uri(address.to_string()).header(header::ACCEPT_ENCODING, "identity");
        let request = match send {
            Send::Get => self.with_key(request, address),
            Send::Post(_) => self.with_key(request.method("POST"), address),
            Send::GetFile { from: 0 } => request,
            Send::GetFile { from } => request.header(header::RANGE, format!("bytes={from}-")),
        };
        let agent = if address.origin.is_loopback() { &self.direct } else { &self.proxied };
        let unusable = |error: ureq::http::Error| Trouble::Lasting(format!("cannot be asked: {error}"));
        let response = match send {
            Send::Post(document) => {
                let request = request.header(header::CONTENT_TYPE, "application/json");
                agent.run(request.body(document.to_string()).map_err(unusable)?)
            }
            Send::Get | Send::GetFile { .. } => agent.run(request.body(()).map_err(unusable)?),
        };
        let (head, body) = response.map_err(|error| self.trouble(&error))?.into_parts();
        let status = head.status.as_u16();
        Ok(Answer { status, headers: head.headers, address: address.clone(), body })
    }

    /// Adds the key where it belongs, and nowhere else.
    fn with_key(
        &self,
        request: ureq::http::request::Builder,
        address: &Address,
    ) -> ureq::http::request::Builder {
        match &self.key {
            Some((origin, secret)) if *origin == address.origin => match secret.header_value() {
                Some(value) => request.header(KEY_HEADER, value),
                None => request,
            },
            _ => request,
        }
    }

    fn trouble(&self, error: &ureq::Error) -> Trouble {
        let seconds = |duration: std::time::Duration| duration.as_secs_f64();
        match error {
            ureq::Error::HostNotFound => Trouble::Passing(NOT_FOUND.to_string()),
            ureq::Error::Timeout(Timeout::Connect) => Trouble::Passing(format!(
                "takes no connection within {} s",
                seconds(self.pace.connect_timeout)
            )),
            ureq::Error::Timeout(_) => {
                Trouble::Passing(format!("sends nothing for {} s", seconds(self.pace.read_timeout)))
            }
            ureq::Error::Rustls(error) => untrusted(error),
            ureq::Error::Io(error) => match tls_error(error) {
                Some(error) => untrusted(error),
                None => Trouble::Passing(broken_off(error)),
            },
            ureq::Error::InvalidProxyUrl => Trouble::Lasting(
                "is behind a proxy whose address cannot be used; see HTTPS_PROXY".to_string(),
            ),
            other => Trouble::Passing(format!("breaks off ({other})")),
        }
    }
}

/// Where an answer redirects to, or `None` if it does not.
fn redirect(answer: &Answer, send: Send) -> Result<Option<Address>, Trouble> {
    let keeps_method = match answer.status {
        301..=303 => false,
        307 | 308 => true,
        _ => return Ok(None),
    };
    let from = answer.address.shown();
    let location = answer.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
    let Some(location) = location else {
        return Err(Trouble::Lasting(format!("redirects from {from} to nowhere (no Location)")));
    };
    let next = answer.address.join(location).and_then(|next| next.check_privacy().map(|()| next));
    let next = next
        .map_err(|fault| Trouble::Lasting(format!("redirects from {from} to {location:?}, which {fault}")))?;
    if answer.address.origin.scheme == Scheme::Https && next.origin.scheme == Scheme::Http {
        let fault = format!("redirects from {from} to {}, which is not encrypted", next.shown());
        return Err(Trouble::Lasting(fault));
    }
    if matches!(send, Send::Post(_)) && !keeps_method {
        let fault = format!("redirects from {from} to {}, where a request cannot follow", next.shown());
        return Err(Trouble::Lasting(format!("{fault}; check the url beside the key")));
    }
    Ok(Some(next))
}

/// A failure of reading or connecting in words.
pub(crate) fn broken_off(error: &std::io::Error) -> String {
    use std::io::ErrorKind::{ConnectionRefused, TimedOut, WouldBlock};
    if let Some(ureq::Error::Timeout(_)) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
        return "stops sending".to_string();
    }
    match error.kind() {
        ConnectionRefused => "refuses the connection".to_string(),
        TimedOut | WouldBlock => "stops sending".to_string(),
        _ if error.to_string().contains("lookup address") => NOT_FOUND.to_string(),
        _ => format!("breaks off ({error})"),
    }
}

/// The number of seconds in `Retry-After`.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}

/// The name of a status: `Bad Gateway`.
pub(crate) fn status_name(status: u16) -> &'static str {
    StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("unknown status")
}
