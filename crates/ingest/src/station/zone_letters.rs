//! The letters of a time zone behind a time. Those of RFC 822 and of Europe, and some that mean but one
//! zone; letters that mean several, such as IST and BST, are none.

use jiff::tz::Offset;

/// Hours ahead of UTC.
const ZONES: &[(&str, i8)] = &[
    ("Z", 0),
    ("UTC", 0),
    ("GMT", 0),
    ("EST", -5),
    ("EDT", -4),
    ("CST", -6),
    ("CDT", -5),
    ("MST", -7),
    ("MDT", -6),
    ("PST", -8),
    ("PDT", -7),
    ("AKST", -9),
    ("AKDT", -8),
    ("HST", -10),
    ("WET", 0),
    ("WEST", 1),
    ("CET", 1),
    ("CEST", 2),
    ("MEZ", 1),
    ("MESZ", 2),
    ("EET", 2),
    ("EEST", 3),
    ("JST", 9),
    ("AEST", 10),
    ("AEDT", 11),
    ("NZST", 12),
    ("NZDT", 13),
];

/// The text before the letters, and their zone; `None` without known letters.
pub(super) fn split(text: &str) -> Option<(&str, Offset)> {
    let clock = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let letters = &text[clock.len()..];
    let (_, hours) = ZONES.iter().find(|(name, _)| *name == letters)?;
    Some((clock.trim_end(), Offset::constant(*hours)))
}
