//! A series with what several figures need of it, computed once.

use crate::climatology::{self, Climatology};
use crate::halves::divide;
use crate::series::{HOURS, Series, is_complete, is_usable, mean_of_present, present};
use crate::spells::{Spells, spells};

const MONTHS: usize = 12;

/// One side of a comparison.
pub(crate) struct Sample {
    pub(crate) series: Series,
    /// The mean of each day; NaN where it has too few hours.
    pub(crate) daily: Vec<f64>,
    /// True where hours are missing.
    pub(crate) has_gaps: bool,
    /// All hours, ascending.
    pub(crate) sorted: Vec<f64>,
    /// The hours of each calendar month, ascending.
    pub(crate) by_month: Vec<Vec<f64>>,
    /// `None` for less than a year.
    pub(crate) anomalies: Option<Anomalies>,
    pub(crate) spells: Spells,
}

/// The series minus its own climatology; NaN where missing.
pub(crate) struct Anomalies {
    pub(crate) hourly: Vec<f64>,
    /// The mean of each day that has enough hours.
    pub(crate) daily: Vec<f64>,
}

impl Sample {
    pub(crate) fn of(series: Series) -> Sample {
        let by_month = by_month(&series);
        let mut sorted = by_month.concat();
        // A stable sort merges the twelve ascending runs.
        sorted.sort_by(f64::total_cmp);
        let climatology = Climatology::fit(&series);
        Sample::with(series, climatology, sorted, by_month)
    }

    fn with(
        series: Series,
        climatology: Option<Climatology>,
        sorted: Vec<f64>,
        by_month: Vec<Vec<f64>>,
    ) -> Sample {
        let anomalies = climatology.map(|climatology| climatology.anomalies(&series));
        let anomalies = anomalies.map(|hourly| Anomalies { daily: daily_means(&hourly), hourly });
        let spells = spells(&series);
        let has_gaps = !is_complete(&series.values);
        Sample { daily: series.daily_means(), has_gaps, sorted, by_month, anomalies, spells, series }
    }
}

/// What halves of the years are made of, taken once from each year: their hours in order of size, so that no half
/// is sorted, and the sums that its climatology is fitted from.
pub(crate) struct YearPool<'a> {
    series: &'a Series,
    /// All hours, ascending, each with its year.
    sorted: Vec<(f64, usize)>,
    by_month: Vec<Vec<(f64, usize)>>,
    climatologies: Vec<climatology::Sums>,
}

impl YearPool<'_> {
    pub(crate) fn of(series: &Series) -> YearPool<'_> {
        let mut by_month = vec![Vec::new(); MONTHS];
        let centre = climatology::centre(series).unwrap_or_default();
        let mut climatologies = Vec::new();
        for (year, days) in series.year_days().into_iter().enumerate() {
            climatologies.push(climatology::Sums::of(series, days.clone(), centre));
            for index in days {
                let month: &mut Vec<(f64, usize)> = &mut by_month[series.days[index].month as usize - 1];
                month.extend(present(series.day(index)).map(|value| (value, year)));
            }
        }
        let ascending = |a: &(f64, usize), b: &(f64, usize)| a.0.total_cmp(&b.0);
        by_month.iter_mut().for_each(|month| month.sort_by(ascending));
        let mut sorted = by_month.concat();
        sorted.sort_by(ascending);
        YearPool { series, sorted, by_month, climatologies }
    }

    /// The samples of both halves of the years.
    pub(crate) fn divide(&self, is_first: &[bool]) -> [Sample; 2] {
        let climatologies = [true, false].map(|half| {
            let years = self.climatologies.iter().zip(is_first).filter(|(_, is_first)| **is_first == half);
            climatology::Sums::total(years.map(|(sums, _)| sums))?.solve()
        });
        let [first, second] = divide(self.series, is_first);
        let [sorted, other_sorted] = split(&self.sorted, is_first);
        let months = self.by_month.iter().map(|month| split(month, is_first).into());
        let (by_month, other_by_month): (Vec<_>, Vec<_>) = months.unzip();
        let [climatology, other_climatology] = climatologies;
        [
            Sample::with(first, climatology, sorted, by_month),
            Sample::with(second, other_climatology, other_sorted, other_by_month),
        ]
    }
}

