//! Loops over numbers, compiled for several widths of vectors; the widest that the machine has is chosen
//! when they run. Each element is computed in the same way whatever the width, so the width changes no bit.

/// A function whose body is compiled for each width of vectors, with what it calls where that is inlined.
macro_rules! vectorised {
    (
        $(#[$attribute:meta])*
        $visibility:vis fn $name:ident($($argument:ident: $kind:ty),* $(,)?) $(-> $result:ty)? $body:block
    ) => {
        $(#[$attribute])*
        $visibility fn $name($($argument: $kind),*) $(-> $result)? {
            #[inline(always)]
            fn any($($argument: $kind),*) $(-> $result)? $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
                fn in_512_bits($($argument: $kind),*) $(-> $result)? {
                    any($($argument),*)
                }

                #[target_feature(enable = "avx2")]
                fn in_256_bits($($argument: $kind),*) $(-> $result)? {
                    any($($argument),*)
                }

                let has_512_bits = is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl");
                if has_512_bits {
                    // SAFETY: the machine has these instructions.
                    return unsafe { in_512_bits($($argument),*) };
                }
                if is_x86_feature_detected!("avx2") {
                    // SAFETY: as above.
                    return unsafe { in_256_bits($($argument),*) };
                }
            }
            any($($argument),*)
        }
    };
}
pub(crate) use vectorised;

/// Partial sums of a reduction.
const LANES: usize = 8;

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

/// The natural logarithm of a positive normal number, within three units in the last place (of 1 near 1).
#[inline(always)]
pub(crate) fn ln(x: f32) -> f32 {
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    /// `sqrt(1/2)`, of which the mantissa is counted from.
    const ROOT: u32 = 0x3f35_04f3;
    let bits = x.to_bits().wrapping_sub(ROOT);
    let exponent = ((bits as i32) >> 23) as f32;
    let rest = f32::from_bits((bits & 0x007f_ffff).wrapping_add(ROOT)) - 1.0;
    // Cephes' polynomial of ln(1 + x) on sqrt(1/2) - 1 to sqrt(2) - 1.
    let mut sum = 7.037_683_6e-2;
    for coefficient in [
        -1.151_461e-1,
        1.167_699_9e-1,
        -1.242_014_1e-1,
        1.424_932_3e-1,
        -1.666_805_7e-1,
        2.000_071_5e-1,
        -2.499_999_4e-1,
        3.333_333_1e-1,
    ] {
        sum = sum * rest + coefficient;
    }
    let square = rest * rest;
    let small = sum * rest * square + exponent * LN_2_LOW - 0.5 * square;
    rest + small + exponent * LN_2_HIGH
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

vectorised! {
    /// `out += x`.
    pub(crate) fn add(out: &mut [f32], x: &[f32]) {
        add_scaled(out, 1.0, x);
    }
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
    fn ln_is_within_three_units_in_the_last_place() {
        let mut worst = 0.0_f64;
        for i in 0..1_000_000 {
            let x = (-80.0 + 160.0 * (i as f32 / 1e6)).exp();
            let wanted = f64::from(x).ln();
            let unit = f64::from(f32::EPSILON) * wanted.abs().max(1.0);
            worst = worst.max((f64::from(ln(x)) - wanted).abs() / unit);
        }
        assert!(worst < 3.0, "{worst} units");
        assert_eq!(ln(1.0), 0.0);
    }

    vectorised! {
        fn wide_exp(x: &[f32], out: &mut [f32]) -> f32 {
            x.iter().zip(&mut *out).for_each(|(x, out)| *out = exp(*x));
            dot(out, x) + sum(x)
        }
    }

    #[test]
    fn the_width_of_vectors_changes_no_bit() {
        let x: Vec<f32> = (0..1003).map(|i| (i as f32 * 0.7).sin() * 20.0).collect();
        let mut wide = vec![0.0; x.len()];
        let of_wide = wide_exp(&x, &mut wide);
        let narrow: Vec<f32> = x.iter().map(|&x| exp(x)).collect();
        assert_eq!(wide, narrow);
        assert_eq!(of_wide.to_bits(), (dot(&narrow, &x) + sum(&x)).to_bits());
    }
}
