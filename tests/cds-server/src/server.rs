//! The connections: a thread each, over TLS if wanted, closed after one answer.

use std::io::{self, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::fault::{Fault, Misbehaviour};
use crate::message::{Request, Response};
use crate::open_meteo;
use crate::store::{Settings, Store};

/// A connection on which nothing happens ends after that.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);

/// A server on a port of this machine, until it is dropped.
pub struct Server {
    shared: Arc<Shared>,
    address: SocketAddr,
    certificate: Option<String>,
}

struct Shared {
    store: Mutex<Store>,
    faults: Mutex<Vec<Fault>>,
    requests: Mutex<Vec<Request>>,
    /// Requests that are still answered; after them it is as if the power were cut.
    left: Mutex<usize>,
    tls: Option<Arc<ServerConfig>>,
    is_stopped: AtomicBool,
}

impl Server {
    /// Over plain HTTP.
    ///
    /// # Errors
    /// When no port is free.
    pub fn start(settings: Settings) -> anyhow::Result<Server> {
        Server::listen("127.0.0.1:0", settings, None)
    }

    /// On this address, `127.0.0.1:8080`.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start_at(address: &str, settings: Settings) -> anyhow::Result<Server> {
        Server::listen(address, settings, None)
    }

    /// Over TLS, with a certificate of its own making for 127.0.0.1 and localhost.
    ///
    /// # Errors
    /// When no port is free.
    pub fn start_tls(settings: Settings) -> anyhow::Result<Server> {
        let names = vec!["127.0.0.1".to_string(), "localhost".to_string()];
        let made = rcgen::generate_simple_self_signed(names)?;
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).map_err(anyhow::Error::msg)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)?;
        let tls = (made.cert.pem(), Arc::new(config));
        Server::listen("127.0.0.1:0", settings, Some(tls))
    }

    fn listen(
        address: &str,
        settings: Settings,
        tls: Option<(String, Arc<ServerConfig>)>,
    ) -> anyhow::Result<Server> {
        let listener = TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
        let address = listener.local_addr()?;
        let (certificate, tls) = tls.unzip();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let shared = Arc::new(Shared {
            store: Mutex::new(Store::new(settings, format!("{scheme}://{address}"))),
            faults: Mutex::default(),
            requests: Mutex::default(),
            left: Mutex::new(usize::MAX),
            tls,
            is_stopped: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || accept(&listener, &accepting));
        Ok(Server { shared, address, certificate })
    }

    /// `http://127.0.0.1:1234`.
    pub fn origin(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The API's address, for `url:`.
    pub fn api(&self) -> String {
        format!("{}/api", self.origin())
    }

    /// The certificate to trust, PEM.
    pub fn certificate(&self) -> Option<&str> {
        self.certificate.as_deref()
    }

    /// Adds to the script of misbehaviours; the first that applies counts.
    pub fn misbehave(&self, fault: Fault) {
        lock(&self.shared.faults).push(fault);
    }

    /// Behaves from now on.
    pub fn behave(&self) {
        lock(&self.shared.faults).clear();
        *lock(&self.shared.left) = usize::MAX;
    }

    /// Answers so many requests more, and hangs up on every other.
    pub fn answer_only(&self, count: usize) {
        *lock(&self.shared.left) = count;
    }

    /// Changes how the store is set up.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut lock(&self.shared.store).settings);
    }

    /// Makes the store forget its jobs.
    pub fn forget_jobs(&self) {
        lock(&self.shared.store).forget_jobs();
    }

    /// Everything that it was asked, in order.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).clone()
    }

    /// How often a method was used on paths with that part.
    pub fn count(&self, method: &str, path: &str) -> usize {
        let requests = lock(&self.shared.requests);
        requests.iter().filter(|request| request.method == method && request.path().contains(path)).count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.is_stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for connections.
        drop(TcpStream::connect(self.address));
    }
}

/// A poisoned lock is that of a failed test, which has its own message.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.is_stopped.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let shared = Arc::clone(shared);
        // What goes wrong on a connection is the other side's to notice.
        std::thread::spawn(move || drop(serve(stream, &shared)));
    }
}

