//! Loops over numbers, compiled for several widths of vectors; the widest that the machine has is chosen
//! when they run. Each element is computed in the same way whatever the width, so the width changes no bit.

use pulp::Arch;

/// Partial sums of a reduction.
const LANES: usize = 8;

/// Runs a loop with the machine's widest vectors. What `work` calls must be inlined into it.
#[inline]
pub(crate) fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    Arch::new().dispatch(work)
}

/// `exp`, within two units in the last place, 0 and infinity outside the range of normal numbers excepted:
/// `x` is held within -87 to 88.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    const LOG2_E: f32 = std::f32::consts::LOG2_E;
    // ln 2 in two parts (Cody and Waite 1980): the first has few digits, so that its multiples are exact.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    /// Added to a number, it leaves the nearest whole number in the last bits.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let rest = (x - whole * LN_2_HIGH) - whole * LN_2_LOW;
    // Cephes' polynomial of exp on ±ln 2 / 2.
    let mut sum = 1.987_569_1e-4;
    sum = sum * rest + 1.398_199_9e-3;
    sum = sum * rest + 8.333_452e-3;
    sum = sum * rest + 4.166_579_6e-2;
    sum = sum * rest + 1.666_666_5e-1;
    sum = sum * rest + 0.5;
    let power = sum * rest * rest + rest + 1.0;
    power * f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000))
}

/// The sum of products, in eight partial sums.
#[inline(always)]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let (a_lanes, b_lanes) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = a_lanes.remainder().iter().zip(b_lanes.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_lanes.zip(b_lanes) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}

/// The sum, in eight partial sums.
#[inline(always)]
pub(crate) fn sum(x: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let lanes = x.chunks_exact(LANES);
    let rest: f32 = lanes.remainder().iter().sum();
    lanes.for_each(|x| sums.iter_mut().zip(x).for_each(|(sum, x)| *sum += x));
    sums.iter().sum::<f32>() + rest
}

/// `out += factor x`.
#[inline(always)]
pub(crate) fn add_scaled(out: &mut [f32], factor: f32, x: &[f32]) {
    for (out, x) in out.iter_mut().zip(x) {
        *out += factor * x;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_within_two_units_in_the_last_place() {
        let mut worst = 0.0_f64;
        for i in 0..1_000_000 {
            let x = -86.0 + 173.0 * (i as f32 / 1e6);
            let wanted = f64::from(x).exp();
            let unit = f64::from(f32::EPSILON) * wanted;
            worst = worst.max((f64::from(exp(x)) - wanted).abs() / unit);
        }
        assert!(worst < 2.0, "{worst} units");
        assert_eq!(exp(0.0), 1.0);
        assert_eq!((exp(-1e30), exp(1e30)), (exp(-87.0), exp(88.0)));
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn the_width_of_vectors_changes_no_bit() {
        let x: Vec<f32> = (0..1003).map(|i| (i as f32 * 0.7).sin() * 20.0).collect();
        let wide: Vec<u32> = vectorised(|| x.iter().map(|&x| exp(x).to_bits()).collect());
        let narrow: Vec<u32> = x.iter().map(|&x| exp(x).to_bits()).collect();
        assert_eq!(wide, narrow);
        assert_eq!(vectorised(|| dot(&x, &x)).to_bits(), dot(&x, &x).to_bits());
    }
}
