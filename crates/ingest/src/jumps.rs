//! Values of a gridded file that have wrapped around: where files with different `scale_factor` are joined without
//! unpacking, a value beyond the range of the integers comes out at the other end of it. Hourly fields hardly
//! have such jumps: of ERA5's temperature, dew point, pressure and wind at six places, cut into pieces of 720 hours, two
//! pieces (of wind) have one of over 70 % of the range of their values, and none has two. Rain, radiation and cloud are not looked at, which can go from nothing to all.

use anyhow::bail;
use contract::calendar::{HOUR_US, format_hour};
use contract::variable::{Sampling, Variable};

use crate::dataset::Hour;

/// The smallest jump, as a share of the range of all values.
const LEAST_SHARE: f64 = 0.7;
/// Hours that a range can be told from.
const LEAST_HOURS: usize = 720;
/// From so many jumps on a file is refused; fewer are a warning, because a front can pass once.
const REFUSED_FROM: usize = 3;

/// Refuses hours, in the order of a file, that jump as wrapped values do, and warns of a jump or two.
///
/// # Errors
/// The number of jumps and the first one, as a sentence about the variable.
pub(crate) fn check(variable: &Variable, hours: &[Hour]) -> anyhow::Result<()> {
    if variable.sampling != Sampling::Instantaneous || hours.len() < LEAST_HOURS {
        return Ok(());
    }
    let jumps = jumps(hours);
    let Some([before, after]) = jumps.first() else { return Ok(()) };
    let (name, unit) = (variable.name, variable.canonical_unit);
    let times = if jumps.len() == 1 { "once".to_string() } else { format!("{} times", jumps.len()) };
    let found = format!(
        "{name} jumps {times} by over 70 % of the range of all its values within an hour, first from {} {unit} at {} \
         to {} {unit} at {}",
        before.value,
        format_hour(before.time_us),
        after.value,
        format_hour(after.time_us)
    );
    if jumps.len() >= REFUSED_FROM {
        bail!(
            "{found}: the values have wrapped around, as where files with different scale_factor were joined without \
             unpacking; take the files as they were before, or unpack them before they are joined"
        );
    }
    tracing::warn!("{found}; look at these hours before you use them");
    Ok(())
}

/// The hours before and after each jump.
fn jumps(hours: &[Hour]) -> Vec<[Hour; 2]> {
    let values = hours.iter().map(|hour| f64::from(hour.value));
    let (least, greatest) = values
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    let critical = LEAST_SHARE * (greatest - least);
    let is_jump = |pair: &&[Hour]| {
        let change = (f64::from(pair[1].value) - f64::from(pair[0].value)).abs();
        pair[1].time_us - pair[0].time_us == HOUR_US && change > 0.0 && change >= critical
    };
    hours.windows(2).filter(is_jump).map(|pair| [pair[0], pair[1]]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> &'static Variable {
        Variable::named(name).unwrap()
    }

    /// Two months with a cycle of the day of 10 K that warm by 20 K.
    fn kelvin(hour: usize) -> f64 {
        265.0 + hour as f64 / 72.0 + 5.0 * (std::f64::consts::TAU * hour as f64 / 24.0).sin()
    }

    /// The same packed into 16 bits that reach from 260 K over `range_kelvin`.
    fn packed(range_kelvin: f64) -> Vec<Hour> {
        let scale = range_kelvin / 65536.0;
        let hour = |hour: usize| {
            let stored = ((kelvin(hour) - 260.0) / scale) as i64 as u16;
            Hour {
                time_us: hour as i64 * HOUR_US,
                value: (260.0 + f64::from(stored) * scale) as f32,
                flags: 0,
            }
        };
        (0..1440).map(hour).collect()
    }

    #[test]
    fn values_that_wrapped_around_are_refused() {
        check(named("t2m"), &packed(40.0)).unwrap();
        let error = check(named("t2m"), &packed(20.0)).unwrap_err().to_string();
        let is_over = |hour: usize| kelvin(hour) >= 280.0;
        let crossings = (1..1440).filter(|&hour| is_over(hour) != is_over(hour - 1)).count();
        let beginning = format!(
            "t2m jumps {crossings} times by over 70 % of the range of all its values within an hour, first from 279."
        );
        assert!(error.starts_with(&beginning), "{error}");
        assert!(
            error.ends_with(
                "the values have wrapped around, as where files with different scale_factor were joined without \
                 unpacking; take the files as they were before, or unpack them before they are joined"
            ),
            "{error}"
        );
    }

    #[test]
    fn one_jump_is_no_reason_to_refuse_and_rain_may_jump() {
        let mut hours = packed(40.0);
        hours[700].value = 340.0;
        assert_eq!(jumps(&hours).len(), 2);
        check(named("t2m"), &hours).unwrap();
        let showers = |hour: i64| Hour { time_us: hour * HOUR_US, value: (hour % 2) as f32, flags: 0 };
        check(named("tp"), &(0..1000).map(showers).collect::<Vec<_>>()).unwrap();
    }

    #[test]
    fn a_hole_or_a_constant_is_no_jump() {
        let constant = |hour: i64| Hour { time_us: hour * HOUR_US, value: 280.0, flags: 0 };
        assert_eq!(jumps(&(0..1000).map(constant).collect::<Vec<_>>()), Vec::<[Hour; 2]>::new());
        let mut hours = packed(40.0);
        hours.drain(100..1000);
        assert_eq!(jumps(&hours), Vec::<[Hour; 2]>::new());
    }
}