fn serve(stream: TcpStream, shared: &Shared) -> anyhow::Result<()> {
    stream.set_read_timeout(Some(LONGEST_SILENCE))?;
    stream.set_nodelay(true)?;
    match &shared.tls {
        None => converse(stream, shared)?,
        Some(config) => {
            let connection = ServerConnection::new(Arc::clone(config))?;
            converse(StreamOwned::new(connection, stream), shared)?;
        }
    }
    Ok(())
}

/// Reads one request and answers it.
fn converse(stream: impl Read + Write, shared: &Shared) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let Some(request) = Request::read(&mut stream)? else { return Ok(()) };
    {
        let mut left = lock(&shared.left);
        if *left == 0 {
            return Ok(());
        }
        *left -= 1;
    }
    lock(&shared.requests).push(request.clone());
    let fault = lock(&shared.faults).iter_mut().find_map(|fault| fault.at(&request));
    let asked = match fault {
        Some(Misbehaviour::IgnoreRange) => without_range(&request),
        Some(Misbehaviour::OtherRange) => with_range(&request, "bytes=1-"),
        _ => request.clone(),
    };
    let response = match &fault {
        Some(Misbehaviour::Answer(response)) => response.clone(),
        Some(Misbehaviour::Redirect(status, to)) => {
            let to = to.replace("{target}", &request.target);
            Response::text(*status, "text/plain", "moved").with_header("Location", &to)
        }
        _ if request.path() == "/v1/archive" => open_meteo::answer(&request),
        _ => lock(&shared.store).answer(&asked),
    };
    send(&mut stream, &request, response, fault)
}

fn without_range(request: &Request) -> Request {
    let mut request = request.clone();
    request.headers.retain(|(name, _)| name != "range");
    request
}

fn with_range(request: &Request, range: &str) -> Request {
    let mut request = without_range(request);
    request.headers.push(("range".to_string(), range.to_string()));
    request
}

fn send<S: Read + Write>(
    stream: &mut BufReader<S>,
    request: &Request,
    mut response: Response,
    fault: Option<Misbehaviour>,
) -> io::Result<()> {
    let length = response.body.len();
    let mut claimed = length as u64;
    let mut sent = length;
    let mut pieces = (length.max(1), Duration::ZERO);
    let mut stalls = false;
    match fault {
        Some(Misbehaviour::HangUp) => return Ok(()),
        Some(Misbehaviour::CutHead) => {
            let head = response.head(claimed);
            stream.get_mut().write_all(&head.as_bytes()[..head.len() / 2])?;
            return stream.get_mut().flush();
        }
        Some(Misbehaviour::CutBody(bytes)) => sent = bytes.min(length),
        Some(Misbehaviour::Length(more)) => claimed = claimed.saturating_add_signed(more),
        Some(Misbehaviour::Flip(position)) => {
            if let Some(byte) = response.body.get_mut(position) {
                *byte ^= 0x20;
            }
        }
        Some(Misbehaviour::Drip(bytes, pause)) => pieces = (bytes.max(1), pause),
        Some(Misbehaviour::Stall(bytes)) => (sent, stalls) = (bytes.min(length), true),
        Some(Misbehaviour::Silence) => return wait_for_the_end(stream),
        _ => {}
    }
    let head = response.head(claimed);
    let out = stream.get_mut();
    out.write_all(head.as_bytes())?;
    if request.method != "HEAD" {
        let (bytes, pause) = pieces;
        for piece in response.body[..sent].chunks(bytes) {
            out.write_all(piece)?;
            out.flush()?;
            if !pause.is_zero() {
                std::thread::sleep(pause);
            }
        }
    }
    out.flush()?;
    if stalls { wait_for_the_end(stream) } else { Ok(()) }
}

/// Waits until the other side hangs up.
fn wait_for_the_end(stream: &mut impl Read) -> io::Result<()> {
    let mut byte = [0];
    while stream.read(&mut byte)? > 0 {}
    Ok(())
}
