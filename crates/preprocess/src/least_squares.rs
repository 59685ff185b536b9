//! Ordinary least squares with few terms, by the normal equations and Cholesky's factorisation: fit
//! for Fourier terms, which are nearly orthogonal, and not for terms that nearly depend on each other.

/// Sums over observations, from which the coefficients follow.
#[derive(Clone, Debug)]
pub(crate) struct LeastSquares<const TERMS: usize> {
    /// Sums of products of two terms; the lower triangle is used.
    products: [[f64; TERMS]; TERMS],
    /// Sums of a term times the value.
    values: [f64; TERMS],
}

impl<const TERMS: usize> LeastSquares<TERMS> {
    pub(crate) fn new() -> LeastSquares<TERMS> {
        LeastSquares { products: [[0.0; TERMS]; TERMS], values: [0.0; TERMS] }
    }

    /// Adds an observation of the value, with the terms that it is to be a sum of.
    pub(crate) fn add(&mut self, terms: &[f64; TERMS], value: f64) {
        for (i, term) in terms.iter().enumerate() {
            self.values[i] += term * value;
            for (product, other) in self.products[i].iter_mut().zip(&terms[..=i]) {
                *product += term * other;
            }
        }
    }

    /// The coefficient of each term, or `None` where the observations do not determine them.
    pub(crate) fn solve(&self) -> Option<[f64; TERMS]> {
        let mut factor = self.products;
        for i in 0..TERMS {
            for j in 0..=i {
                let known: f64 = (0..j).map(|k| factor[i][k] * factor[j][k]).sum();
                let rest = factor[i][j] - known;
                if i > j {
                    factor[i][j] = rest / factor[j][j];
                } else if rest > f64::EPSILON * TERMS as f64 * self.products[i][i] {
                    factor[i][i] = rest.sqrt();
                } else {
                    return None;
                }
            }
        }
        let mut solution = self.values;
        for i in 0..TERMS {
            let known: f64 = (0..i).map(|k| factor[i][k] * solution[k]).sum();
            solution[i] = (solution[i] - known) / factor[i][i];
        }
        for i in (0..TERMS).rev() {
            let known: f64 = (i + 1..TERMS).map(|k| factor[k][i] * solution[k]).sum();
            solution[i] = (solution[i] - known) / factor[i][i];
        }
        Some(solution)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Coefficients by `numpy.linalg.lstsq` for 1, x and x squared.
    #[test]
    fn coefficients_agree_with_numpy() {
        let mut fit = LeastSquares::<3>::new();
        for (x, y) in [(0.0, 1.0), (1.0, 3.5), (2.0, 2.0), (3.0, 7.0), (5.0, 4.0)] {
            fit.add(&[1.0, x, x * x], y);
        }
        let wanted = [0.8343151693667168, 2.44918998527246, -0.34904270986745195];
        for (got, wanted) in fit.solve().unwrap().iter().zip(wanted) {
            assert!((got - wanted).abs() < 1e-12, "{got} is not {wanted}");
        }
    }

    #[test]
    fn terms_that_depend_on_each_other_are_refused() {
        let mut fit = LeastSquares::<3>::new();
        for x in [0.0, 1.0, 2.0, 3.0] {
            fit.add(&[1.0, x, 2.0 * x - 1.0], x);
        }
        assert_eq!(fit.solve(), None);
        assert_eq!(LeastSquares::<2>::new().solve(), None);
    }
}
