//! Addresses of the web: parsed, joined, and whether something may be sent there. Only what the
//! downloads need: no user names, no other schemes than `https` and (to this machine) `http`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use ureq::http::Uri;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    fn name(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

/// Scheme, host and port: what a key is sent to, or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) scheme: Scheme,
    /// In lower case; an IPv6 address has its brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Origin {
    /// True for this machine: 127.0.0.0/8, `[::1]` and `localhost`.
    pub(crate) fn is_loopback(&self) -> bool {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        match bare.parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => self.host == "localhost",
        }
    }
}

impl fmt::Display for Origin {
    /// `https://example.org`, `http://127.0.0.1:8080`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.name(), self.host)?;
        if self.port == self.scheme.default_port() { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

/// An absolute address without a fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) origin: Origin,
    /// Path and query, from the slash.
    path: String,
}

impl Address {
    /// # Errors
    /// A clause about `text` that says what is wrong: "is not an address ...".
    pub(crate) fn parse(text: &str) -> Result<Address, String> {
        let text = text.split_once('#').map_or(text, |(address, _)| address);
        let wanted = || "is not an address such as https://example.org/api".to_string();
        let uri: Uri = text.parse().map_err(|_| wanted())?;
        let scheme = match uri.scheme_str().map(str::to_ascii_lowercase).as_deref() {
            Some("https") => Scheme::Https,
            Some("http") => Scheme::Http,
            _ => return Err(wanted()),
        };
        let authority = uri.authority().ok_or_else(wanted)?;
        if authority.as_str().contains('@') {
            return Err("has a user name or a key in it; wanted one without".to_string());
        }
        let host = authority.host().to_ascii_lowercase();
        if host.is_empty() || !is_clear_host(&host) {
            return Err(wanted());
        }
        let port = match authority.as_str().len() > authority.host().len() {
            true => authority.port_u16().ok_or_else(wanted)?,
            false => scheme.default_port(),
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let path = if path.starts_with('/') { path.to_string() } else { format!("/{path}") };
        Ok(Address { origin: Origin { scheme, host, port }, path })
    }

    /// The address that `reference`, seen at this one, stands for (RFC 3986, section 5.2).
    ///
    /// # Errors
    /// As [`Address::parse`].
    pub(crate) fn join(&self, reference: &str) -> Result<Address, String> {
        let reference = reference.split_once('#').map_or(reference, |(reference, _)| reference);
        let has_scheme = reference.split_once(':').is_some_and(|(scheme, _)| {
            scheme.starts_with(|first: char| first.is_ascii_alphabetic())
                && scheme.chars().all(|char| char.is_ascii_alphanumeric() || "+-.".contains(char))
        });
        if has_scheme {
            return Address::parse(reference);
        }
        if let Some(rest) = reference.strip_prefix("//") {
            return Address::parse(&format!("{}://{rest}", self.origin.scheme.name()));
        }
        let own_path = self.path.split_once('?').map_or(self.path.as_str(), |(path, _)| path);
        let path = if reference.starts_with('/') {
            reference.to_string()
        } else if reference.is_empty() {
            self.path.clone()
        } else if reference.starts_with('?') {
            format!("{own_path}{reference}")
        } else {
            let folder = own_path.rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{folder}/{reference}")
        };
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path, format!("?{query}")),
            None => (path.as_str(), String::new()),
        };
        Address::parse(&format!("{}{}{query}", self.origin, without_dots(path)))
    }

    /// This address with `/rest` after its path.
    pub(crate) fn below(&self, rest: &str) -> Address {
        Address { origin: self.origin.clone(), path: format!("{}/{rest}", self.path.trim_end_matches('/')) }
    }

    /// This address with a query.
    pub(crate) fn with_query(&self, query: &str) -> Address {
        Address { origin: self.origin.clone(), path: format!("{}?{query}", self.path) }
    }

    /// The address without its query, for messages: the query of a signed link is a key of its own.
    pub(crate) fn shown(&self) -> String {
        let path = self.path.split_once('?').map_or(self.path.as_str(), |(path, _)| path);
        format!("{}{path}", self.origin)
    }

