//! What a server's refusal means, as a sentence with the next step.

use serde_json::Value;

use crate::http::{Reply, retry_after, status_name};

/// The longest piece of a server's text that is repeated.
const LONGEST_QUOTE: usize = 300;

/// A failure that no further attempt mends.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// A smaller request may pass.
    #[error("{0}")]
    TooLarge(String),
    /// What was asked for does not exist (any more).
    #[error("{0}")]
    Gone(String),
    /// The request itself is not accepted.
    #[error("{0}")]
    Refused(String),
    #[error("{0}")]
    Other(String),
}

/// Who is asked, for messages.
#[derive(Clone, Debug)]
pub(crate) enum Service {
    ClimateDataStore {
        dataset: &'static str,
        /// The web site of the API: `https://cds.climate.copernicus.eu`.
        site: String,
        /// Where the key was found: `~/.cdsapirc`.
        key_from: String,
    },
    OpenMeteo,
}

/// What to do with an answer.
pub(crate) enum Verdict {
    Fine(Value),
    /// To be asked again after so many seconds, if the server says.
    Wait(Option<u64>),
    /// To be asked again: the server has trouble of its own.
    Again(String),
    Failed(Problem),
}

impl Service {
    /// Judges an answer that should be a JSON document.
    pub(crate) fn judge(&self, reply: &Reply) -> Verdict {
        let document: Option<Value> = serde_json::from_str(&reply.text).ok();
        match (reply.status, document) {
            (200..=299, Some(document)) => Verdict::Fine(document),
            (429, _) if reply.text.contains("tomorrow") => Verdict::Failed(Problem::Other(format!(
                "{} has had enough requests for today (429); run this again tomorrow: it goes on from where it stopped",
                reply.address.origin.host
            ))),
            (429, _) => Verdict::Wait(retry_after(&reply.headers).or_else(|| wait_in(&reply.text))),
            (408 | 500..=599, document) => Verdict::Again(failure_of_server(reply, document.as_ref())),
            (_, None) if is_html(&reply.text) => {
                Verdict::Failed(Problem::Other(web_page(&reply.address.shown(), &reply.text)))
            }
            (200..=299, None) => {
                Verdict::Again(format!("answers with what is not JSON: {}", quote(&reply.text)))
            }
            (_, document) => Verdict::Failed(self.refusal(reply, &Words::of(document.as_ref(), &reply.text))),
        }
    }

    fn refusal(&self, reply: &Reply, words: &Words) -> Problem {
        let host = &reply.address.origin.host;
        match self {
            Service::OpenMeteo => {
                Problem::Refused(format!("{host} refuses the request ({}): {}", reply.status, words.said()))
            }
            Service::ClimateDataStore { dataset, site, key_from } => {
                Store { host, dataset, site, key_from }.refusal(reply.status, words)
            }
        }
    }
}

/// The Climate Data Store, for messages.
struct Store<'a> {
    host: &'a str,
    dataset: &'a str,
    site: &'a str,
    key_from: &'a str,
}

impl Store<'_> {
    fn refusal(&self, status: u16, words: &Words) -> Problem {
        let Store { host, dataset, site, key_from } = self;
        let said = words.said();
        if status == 401 {
            return Problem::Other(format!(
                "{host} does not accept the key of {key_from} (401: {said}); copy the key that {site}/profile shows"
            ));
        }
        if status == 403 && (words.has("licence") || words.has("license") || words.has("site policies")) {
            return Problem::Other(format!(
                "the licence of {dataset} is not accepted yet (403: {said}); log in, accept it at \
                 {site}/datasets/{dataset}?tab=download#manage-licences, and run this again"
            ));
        }
        if is_too_large(words.text()) {
            return Problem::TooLarge(format!("{host} finds the request too large ({status}: {said})"));
        }
        match status {
            404 => Problem::Gone(format!("{host} does not know what it is asked for (404: {said})")),
            400 | 422 => Problem::Refused(format!("{host} refuses the request ({status}: {said})")),
            _ => Problem::Other(format!("{host} refuses the request ({status}: {said}); see {site}")),
        }
    }
}

/// True for the words of the Climate Data Store about requests that cost too much.
pub(crate) fn is_too_large(text: &str) -> bool {
    let text = text.to_lowercase();
    ["cost limits exceeded", "request is too large", "request too large"]
        .iter()
        .any(|words| text.contains(words))
}

/// What an error document says: `{type, title, detail, traceback}` of the store, `{error, reason}` of
/// Open-Meteo.
pub(crate) struct Words(String);

