//! Training years again and again. Their weather is real, so the scorecard finds little to complain
//! of: it is the memorisation audit that must.

use super::Material;
use crate::random::Random;
use crate::series::HOURS;

const LONGEST_YEAR: usize = 366;

/// The training years in random order, all of them before one comes again.
pub(super) fn copied_years(material: &Material, random: &mut Random) -> Result<Vec<f64>, String> {
    let years = sources(material);
    let mut deck: Vec<usize> = Vec::new();
    let mut values = Vec::with_capacity(material.axis.len() * HOURS);
    for days in material.axis.chunk_by(|a, b| a.year == b.year) {
        if deck.is_empty() {
            deck.extend(0..years.len());
            random.shuffle(&mut deck);
        }
        let year = deck.pop().unwrap_or_default();
        for day in days {
            values.extend_from_slice(material.day(years[year][day.day_of_year as usize - 1]));
        }
    }
    Ok(values)
}

/// For each training year and day of year, the year's whole day that is nearest to it.
fn sources(material: &Material) -> Vec<Vec<usize>> {
    let nearest = |days: std::ops::Range<usize>| {
        let distance = |index: usize, day_of_year: usize| {
            (material.whole.days[index].day_of_year as usize).abs_diff(day_of_year)
        };
        let mut at = days.start;
        let of_day = |day_of_year| {
            while at + 1 < days.end && distance(at + 1, day_of_year) <= distance(at, day_of_year) {
                at += 1;
            }
            at
        };
        (1..=LONGEST_YEAR).map(of_day).collect()
    };
    material.whole.year_days().into_iter().map(nearest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rivals::tests::material;

    #[test]
    fn each_year_is_a_training_year_and_none_comes_twice_before_all_came() {
        let material = material();
        let values = copied_years(&material, &mut Random::of("test")).unwrap();
        let source = |year: i16| {
            let day =
                material.axis.iter().position(|day| day.year == year && day.day_of_year == 100).unwrap();
            let day = &values[day * HOURS..(day + 1) * HOURS];
            let source = (0..material.daily.len()).find(|&index| material.day(index) == day).unwrap();
            assert_eq!(material.training.days[source].day_of_year, 100);
            material.training.days[source].year
        };
        let mut first: Vec<i16> = (2021..2027).map(source).collect();
        first.sort_unstable();
        assert_eq!(first, [2001, 2002, 2003, 2004, 2005, 2006]);
    }
}
