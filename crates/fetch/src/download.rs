//! One file, downloaded until it is there: continued where it broke off, also by the next run,
//! compared with its size and checksum, and started again when these are wrong.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use contract::progress::Progress;
use ureq::http::{HeaderMap, header};

use crate::address::Address;
use crate::ask::lasting;
use crate::checksum::Checksum;
use crate::files::remove_if_there;
use crate::http::{Answer, Http, Send, Trouble, broken_off, retry_after, status_name};
use crate::problem::{Problem, is_html, web_page};

/// How often a file with a wrong checksum is downloaded.
const MOST_DOWNLOADS: u32 = 3;
/// An attempt that brought that much was no failure.
const WORTH_BYTES: u64 = 64 * 1024;

/// A file on a server.
#[derive(Clone, Debug)]
pub(crate) struct Asset {
    pub(crate) address: Address,
    pub(crate) bytes: u64,
    pub(crate) checksum: Option<Checksum>,
}

/// How an attempt ended; the text follows the name of a host.
enum Stop {
    Passing(String),
    Wait(Option<u64>),
    Failed(Problem),
}

/// Downloads `asset` to `part`, which may hold the first bytes of it already.
///
/// # Errors
/// [`Problem::Gone`] when the link is no longer valid; when the server, the network or the disk fails
/// for good.
pub(crate) fn download(http: &Http, asset: &Asset, part: &Path) -> Result<(), Problem> {
    for _ in 0..MOST_DOWNLOADS {
        complete(http, asset, part)?;
        let right = asset.checksum.map_or(Ok(true), |checksum| checksum.matches(part));
        if right.map_err(|error| on_disk(part, &error))? {
            return Ok(());
        }
        http.warn(&format!("what {} sent has a wrong checksum; downloading it again", asset.address.shown()));
        remove_if_there(part).map_err(|error| Problem::Other(format!("{error:#}")))?;
    }
    Err(Problem::Other(format!(
        "{} was downloaded {MOST_DOWNLOADS} times and never had the checksum that the store states; run this \
         again later, or report it to the store's support",
        asset.address.shown()
    )))
}

/// Downloads until `part` has the asset's size.
fn complete(http: &Http, asset: &Asset, part: &Path) -> Result<(), Problem> {
    let mut file = open(part).map_err(|error| on_disk(part, &error))?;
    let mut have = file.metadata().map_err(|error| on_disk(part, &error))?.len();
    if have > asset.bytes {
        have = 0;
        file.set_len(0).map_err(|error| on_disk(part, &error))?;
    }
    if 0 < have && have < asset.bytes {
        tracing::info!("continuing at byte {have} of {}", asset.bytes);
    }
    let mut progress = Progress::start("download", have, asset.bytes, "bytes");
    let (mut failures, mut waits) = (0, 0);
    while have < asset.bytes {
        let before = have;
        let mut receiver =
            Receiver { http, asset, file: &mut file, have: &mut have, progress: &mut progress };
        let Err(stop) = receiver.receive() else { continue };
        match stop {
            Stop::Failed(problem) => return Err(problem),
            Stop::Wait(seconds) => {
                waits += 1;
                http.wait(&asset.address, waits, seconds)?;
            }
            Stop::Passing(trouble) => {
                failures = if have >= before + WORTH_BYTES { 1 } else { failures + 1 };
                http.after_failure(&asset.address, failures, &trouble)?;
            }
        }
    }
    file.sync_all().map_err(|error| on_disk(part, &error))
}

/// Neither created anew nor truncated: its bytes count.
fn open(part: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).truncate(false).read(true).write(true).open(part)
}

fn on_disk(part: &Path, error: &std::io::Error) -> Problem {
    Problem::Other(format!("cannot write {}: {error}", part.display()))
}

/// One attempt to receive what is missing.
struct Receiver<'a> {
    http: &'a Http,
    asset: &'a Asset,
    file: &'a mut File,
    /// Bytes in the file that count.
    have: &'a mut u64,
    progress: &'a mut Progress,
}