    /// # Errors
    /// A clause that says why nothing is sent there.
    pub(crate) fn check_privacy(&self) -> Result<(), String> {
        if self.origin.scheme == Scheme::Https || self.origin.is_loopback() {
            return Ok(());
        }
        Err("is not encrypted; wanted https:// (http:// only to this machine)".to_string())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.path)
    }
}

/// False for hosts that programs read differently: numbers such as `0x7f.1` or `2130706433`, which
/// some take for an IPv4 address.
fn is_clear_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[') {
        return address.ends_with(']');
    }
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let looks_like_a_number = last.starts_with(|first: char| first.is_ascii_digit());
    !looks_like_a_number || host.parse::<Ipv4Addr>().is_ok()
}

/// The path without its segments `.` and `..`.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            _ => kept.push(segment),
        }
        if is_last && (segment == "." || segment == "..") {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    #[test]
    fn origins_differ_by_scheme_host_and_port() {
        let origin = |text| parse(text).origin;
        assert_eq!(origin("https://Example.org/a"), origin("https://example.org:443/b?c#d"));
        for other in ["http://example.org", "https://example.org:444", "https://example.org.evil.net"] {
            assert_ne!(origin(other), origin("https://example.org"), "{other}");
        }
        assert_eq!(parse("https://example.org:8443/x").to_string(), "https://example.org:8443/x");
    }

    #[test]
    fn plain_http_goes_to_this_machine_only() {
        for own in ["http://127.0.0.1:1/", "http://127.8.9.1/", "http://[::1]:80/", "http://localhost/x"] {
            assert_eq!(parse(own).check_privacy(), Ok(()), "{own}");
        }
        for other in [
            "http://128.0.0.1/",
            "http://[::2]/",
            "http://localhost.example.org/",
            "http://127.0.0.1.example.org/",
            "http://notlocalhost/",
        ] {
            assert!(parse(other).check_privacy().is_err(), "{other}");
        }
        assert_eq!(parse("https://example.org").check_privacy(), Ok(()));
    }

    #[test]
    fn texts_that_are_no_address_are_refused() {
        for text in [
            "",
            "example.org",
            "ftp://example.org",
            "https://",
            "https://user@example.org",
            "https://key:x@example.org",
            "https://example.org:99999",
            "https://example.org:x",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://127.1/",
            "/api",
            "https://exa mple.org",
        ] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn references_join_as_in_rfc_3986() {
        // Section 5.4.1, with another scheme.
        let base = parse("https://a.org/b/c/d?q");
        for (reference, joined) in [
            ("g", "https://a.org/b/c/g"),
            ("./g", "https://a.org/b/c/g"),
            ("g/", "https://a.org/b/c/g/"),
            ("/g", "https://a.org/g"),
            ("//g.net", "https://g.net/"),
            ("?y", "https://a.org/b/c/d?y"),
            ("g?y", "https://a.org/b/c/g?y"),
            ("", "https://a.org/b/c/d?q"),
            (".", "https://a.org/b/c/"),
            ("..", "https://a.org/b/"),
            ("../g", "https://a.org/b/g"),
            ("../../../g", "https://a.org/g"),
            ("g?y/../x", "https://a.org/b/c/g?y/../x"),
            ("g#s/../x", "https://a.org/b/c/g"),
            ("http://b.org/", "http://b.org/"),
        ] {
            assert_eq!(base.join(reference).map(|address| address.to_string()), Ok(joined.to_string()));
        }
    }

    proptest! {
        #[test]
        fn an_address_survives_being_written(
            host in "[a-z]{1,9}(\\.[a-z]{2,5}){0,2}", port in 1_u16.., path in "(/[a-z0-9._-]{1,6}){0,4}",
        ) {
            let text = format!("https://{host}:{port}{path}");
            let address = parse(&text);
            prop_assert_eq!(parse(&address.to_string()), address.clone());
            prop_assert_eq!(&address.origin.host, &host);
            prop_assert_eq!(address.origin.port, port);
        }

        #[test]
        fn no_reference_without_a_host_leaves_the_origin(reference in "[a-z0-9./?-]{0,20}") {
            prop_assume!(!reference.starts_with("//"));
            let base = parse("https://store.example.org/api/x");
            if let Ok(joined) = base.join(&reference) {
                prop_assert_eq!(joined.origin, base.origin);
            }
        }
    }
}
