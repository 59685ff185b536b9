//! The Fourier transform of a power of two of numbers, and what is made with it: autocovariances and
//! Welch's power spectrum.

use std::borrow::Cow;
use std::f64::consts::TAU;
use std::sync::LazyLock;

use crate::gaps::{bridged, gaps};
use crate::series::LEAST_SHARE;

/// The longest lag of autocovariances.
const LONGEST_LAG: usize = 1024;
/// Length of the transforms that autocovariances are summed by.
const LENGTH: usize = 4096;
/// Values that a transform takes in, besides those that are later by lags.
const BLOCK: usize = LENGTH - LONGEST_LAG;
/// Values in a row that a straight line can stand for.
const SHORT_GAP: usize = 12;

/// Made once: it costs as much as some transforms.
static OF_4096: LazyLock<Fourier> = LazyLock::new(|| Fourier::new(LENGTH));

/// Tables for transforms of one length.
pub(crate) struct Fourier {
    /// Of each level, from pairs on, one after the other: read in order, they let a level's butterflies
    /// run several at a time.
    cos: Vec<Vec<f64>>,
    sin: Vec<Vec<f64>>,
    reversed: Vec<usize>,
}

impl Fourier {
    /// For `length` numbers, a power of two of at least 4.
    pub(crate) fn new(length: usize) -> Fourier {
        assert!(length.is_power_of_two() && length >= 4, "{length} is no power of two from 4 on");
        let angle = |k: usize| TAU * k as f64 / length as f64;
        let bits = length.trailing_zeros();
        Fourier {
            cos: levels(length, |k| angle(k).cos()),
            sin: levels(length, |k| angle(k).sin()),
            reversed: (0..length).map(|i| i.reverse_bits() >> (usize::BITS - bits)).collect(),
        }
    }

    /// `X[k] = Σ x[t] exp(-2πi k t / n)`, in place (Cooley and Tukey 1965).
    pub(crate) fn transform(&self, re: &mut [f64], im: &mut [f64]) {
        for (i, &j) in self.reversed.iter().enumerate() {
            if i < j {
                re.swap(i, j);
                im.swap(i, j);
            }
        }
        for (re, im) in re.as_chunks_mut::<4>().0.iter_mut().zip(im.as_chunks_mut::<4>().0) {
            first_two_levels(re, im);
        }
        for (cos, sin) in self.cos.iter().zip(&self.sin).skip(2) {
            let half = cos.len();
            for (re, im) in re.chunks_exact_mut(2 * half).zip(im.chunks_exact_mut(2 * half)) {
                let (re_even, re_odd) = re.split_at_mut(half);
                let (im_even, im_odd) = im.split_at_mut(half);
                let evens = re_even.iter_mut().zip(im_even);
                let odds = re_odd.iter_mut().zip(im_odd);
                for (((re_even, im_even), (re_odd, im_odd)), (cos, sin)) in
                    evens.zip(odds).zip(cos.iter().zip(sin))
                {
                    let real = *re_odd * cos + *im_odd * sin;
                    let imaginary = *im_odd * cos - *re_odd * sin;
                    (*re_odd, *im_odd) = (*re_even - real, *im_even - imaginary);
                    *re_even += real;
                    *im_even += imaginary;
                }
            }
        }
    }
}

/// The levels of pairs and of fours at once: all their turns are by quarters.
fn first_two_levels(re: &mut [f64; 4], im: &mut [f64; 4]) {
    let [a, b, c, d] = [(re[0], im[0]), (re[1], im[1]), (re[2], im[2]), (re[3], im[3])];
    let (even, odd) = ((a.0 + b.0, a.1 + b.1), (a.0 - b.0, a.1 - b.1));
    let (other_even, other_odd) = ((c.0 + d.0, c.1 + d.1), (c.0 - d.0, c.1 - d.1));
    *re = [even.0 + other_even.0, odd.0 + other_odd.1, even.0 - other_even.0, odd.0 - other_odd.1];
    *im = [even.1 + other_even.1, odd.1 - other_odd.0, even.1 - other_even.1, odd.1 + other_odd.0];
}