impl Receiver<'_> {
    fn receive(&mut self) -> Result<(), Stop> {
        let send = Send::GetFile { from: *self.have };
        let answer = self.http.exchange(&self.asset.address, send).map_err(|trouble| match trouble {
            Trouble::Passing(trouble) => Stop::Passing(trouble),
            Trouble::Lasting(trouble) => Stop::Failed(lasting(&self.asset.address, &trouble)),
        })?;
        let answer = refuse_web_page(answer)?;
        *self.have = self.start_of(&answer)?;
        self.file.set_len(*self.have).map_err(failed_disk)?;
        self.file.seek(SeekFrom::Start(*self.have)).map_err(failed_disk)?;
        self.read(answer)
    }

    /// The byte that the answer starts with.
    fn start_of(&mut self, answer: &Answer) -> Result<u64, Stop> {
        let size = self.asset.bytes;
        match answer.status {
            200 => match number(&answer.headers, header::CONTENT_LENGTH) {
                Some(length) if length != size => Err(Stop::Passing(format!(
                    "offers {length} bytes; wanted the {size} that the job's results name"
                ))),
                // An answer to a range too, by a server that knows none.
                _ => Ok(0),
            },
            206 => match content_range(&answer.headers) {
                Some(range) if range.first == *self.have && range.total.is_none_or(|total| total == size) => {
                    Ok(*self.have)
                }
                _ => Err(self.start_over(format!("does not continue at byte {} of {size}", *self.have))),
            },
            416 => Err(self.start_over(format!("has no byte {} of {size}", *self.have))),
            429 => Err(Stop::Wait(retry_after(&answer.headers))),
            status @ (408 | 500..=599) => {
                Err(Stop::Passing(format!("answers {status} {}", status_name(status))))
            }
            status => {
                let at = answer.address.shown();
                let text = format!("{at} does not give the file ({status} {})", status_name(status));
                Err(Stop::Failed(match status {
                    401 | 403 | 404 | 410 => Problem::Gone(text),
                    _ => Problem::Other(text),
                }))
            }
        }
    }

    /// Nothing of what is there counts any more.
    fn start_over(&mut self, trouble: String) -> Stop {
        *self.have = 0;
        Stop::Passing(trouble)
    }

    fn read(&mut self, answer: Answer) -> Result<(), Stop> {
        let clock = &self.http.pace.clock;
        let at = answer.address;
        let mut reader = answer.body.into_reader();
        let mut buffer = vec![0; 64 * 1024];
        let (mut window_start, mut window_bytes) = (clock.now(), 0);
        loop {
            let count = reader.read(&mut buffer).map_err(|error| Stop::Passing(broken_off(&error)))?;
            let bytes = &buffer[..count];
            if count == 0 {
                return if *self.have == self.asset.bytes {
                    Ok(())
                } else {
                    Err(Stop::Passing(format!("breaks off at byte {} of {}", *self.have, self.asset.bytes)))
                };
            }
            if *self.have == 0 && is_html(&String::from_utf8_lossy(bytes)) {
                return Err(Stop::Failed(Problem::Other(web_page(
                    &at.shown(),
                    &String::from_utf8_lossy(bytes),
                ))));
            }
            if *self.have + count as u64 > self.asset.bytes {
                return Err(self.start_over(format!("sends more than the {} bytes named", self.asset.bytes)));
            }
            self.file.write_all(bytes).map_err(failed_disk)?;
            *self.have += count as u64;
            self.progress.advance(*self.have, String::new);
            window_bytes += count as u64;
            let now = clock.now();
            if now.saturating_sub(window_start) >= self.http.pace.slow_window {
                if window_bytes < self.http.pace.slowest_bytes && *self.have < self.asset.bytes {
                    return Err(Stop::Passing(format!("sends too slowly ({window_bytes} bytes)")));
                }
                (window_start, window_bytes) = (now, 0);
            }
        }
    }
}

/// Files are never of the type of web pages, whatever length these have.
fn refuse_web_page(answer: Answer) -> Result<Answer, Stop> {
    let media_type = answer.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_page = media_type.is_some_and(|name| name.to_ascii_lowercase().starts_with("text/html"));
    if !is_page || !(200..300).contains(&answer.status) {
        return Ok(answer);
    }
    let mut start = Vec::new();
    let page = answer.body.into_reader().take(WORTH_BYTES).read_to_end(&mut start);
    page.map_err(|error| Stop::Passing(broken_off(&error)))?;
    let text = web_page(&answer.address.shown(), &String::from_utf8_lossy(&start));
    Err(Stop::Failed(Problem::Other(text)))
}

fn failed_disk(error: std::io::Error) -> Stop {
    Stop::Failed(Problem::Other(format!("cannot write the download: {error}")))
}

fn number(headers: &HeaderMap, name: header::HeaderName) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// `Content-Range: bytes 5-9/10`.
#[derive(Debug, PartialEq, Eq)]
struct ContentRange {
    first: u64,
    total: Option<u64>,
}

fn content_range(headers: &HeaderMap) -> Option<ContentRange> {
    parse_range(headers.get(header::CONTENT_RANGE)?.to_str().ok()?)
}

fn parse_range(text: &str) -> Option<ContentRange> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    let total = match total.trim() {
        "*" => None,
        total => Some(total.parse().ok()?),
    };
    let sane = first <= last && total.is_none_or(|total| last < total);
    sane.then_some(ContentRange { first, total })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_are_read_as_in_rfc_9110() {
        for (text, range) in [
            ("bytes 5-9/10", Some(ContentRange { first: 5, total: Some(10) })),
            ("bytes 0-0/*", Some(ContentRange { first: 0, total: None })),
            ("bytes 5-10/10", None),
            ("bytes 5-4/10", None),
            ("bytes */10", None),
            ("items 5-9/10", None),
            ("bytes 5-9", None),
            ("bytes -5-9/10", None),
            ("bytes 99999999999999999999-9/10", None),
        ] {
            assert_eq!(parse_range(text), range, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_range_that_was_written_is_read_back(first in 0_u64..1 << 40, more in 0_u64..1 << 40, rest in 1_u64..1 << 40) {
            let (last, total) = (first + more, first + more + rest);
            let range = parse_range(&format!("bytes {first}-{last}/{total}"));
            prop_assert_eq!(range, Some(ContentRange { first, total: Some(total) }));
        }
    }
}
