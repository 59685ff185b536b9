//! Linear trends of yearly means, with 95 % confidence intervals.

use contract::transform::{Trend, TrendBy, TrendMethod, TrendShape};
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// A slope per year and the ends of its 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Slope {
    value: f64,
    interval: [f64; 2],
}

/// Fits the trend to `(year, mean)` pairs of the training years, the same for all hours.
///
/// # Errors
/// With fewer than three years there is no interval to give.
pub(crate) fn fit(
    method: TrendMethod,
    shape: TrendShape,
    reference_year: i16,
    yearly_means: &[(i16, f64)],
) -> anyhow::Result<Trend> {
    let slope = match method {
        TrendMethod::None => Slope { value: 0.0, interval: [0.0, 0.0] },
        _ if yearly_means.len() < 3 => anyhow::bail!(
            "a trend needs at least 3 training years, there are {}; give more years or set [preprocess] trend = \"none\"",
            yearly_means.len()
        ),
        TrendMethod::Ols => ordinary_least_squares(yearly_means)?,
        TrendMethod::TheilSen => theil_sen(yearly_means)?,
    };
    Ok(Trend {
        method,
        shape,
        slope_per_year: slope.value,
        by: TrendBy::Year,
        interval_per_decade: slope.interval.map(|end| 10.0 * end),
        reference_year,
    })
}

/// The slope of ordinary least squares alone.
pub(crate) fn slope(means: &[(i16, f64)]) -> f64 {
    let n = means.len() as f64;
    let mean_year = means.iter().map(|(year, _)| f64::from(*year)).sum::<f64>() / n;
    let mean_value = means.iter().map(|(_, value)| value).sum::<f64>() / n;
    let centred = || means.iter().map(|(year, value)| (f64::from(*year) - mean_year, value - mean_value));
    centred().map(|(x, y)| x * y).sum::<f64>() / centred().map(|(x, _)| x * x).sum::<f64>()
}

/// The slope and `t * standard error`, for independent residuals of equal variance.
fn ordinary_least_squares(means: &[(i16, f64)]) -> anyhow::Result<Slope> {
    let n = means.len() as f64;
    let mean_year = means.iter().map(|(year, _)| f64::from(*year)).sum::<f64>() / n;
    let mean_value = means.iter().map(|(_, value)| value).sum::<f64>() / n;
    let centred = || means.iter().map(|(year, value)| (f64::from(*year) - mean_year, value - mean_value));
    let sum_squares: f64 = centred().map(|(x, _)| x * x).sum();
    let value = slope(means);
    let residual: f64 = centred().map(|(x, y)| (y - value * x).powi(2)).sum();
    let standard_error = (residual / (n - 2.0) / sum_squares).sqrt();
    let half = StudentsT::new(0.0, 1.0, n - 2.0)?.inverse_cdf(0.975) * standard_error;
    Ok(Slope { value, interval: [value - half, value + half] })
}

/// The median of the slopes between all pairs, and Sen's (1968) interval from the variance of
/// Kendall's score, for years without ties.
fn theil_sen(means: &[(i16, f64)]) -> anyhow::Result<Slope> {
    let mut slopes = Vec::with_capacity(means.len() * (means.len() - 1) / 2);
    for (i, (year_a, value_a)) in means.iter().enumerate() {
        for (year_b, value_b) in &means[i + 1..] {
            slopes.push((value_b - value_a) / f64::from(year_b - year_a));
        }
    }
    slopes.sort_by(f64::total_cmp);
    let (n, pairs) = (means.len() as f64, slopes.len());
    let score_deviation = (n * (n - 1.0) * (2.0 * n + 5.0) / 18.0).sqrt();
    let reach = Normal::new(0.0, 1.0)?.inverse_cdf(0.975) * score_deviation;
    let rank = |x: f64| (x.round_ties_even().max(0.0) as usize).min(pairs - 1);
    let lower = rank((pairs as f64 - reach) / 2.0 - 1.0);
    let upper = rank((pairs as f64 + reach) / 2.0);
    let value = (slopes[(pairs - 1) / 2] + slopes[pairs / 2]) / 2.0;
    Ok(Slope { value, interval: [slopes[lower], slopes[upper]] })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEANS: [f64; 12] = [10.1, 10.4, 9.9, 10.8, 10.6, 11.1, 10.2, 11.0, 11.4, 10.9, 11.8, 11.2];
    const OLS: (f64, f64, f64) = (0.12237762237762236, 0.05328450549323249, 0.19147073926201222);
    const SEN: (f64, f64, f64) = (0.13666666666666683, 0.04999999999999982, 0.20000000000000018);

    fn check(method: TrendMethod, slope: f64, interval: [f64; 2]) {
        let means: Vec<_> = (2001..).zip(MEANS).collect();
        let trend = fit(method, TrendShape::Continuous, 2012, &means).unwrap();
        assert!((trend.slope_per_year - slope).abs() < 1e-9, "{}", trend.slope_per_year);
        for (got, wanted) in trend.interval_per_decade.iter().zip(interval) {
            assert!((got / 10.0 - wanted).abs() < 1e-9, "{got} per decade, wanted {wanted} per year");
        }
    }

    /// Slope, t quantile and standard error by `scipy.stats.linregress` and `scipy.stats.t.ppf`.
    #[test]
    fn least_squares_agree_with_scipy() {
        check(TrendMethod::Ols, OLS.0, [OLS.1, OLS.2]);
    }

    /// Slope and interval by `scipy.stats.theilslopes`.
    #[test]
    fn theil_sen_agrees_with_scipy() {
        check(TrendMethod::TheilSen, SEN.0, [SEN.1, SEN.2]);
    }

    #[test]
    fn an_exact_line_has_an_interval_of_no_width() {
        let means: Vec<_> = (1990..2000).map(|year| (year, 0.25 * f64::from(year))).collect();
        let trend = fit(TrendMethod::Ols, TrendShape::Continuous, 1999, &means).unwrap();
        assert!((trend.slope_per_year - 0.25).abs() < 1e-12);
        assert!(trend.interval_per_decade.iter().all(|end| (end - 2.5).abs() < 1e-6));
    }

    #[test]
    fn two_years_are_too_few() {
        let error =
            fit(TrendMethod::Ols, TrendShape::Continuous, 2001, &[(2000, 1.0), (2001, 2.0)]).unwrap_err();
        let wanted = "a trend needs at least 3 training years, there are 2; give more years or set [preprocess] trend = \"none\"";
        assert_eq!(error.to_string(), wanted);
    }
}
