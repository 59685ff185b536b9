//! A key that is neither printed nor logged. Text from elsewhere goes through [`Secret::scrub`]
//! before it is shown, because a server may repeat what it was sent.

use std::fmt;

use ureq::http::HeaderValue;

/// What stands in a text where the key stood.
const SCRUBBED: &str = "(the key)";

/// A key of the Climate Data Store.
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(text: String) -> Secret {
        Secret(text)
    }

    /// The value of the header that carries the key, or `None` if no header can.
    pub(crate) fn header_value(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_str(&self.0).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// `text` without the key.
    pub(crate) fn scrub(&self, text: &str) -> String {
        text.replace(&self.0, SCRUBBED)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_in_no_text() {
        let secret = Secret::new("1234-abcd".to_string());
        assert_eq!(format!("{secret:?}"), "Secret");
        assert_eq!(format!("{:?}", secret.header_value().unwrap()), "Sensitive");
        assert_eq!(secret.scrub("token 1234-abcd is unknown"), "token (the key) is unknown");
    }
}
