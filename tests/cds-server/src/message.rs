//! Requests and answers of HTTP/1.1, as far as this server needs them.

use std::io::{self, BufRead, Read};

use serde_json::Value;

/// A request as it came in.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub method: String,
    /// With the query.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// Reads one request, or `None` if the connection ends before its first byte.
    ///
    /// # Errors
    /// When the connection breaks off, or what comes is no request.
    pub fn read(stream: &mut impl BufRead) -> io::Result<Option<Request>> {
        let Some(line) = read_line(stream)? else { return Ok(None) };
        let mut words = line.split(' ');
        let (Some(method), Some(target)) = (words.next(), words.next()) else {
            return Err(io::Error::other(format!("no request line: {line:?}")));
        };
        let mut headers = Vec::new();
        loop {
            let line = read_line(stream)?.unwrap_or_default();
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.trim().to_ascii_lowercase(), value.trim().to_string()));
        }
        let mut request =
            Request { method: method.to_string(), target: target.to_string(), headers, body: Vec::new() };
        let length: u64 = request.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        stream.take(length).read_to_end(&mut request.body)?;
        Ok(Some(request))
    }

    /// The value of a header, or `None`.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The path without the query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The value of a parameter of the query, or `None`.
    pub fn query(&self, name: &str) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }

    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

fn read_line(stream: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    Ok(Some(line.trim_end().to_string()))
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn json(status: u16, document: &Value) -> Response {
        Response::text(status, "application/json", &document.to_string())
    }

    pub fn html(status: u16, page: &str) -> Response {
        Response::text(status, "text/html; charset=utf-8", page)
    }

    pub fn text(status: u16, media_type: &str, text: &str) -> Response {
        let headers = vec![("Content-Type".to_string(), media_type.to_string())];
        Response { status, headers, body: text.as_bytes().to_vec() }
    }

    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Response {
        self.headers.push((name.to_string(), value.to_string()));
        self
    }

    /// The head, with the length that is claimed.
    pub(crate) fn head(&self, length: u64) -> String {
        let mut head = format!("HTTP/1.1 {} Answer\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {length}\r\nConnection: close\r\n\r\n"));
        head
    }
}
