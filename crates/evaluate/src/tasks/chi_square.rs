//! Tail probabilities of the chi-square and of the Poisson distribution, by the incomplete gamma
//! function's series and continued fraction.

/// The probability that a chi-square variable exceeds `value`.
pub(crate) fn upper(degrees: usize, value: f64) -> f64 {
    let (a, x) = (degrees as f64 / 2.0, value / 2.0);
    match x {
        x if x <= 0.0 => 1.0,
        x if x < a + 1.0 => 1.0 - series(a, x, degrees),
        x => fraction(a, x, degrees),
    }
}

/// The smallest and the largest count that a Poisson variable with that mean has with tails of at most
/// 2.5 % each.
pub(crate) fn poisson_interval(mean: f64) -> [u32; 2] {
    let at_most = |count: u32| upper(2 * (count as usize + 1), 2.0 * mean);
    let mut low = 0;
    while at_most(low) <= 0.025 {
        low += 1;
    }
    let mut high = low;
    while at_most(high) < 0.975 {
        high += 1;
    }
    [low, high]
}

/// `x^a e^-x / Γ(a)`, with Γ of half-integers by their recursion.
fn factor(a: f64, x: f64, degrees: usize) -> f64 {
    let mut log_gamma = if degrees % 2 == 0 { 0.0 } else { 0.5 * std::f64::consts::PI.ln() };
    let mut step = if degrees % 2 == 0 { 1.0 } else { 0.5 };
    while step + 0.25 < a {
        log_gamma += f64::ln(step);
        step += 1.0;
    }
    (a * x.ln() - x - log_gamma).exp()
}

fn series(a: f64, x: f64, degrees: usize) -> f64 {
    let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
    while term > sum * 1e-16 {
        n += 1.0;
        term *= x / n;
        sum += term;
    }
    sum * factor(a, x, degrees)
}

/// Lentz's method.
fn fraction(a: f64, x: f64, degrees: usize) -> f64 {
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1e300, 1.0 / b);
    let mut h = d;
    for i in 1..10_000 {
        let an = -f64::from(i) * (f64::from(i) - a);
        b += 2.0;
        d = 1.0 / (an * d + b);
        c = b + an / c;
        let change = c * d;
        h *= change;
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    h * factor(a, x, degrees)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_have_the_values_of_a_table() {
        for (degrees, value, expected) in [
            (9, 16.919, 0.05),
            (9, 21.666, 0.01),
            (9, 4.168, 0.9),
            (1, 3.841_459, 0.05),
            (2, 9.210_34, 0.01),
            (30, 43.773, 0.05),
        ] {
            let found = upper(degrees, value);
            // The table has five digits.
            assert!((found - expected).abs() < 2e-5, "{degrees} {value}: {found}");
        }
    }

    #[test]
    fn a_poisson_interval_leaves_at_most_its_tails() {
        // P(X < 6) = 0.0203, P(X < 7) = 0.0458; P(X > 18) = 0.0374, P(X > 19) = 0.0213.
        assert_eq!(poisson_interval(12.0), [6, 19]);
    }
}
