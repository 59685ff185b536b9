//! The split by years: blocks in turn fitted on and held out, so that half of the years are test.

use anyhow::bail;
use contract::artifact::Split;

/// The split of each year, blocks of `block_years` from the first year on; `block_offset` moves
/// the blocks. Of the fitted years `validation_years`, evenly spread, are for validation.
///
/// # Errors
/// When there are too few years for a trend, a validation and a test.
pub(crate) fn by_blocks(
    years: &[i16],
    block_years: i16,
    block_offset: i16,
    validation_years: usize,
) -> anyhow::Result<Vec<(i16, Split)>> {
    let first = years.first().copied().unwrap_or_default();
    let held_out = |year: i16| ((year - first + block_offset) / block_years) % 2 == 1;
    let fitted: Vec<i16> = years.iter().copied().filter(|&year| !held_out(year)).collect();
    let tests = years.len() - fitted.len();
    let training = fitted.len().saturating_sub(validation_years);
    if training < 3 || tests < 1 {
        bail!(
            "the split needs at least 3 training years and 1 test year; [preprocess] block_years = {block_years} and \
             validation_years = {validation_years} leave {training} and {tests} of the {} whole years; give more years, \
             or smaller blocks, or fewer validation years",
            years.len()
        );
    }
    let validation: Vec<i16> =
        (0..validation_years).map(|i| fitted[(2 * i + 1) * fitted.len() / (2 * validation_years)]).collect();
    let split = |year| match year {
        year if held_out(year) => Split::Test,
        year if validation.contains(&year) => Split::Validation,
        _ => Split::Train,
    };
    Ok(years.iter().map(|&year| (year, split(year))).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn blocks_alternate_and_validation_years_are_spread() {
        let years: Vec<i16> = (1999..=2010).collect();
        let split = by_blocks(&years, 2, 0, 2).unwrap();
        let of = |wanted| {
            split.iter().filter(|(_, split)| *split == wanted).map(|(year, _)| *year).collect::<Vec<_>>()
        };
        assert_eq!(of(Split::Test), [2001, 2002, 2005, 2006, 2009, 2010]);
        assert_eq!(of(Split::Validation), [2000, 2008]);
        assert_eq!(of(Split::Train), [1999, 2003, 2004, 2007]);
    }

    #[test]
    fn too_few_years_are_refused() {
        let error = by_blocks(&[2000, 2001, 2002, 2003, 2004], 2, 0, 2).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the split needs at least 3 training years and 1 test year; [preprocess] block_years = 2 and \
             validation_years = 2 leave 1 and 2 of the 5 whole years; give more years, or smaller blocks, or fewer \
             validation years"
        );
    }

    proptest! {
        #[test]
        fn every_year_has_one_role_and_validation_has_its_number(
            count in 8_i16..80, block in 1_i16..6, offset in 0_i16..12, validation in 1_usize..4,
        ) {
            let years: Vec<i16> = (1950..1950 + count).collect();
            if let Ok(split) = by_blocks(&years, block, offset, validation) {
                let number = |wanted| split.iter().filter(|(_, split)| *split == wanted).count();
                prop_assert_eq!(split.len(), years.len());
                prop_assert_eq!(number(Split::Validation), validation);
                let tests = number(Split::Test) as i64;
                prop_assert!((2 * tests - i64::from(count)).abs() <= i64::from(block));
            }
        }
    }
}