/// For each level of a transform, the values of its first half circle.
fn levels(length: usize, value: impl Fn(usize) -> f64) -> Vec<Vec<f64>> {
    let halves = std::iter::successors(Some(1), |half| Some(2 * half)).take_while(|&half| half < length);
    halves.map(|half| (0..half).map(|k| value(k * (length / (2 * half)))).collect()).collect()
}

/// `c[k] = Σ x[t] x[t + k]` for lags `k` of 0 to `longest`, at most 1024.
pub(crate) fn autocovariance_sums(values: &[f64], longest: usize) -> Vec<f64> {
    assert!(longest <= LONGEST_LAG, "a lag of {longest} is longer than {LONGEST_LAG}");
    let length = LENGTH;
    let fourier = &*OF_4096;
    let (mut sum_re, mut sum_im) = (vec![0.0; length], vec![0.0; length]);
    for start in (0..values.len()).step_by(BLOCK) {
        // The block as the real part, the block and the one after it as the imaginary part.
        let (mut re, mut im) = (vec![0.0; length], vec![0.0; length]);
        let end = (start + BLOCK).min(values.len());
        re[..end - start].copy_from_slice(&values[start..end]);
        let end = (start + length).min(values.len());
        im[..end - start].copy_from_slice(&values[start..end]);
        fourier.transform(&mut re, &mut im);
        for k in 0..length {
            let mirror = (length - k) % length;
            let (x_re, x_im) = (re[k] + re[mirror], im[k] - im[mirror]);
            let (y_re, y_im) = (im[k] + im[mirror], re[mirror] - re[k]);
            // conj(X) Y, and its conjugate's transform is the inverse transform.
            sum_re[k] += x_re * y_re + x_im * y_im;
            sum_im[k] -= x_re * y_im - x_im * y_re;
        }
    }
    fourier.transform(&mut sum_re, &mut sum_im);
    sum_re[..=longest].iter().map(|sum| sum / (4 * length) as f64).collect()
}

/// Welch's estimate of power (1967): segments of `length` values that overlap by half, each minus its
/// mean and times a Hann window; `|X[k]|²` for `k` of 0 to `length / 2`, averaged over the segments, and
/// their number. `None` without a segment.
///
/// Straight lines bridge missing values. Those of more than [`SHORT_GAP`] have no weather in them: a segment
/// with more of them than a sixth of the window's energy is left out, and of others the power is divided by
/// the share that is left.
pub(crate) fn welch(values: &[f64], length: usize) -> Option<(Vec<f64>, usize)> {
    let window: Vec<f64> =
        (0..length).map(|t| 0.5 - 0.5 * (TAU * t as f64 / (length - 1) as f64).cos()).collect();
    let gaps = gaps(values);
    let bridged = if gaps.is_empty() { Cow::Borrowed(values) } else { Cow::Owned(bridged(values)) };
    let mut is_empty = vec![false; if gaps.is_empty() { 0 } else { values.len() }];
    gaps.into_iter().filter(|gap| gap.len() > SHORT_GAP).for_each(|gap| is_empty[gap].fill(true));
    let segments: Vec<(&[f64], f64)> = (bridged.windows(length).enumerate().step_by(length / 2))
        .map(|(start, segment)| (segment, energy_left(&window, is_empty.get(start..start + length))))
        .filter(|(_, left)| *left >= LEAST_SHARE)
        .collect();
    if segments.is_empty() {
        return None;
    }
    let made;
    let fourier = if length == LENGTH {
        &*OF_4096
    } else {
        made = Fourier::new(length);
        &made
    };
    let tapered = |&(segment, left): &(&[f64], f64)| -> Vec<f64> {
        let mean = segment.iter().sum::<f64>() / length as f64;
        let scale = 1.0 / left.sqrt();
        segment.iter().zip(&window).map(|(value, weight)| (value - mean) * weight * scale).collect()
    };
    let mut power = vec![0.0; length / 2 + 1];
    for pair in segments.chunks(2) {
        let mut re = tapered(&pair[0]);
        let mut im = pair.get(1).map_or(vec![0.0; length], &tapered);
        fourier.transform(&mut re, &mut im);
        for (k, power) in power.iter_mut().enumerate() {
            // Of both segments together: (|Z[k]|² + |Z[-k]|²) / 2.
            let mirror = (length - k) % length;
            let squares = re[k] * re[k] + im[k] * im[k] + re[mirror] * re[mirror] + im[mirror] * im[mirror];
            *power += 0.5 * squares;
        }
    }
    power.iter_mut().for_each(|power| *power /= segments.len() as f64);
    Some((power, segments.len()))
}

