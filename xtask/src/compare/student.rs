//! Quantiles of Student's t distribution, for any positive degrees of freedom.

/// Terms of the continued fraction; it converges in far fewer.
const TERMS: u32 = 500;
const BISECTIONS: u32 = 200;

/// What |t| is at most with a probability of 95 %.
pub(super) fn two_sided_95(degrees_of_freedom: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while within(high, degrees_of_freedom) < 0.95 {
        high *= 2.0;
    }
    for _ in 0..BISECTIONS {
        let middle = (low + high) / 2.0;
        if within(middle, degrees_of_freedom) < 0.95 { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// The probability that |t| is at most `t`: 1 - I(x; n/2, 1/2) with x = n / (n + t²) (Abramowitz and Stegun 26.7.1).
fn within(t: f64, n: f64) -> f64 {
    1.0 - regularised_beta(n / (n + t * t), n / 2.0, 0.5)
}

/// I(x; a, b), by its continued fraction (DLMF 8.17.22), on the side where that converges fast.
fn regularised_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - regularised_beta(1.0 - x, b, a);
    }
    let log_front = a * x.ln() + b * (-x).ln_1p() + log_gamma(a + b) - log_gamma(a) - log_gamma(b);
    log_front.exp() / a / continued_fraction(x, a, b)
}

/// 1 + d1 / (1 + d2 / (1 + ...)), by Lentz's method.
fn continued_fraction(x: f64, a: f64, b: f64) -> f64 {
    let never_zero = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let (mut fraction, mut c, mut d) = (1.0, 1.0, 0.0);
    for term in 1..=TERMS {
        let m = f64::from(term / 2);
        let coefficient = match term % 2 {
            0 => m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            _ => -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        };
        d = 1.0 / never_zero(1.0 + coefficient * d);
        c = never_zero(1.0 + coefficient / c);
        fraction *= c * d;
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    fraction
}

/// ln Γ(x) for x > 0: Stirling's series (DLMF 5.11.1) from 10 on, below by Γ(x) = Γ(x + 1) / x.
fn log_gamma(x: f64) -> f64 {
    if x < 10.0 {
        return log_gamma(x + 1.0) - x.ln();
    }
    let y = 1.0 / (x * x);
    let series = (1.0 / 12.0 - y * (1.0 / 360.0 - y * (1.0 / 1260.0 - y * (1.0 / 1680.0 - y / 1188.0)))) / x;
    (x - 0.5) * x.ln() - x + (2.0 * std::f64::consts::PI).ln() / 2.0 + series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_printed_tables() {
        // Abramowitz and Stegun, table 26.10, column 0.95 (two-sided).
        let table = [
            (1, 12.706),
            (2, 4.303),
            (3, 3.182),
            (4, 2.776),
            (5, 2.571),
            (9, 2.262),
            (30, 2.042),
            (120, 1.980),
        ];
        for (degrees, quantile) in table {
            let found = two_sided_95(f64::from(degrees));
            assert!((found - quantile).abs() < 5.1e-4, "{degrees}: {found}");
        }
    }

    #[test]
    fn one_and_two_degrees_of_freedom_have_closed_forms() {
        let one = (std::f64::consts::PI * 0.475).tan();
        let two = 0.95 * (2.0 / (1.0 - 0.95_f64.powi(2))).sqrt();
        assert!((two_sided_95(1.0) / one - 1.0).abs() < 1e-12);
        assert!((two_sided_95(2.0) / two - 1.0).abs() < 1e-12);
    }

    /// The density integrated by Simpson's rule, with t = √n tan θ: cos θ to the power n - 1.
    #[test]
    fn between_whole_degrees_the_density_integrates_to_95_percent() {
        let integral = |to: f64, n: f64| {
            let steps = 20_000;
            let weight = |step: i32| match step {
                0 => 1.0,
                step if step == steps => 1.0,
                step => 2.0 + 2.0 * f64::from(step % 2),
            };
            let value = |step: i32| (to * f64::from(step) / f64::from(steps)).cos().max(0.0).powf(n - 1.0);
            (0..=steps).map(|step| weight(step) * value(step)).sum::<f64>() * to / f64::from(steps) / 3.0
        };
        for n in [2.5, 3.7, 12.3, 88.8] {
            let angle = (two_sided_95(n) / n.sqrt()).atan();
            let share = integral(angle, n) / integral(std::f64::consts::FRAC_PI_2, n);
            assert!((share - 0.95).abs() < 1e-6, "{n}: {share}");
        }
    }

    #[test]
    fn with_many_degrees_it_is_the_normal_distributions() {
        assert!((two_sided_95(1e7) - 1.959_964).abs() < 1e-6);
    }
}
