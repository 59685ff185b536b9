//! A model of random weights to a Parquet file of hours: latents, decoder, noise, the way back to
//! kelvins, the file.

use std::path::Path;

use contract::artifact::GENERATED;
use contract::benchmark::Case;
use contract::calendar::{HOUR_US, year_start_us};
use infer::export::{self, Series};
use infer::generator::Generator;
use infer::span::Span;
use infer::stage::write_all;

use crate::cases::{configuration, number};
use crate::sampling::{Sampled, sample};
use crate::untrained::{FIRST_YEAR, untrained};

/// Times the generation of all members; the file is written below `folder` and removed.
///
/// # Errors
/// When the case lacks a number, or the file cannot be written.
pub(crate) fn measure(case: &Case, folder: &Path) -> anyhow::Result<Sampled> {
    let members = i32::try_from(number(case, "members", case.members)?)?;
    let years = i16::try_from(number(case, "years", case.years)?)?;
    let model = untrained(configuration(case)?.model)?;
    let first_local_us = year_start_us(FIRST_YEAR);
    let hours = usize::try_from((year_start_us(FIRST_YEAR + years) - first_local_us) / HOUR_US)?;
    let span = Span { first_local_us, hours, offset: model.transform.utc_offset };
    let with_noise = case.preset.is_some();
    let generator = Generator::new(&model, span, with_noise, 1, FIRST_YEAR)?;
    let series = Series {
        variable: model.variable,
        latitude_deg: model.transform.latitude_deg,
        longitude_deg: model.transform.longitude_deg,
        span,
        members,
        target_year: None,
        unit: model.variable.accepted_units[0],
        credit: model.transform.credit.clone(),
    };
    let sampled = sample(|| {
        let mut sinks = export::open(&series, GENERATED, &[], folder)?;
        write_all(&generator, members, &mut sinks)?;
        sinks.into_iter().try_for_each(|sink| sink.finish())
    });
    // Also after a failure: what is left of the file is of no use to anybody.
    let _ = std::fs::remove_file(folder.join(GENERATED));
    sampled
}
