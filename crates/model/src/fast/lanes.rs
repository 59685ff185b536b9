//! Layers of sixteen sequences at once, side by side in the vectors' lanes. No lane knows of another, so that a
//! sequence's numbers do not depend on which others are beside it.

/// Sequences side by side.
pub const LANES: usize = 16;

/// A number of each lane.
pub type Row = [f32; LANES];

/// Units whose sums are made at once: as many as stay in registers.
const UNITS: usize = 8;

/// Some of a layer's inputs, and their kernel `[input, unit]`.
pub(crate) type Part<'a> = (&'a [Row], &'a [f32]);

/// `out = bias + sum of the parts' inputs times their kernels`.
#[inline(always)]
pub(crate) fn layer<const PARTS: usize>(out: &mut [Row], parts: [Part<'_>; PARTS], bias: &[f32]) {
    let width = bias.len();
    let mut first = 0;
    while first < width {
        first += match width - first {
            UNITS.. => units::<UNITS, PARTS>(out, parts, bias, first),
            4.. => units::<4, PARTS>(out, parts, bias, first),
            _ => units::<1, PARTS>(out, parts, bias, first),
        };
    }
}

/// [`layer`] for so many units from `first` on; returns how many.
#[inline(always)]
fn units<const COUNT: usize, const PARTS: usize>(
    out: &mut [Row],
    parts: [Part<'_>; PARTS],
    bias: &[f32],
    first: usize,
) -> usize {
    let mut sums = [[0.0; LANES]; COUNT];
    for (sum, bias) in sums.iter_mut().zip(&bias[first..first + COUNT]) {
        *sum = [*bias; LANES];
    }
    for (x, kernel) in parts {
        add_products(&mut sums, x, kernel, (bias.len(), first));
    }
    out[first..first + COUNT].copy_from_slice(&sums);
    COUNT
}

/// Adds a part to the sums of so many units from `first` on, of `width`.
#[inline(always)]
fn add_products<const COUNT: usize>(
    sums: &mut [Row; COUNT],
    x: &[Row],
    kernel: &[f32],
    (width, first): (usize, usize),
) {
    // A copy of their own keeps the sums in registers.
    let mut all = *sums;
    for (x, row) in x.iter().zip(kernel.chunks_exact(width)) {
        let weights = &row[first..first + COUNT];
        for unit in 0..COUNT {
            for lane in 0..LANES {
                all[unit][lane] += weights[unit] * x[lane];
            }
        }
    }
    *sums = all;
}