impl Words {
    pub(crate) fn of(document: Option<&Value>, text: &str) -> Words {
        let member = |name: &str| document.and_then(|document| document.get(name)).and_then(words_in);
        let parts: Vec<String> =
            ["title", "detail", "reason", "message"].into_iter().filter_map(member).collect();
        let mut said = parts.join(": ");
        if let Some(traceback) = member("traceback") {
            // The last line of a traceback is its reason.
            let reason = traceback.trim().lines().last().unwrap_or_default().trim();
            if !said.contains(reason) {
                said = if said.is_empty() { reason.to_string() } else { format!("{said}: {reason}") };
            }
        }
        Words(if said.is_empty() { text.to_string() } else { said })
    }

    /// The text in one line, not too long.
    pub(crate) fn said(&self) -> String {
        if self.0.trim().is_empty() { "without a reason".to_string() } else { quote(&self.0) }
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    fn has(&self, word: &str) -> bool {
        self.0.to_lowercase().contains(word)
    }
}

/// The text of a member; lists and objects (of what is wrong with a request) as JSON.
fn words_in(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Bool(_) => None,
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(text.trim().to_string()),
        other => Some(other.to_string()),
    }
}

fn failure_of_server(reply: &Reply, document: Option<&Value>) -> String {
    let status = reply.status;
    let name = status_name(status);
    match document {
        Some(_) => format!("answers {status} {name}: {}", Words::of(document, "").said()),
        None if is_html(&reply.text) => {
            format!("answers {status} {name} with the web page {:?}", title(&reply.text))
        }
        None => format!("answers {status} {name}"),
    }
}

/// `text` in one line of at most [`LONGEST_QUOTE`] characters.
pub(crate) fn quote(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST_QUOTE) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

/// True for a web page.
pub(crate) fn is_html(text: &str) -> bool {
    let start: String = text.trim_start_matches('\u{feff}').trim_start().chars().take(200).collect();
    let start = start.to_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html") || start.contains("<head")
}

/// The sentence for a web page in the place of data.
pub(crate) fn web_page(at: &str, text: &str) -> String {
    format!(
        "{at} answers with the web page {:?} instead of data; is a proxy or the login page of a network in \
         between? Log in there with a browser, or set HTTPS_PROXY, and run this again",
        title(text)
    )
}

/// What stands between `<title>` and `</title>`.
fn title(page: &str) -> String {
    // ASCII only, so that positions in both agree.
    let lower = page.to_ascii_lowercase();
    let inner = lower.find("<title").and_then(|start| {
        let from = start + lower[start..].find('>')? + 1;
        let to = from + lower[from..].find("</title")?;
        page.get(from..to)
    });
    quote(inner.unwrap_or("without a title"))
}

/// N of "wait N seconds".
fn wait_in(text: &str) -> Option<u64> {
    let lower = text.to_lowercase();
    let (_, after) = lower.split_once("wait ")?;
    let (number, after) = after.split_once(' ')?;
    after.starts_with("second").then(|| number.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_wait_is_found_in_the_words_of_the_store() {
        assert_eq!(wait_in(r#"{"detail":"Rate limit exceeded. Please wait 17 seconds."}"#), Some(17));
        assert_eq!(wait_in("wait for it"), None);
        assert_eq!(wait_in("wait many seconds"), None);
    }

    #[test]
    fn words_are_those_of_every_form_of_error() {
        let said = |document: Value| Words::of(Some(&document), "").said();
        assert_eq!(said(json!({"title": "a", "detail": "b\n c"})), "a: b c");
        assert_eq!(said(json!({"error": true, "reason": "bad day"})), "bad day");
        assert_eq!(said(json!({"title": "failed", "traceback": "x\n  y\nZ: why\n"})), "failed: Z: why");
        assert_eq!(said(json!({"detail": [{"loc": ["body"]}]})), r#"[{"loc":["body"]}]"#);
        assert_eq!(said(json!({})), "without a reason");
        assert_eq!(quote(&"é".repeat(400)), format!("{}...", "é".repeat(300)));
    }

    #[test]
    fn the_title_of_a_page_is_found_whatever_its_letters() {
        for (page, found) in [
            ("<HTML><Title lang=x>\n Log  in</TITLE>", "Log in"),
            ("<html>İ<title>ſ</title>", "ſ"),
            ("<html><title>", "without a title"),
        ] {
            assert!(is_html(page));
            assert_eq!(title(page), found);
        }
    }
}