fn split(ranked: &[(f64, usize)], is_first: &[bool]) -> [Vec<f64>; 2] {
    let mut halves = [Vec::with_capacity(ranked.len()), Vec::with_capacity(ranked.len())];
    for &(value, year) in ranked {
        halves[usize::from(!is_first[year])].push(value);
    }
    halves
}

/// The mean of the hours that are there of each day of a series of anomalies; NaN where they are too few.
pub(crate) fn daily_means(anomalies: &[f64]) -> Vec<f64> {
    let of_day = |hours: &[f64]| if is_usable(hours) { mean_of_present(hours) } else { f64::NAN };
    anomalies.chunks_exact(HOURS).map(of_day).collect()
}

fn by_month(series: &Series) -> Vec<Vec<f64>> {
    let mut months = vec![Vec::new(); MONTHS];
    for (day, values) in series.iter() {
        months[day.month as usize - 1].extend(present(values));
    }
    months.iter_mut().for_each(|month| month.sort_unstable_by(f64::total_cmp));
    months
}

#[cfg(test)]
pub(crate) mod tests {
    //! Series made in code, with known statistics.

    use contract::calendar::{DAY_US, HOUR_US, year_start_us};

    use super::*;
    use crate::halves::halves;
    use crate::series::Hour;

    #[test]
    fn halves_from_a_pool_are_those_of_each_half_by_itself() {
        let mut noise = Noise(2);
        let mut series = autoregression(0.9, (8 * 365 + 2) * 24).series.real_years();
        for gaps in [false, true] {
            if gaps {
                series.values.iter_mut().for_each(|value| {
                    if noise.uniform() < 0.05 {
                        *value = f64::NAN
                    }
                });
            }
            let is_first = &halves(8)[3];
            let pooled = YearPool::of(&series).divide(is_first);
            for (quick, slow) in pooled.iter().zip(divide(&series, is_first).map(Sample::of)) {
                assert_eq!((&quick.sorted, &quick.by_month), (&slow.sorted, &slow.by_month));
                let there = |values: &[f64]| present(values).collect::<Vec<_>>();
                assert_eq!(there(&quick.daily), there(&slow.daily));
                let [quick, slow] =
                    [&quick, &&slow].map(|sample| there(&sample.anomalies.as_ref().unwrap().hourly));
                // The sums of the normal equations are added in another order.
                assert!(quick.iter().zip(&slow).all(|(quick, slow)| (quick - slow).abs() < 1e-9));
            }
        }
    }

    /// `hours` hours from the start of that year, each with the value of its local time.
    pub(crate) fn sample(first_year: i16, hours: i64, mut value: impl FnMut(i64) -> f64) -> Sample {
        let start = year_start_us(first_year);
        let hours = (0..hours).map(|i| start + i * HOUR_US).map(|local_us| Hour {
            member: 0,
            local_us,
            value: value(local_us),
        });
        Sample::of(Series::of(hours))
    }

    /// A day of each value; NaN is a hole.
    pub(crate) fn daily_steps(values: &[f64]) -> Sample {
        let start = year_start_us(2001);
        sample(2001, values.len() as i64 * 24, |time| values[((time - start) / DAY_US) as usize])
    }

    /// `x[t+1] = phi x[t] + e[t]`, e standard normal, from 2001 on.
    pub(crate) fn autoregression(phi: f64, hours: i64) -> Sample {
        let mut noise = Noise(1);
        let mut value = 0.0;
        sample(2001, hours, |_| {
            value = phi * value + noise.normal();
            value
        })
    }

    /// The same with a step a day.
    pub(crate) fn daily_autoregression(phi: f64, days: usize) -> Sample {
        let mut noise = Noise(1);
        let mut value = 0.0;
        let values: Vec<f64> = (0..days)
            .map(|_| {
                value = phi * value + noise.normal();
                value
            })
            .collect();
        daily_steps(&values)
    }

    /// Knuth's 64-bit linear congruential generator; its upper 32 bits are used.
    pub(crate) struct Noise(pub(crate) u64);

    impl Noise {
        /// Uniform in (0, 1).
        pub(crate) fn uniform(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((self.0 >> 32) as f64 + 0.5) / 4_294_967_296.0
        }

        /// Nearly standard normal: the sum of 12 uniform numbers minus 6.
        pub(crate) fn normal(&mut self) -> f64 {
            (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
        }
    }
}