/// The share of the window's energy that is not in empty places.
fn energy_left(window: &[f64], is_empty: Option<&[bool]>) -> f64 {
    let Some(is_empty) = is_empty.filter(|is_empty| is_empty.contains(&true)) else { return 1.0 };
    let energy = |keep: &dyn Fn(bool) -> bool| -> f64 {
        window
            .iter()
            .zip(is_empty)
            .filter(|(_, empty)| keep(**empty))
            .map(|(weight, _)| weight * weight)
            .sum()
    };
    energy(&|empty| !empty) / energy(&|_| true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::Noise;

    fn noise(length: usize) -> Vec<f64> {
        let mut noise = Noise(5);
        (0..length).map(|_| noise.normal()).collect()
    }

    #[test]
    fn the_transform_agrees_with_the_sum() {
        let (re, im) = (noise(16), noise(16).into_iter().rev().collect::<Vec<_>>());
        let (mut got_re, mut got_im) = (re.clone(), im.clone());
        Fourier::new(16).transform(&mut got_re, &mut got_im);
        for k in 0..16 {
            let turn = |t: usize| -TAU * (k * t) as f64 / 16.0;
            let real: f64 = (0..16).map(|t| re[t] * turn(t).cos() - im[t] * turn(t).sin()).sum();
            let imaginary: f64 = (0..16).map(|t| re[t] * turn(t).sin() + im[t] * turn(t).cos()).sum();
            assert!((got_re[k] - real).abs() < 1e-12 && (got_im[k] - imaginary).abs() < 1e-12, "{k}");
        }
    }

    #[test]
    fn autocovariances_agree_with_brute_force() {
        let values = noise(5000);
        let got = autocovariance_sums(&values, 1024);
        for lag in [0, 1, 7, 720, 1023, 1024] {
            let expected: f64 = values.iter().zip(&values[lag..]).map(|(a, b)| a * b).sum();
            assert!((got[lag] - expected).abs() < 1e-8, "lag {lag}: {} is not {expected}", got[lag]);
        }
    }

    #[test]
    fn the_power_of_white_noise_is_its_variance_times_the_windows_energy() {
        let (power, _) = welch(&noise(400_000), 4096).unwrap();
        let mean = power[2..2047].iter().sum::<f64>() / 2045.0;
        // Σ of the squared Hann window is 3/8 of its length; the mean over 195 segments and 2045
        // frequencies has a standard error below 0.5 %.
        assert!((mean / (0.375 * 4095.0) - 1.0).abs() < 0.02, "{mean}");
        assert!(welch(&noise(4095), 4096).is_none());
    }

    #[test]
    fn an_odd_number_of_segments_counts_each_once() {
        let values = noise(64);
        let (all, count) = welch(&values, 32).unwrap();
        assert_eq!(count, 3);
        let single: Vec<Vec<f64>> =
            [0, 16, 32].map(|start| welch(&values[start..start + 32], 32).unwrap().0).to_vec();
        for k in 0..=16 {
            let expected = single.iter().map(|power| power[k]).sum::<f64>() / 3.0;
            assert!((all[k] - expected).abs() < 1e-9, "{k}: {} is not {expected}", all[k]);
        }
    }
}
