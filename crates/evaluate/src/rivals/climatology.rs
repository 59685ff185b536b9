//! The climatology repeated: the mean of each day of year and hour over the training years, smoothed
//! over 15 days. No weather at all.

use super::Material;
use crate::random::Random;
use crate::series::HOURS;

const SMOOTHING_DAYS: i32 = 7;
const LONGEST_YEAR: i32 = 366;

pub(super) fn repeat(material: &Material, _: &mut Random) -> Result<Vec<f64>, String> {
    let mut sums = vec![[0.0; HOURS]; LONGEST_YEAR as usize];
    let mut counts = vec![[0.0; HOURS]; LONGEST_YEAR as usize];
    for (day, values) in material.training.iter() {
        let index = day.day_of_year as usize - 1;
        for hour in (0..HOURS).filter(|&hour| !values[hour].is_nan()) {
            counts[index][hour] += 1.0;
            sums[index][hour] += values[hour];
        }
    }
    let usual = |day_of_year: i16| {
        let (mut count, mut usual) = ([0.0; HOURS], [0.0; HOURS]);
        for shift in -SMOOTHING_DAYS..=SMOOTHING_DAYS {
            let index = (i32::from(day_of_year) - 1 + shift).rem_euclid(LONGEST_YEAR) as usize;
            count.iter_mut().zip(&counts[index]).for_each(|(count, more)| *count += more);
            usual.iter_mut().zip(&sums[index]).for_each(|(usual, sum)| *usual += sum);
        }
        std::array::from_fn(|hour| usual[hour] / count[hour])
    };
    let by_day: Vec<[f64; HOURS]> = (1..=LONGEST_YEAR as i16).map(usual).collect();
    Ok(material.axis.iter().flat_map(|day| by_day[day.day_of_year as usize - 1]).collect())
}
