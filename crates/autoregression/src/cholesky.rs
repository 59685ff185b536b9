//! Linear equations with a symmetric positive definite matrix, by Cholesky's decomposition.

/// Solves `matrix x = right`, of which only the lower triangle is read; `None` if it is not positive
/// definite.
pub fn solve(matrix: &mut [Vec<f64>], mut right: Vec<f64>) -> Option<Vec<f64>> {
    let n = right.len();
    for i in 0..n {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| matrix[i][k] * matrix[j][k]).sum();
            let rest = matrix[i][j] - sum;
            if i != j {
                matrix[i][j] = rest / matrix[j][j];
            } else if rest > 0.0 {
                matrix[i][i] = rest.sqrt();
            } else {
                return None;
            }
        }
    }
    for i in 0..n {
        let sum: f64 = (0..i).map(|k| matrix[i][k] * right[k]).sum();
        right[i] = (right[i] - sum) / matrix[i][i];
    }
    for i in (0..n).rev() {
        let sum: f64 = (i + 1..n).map(|k| matrix[k][i] * right[k]).sum();
        right[i] = (right[i] - sum) / matrix[i][i];
    }
    Some(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_equations_have_the_solution_by_hand() {
        let mut matrix = vec![vec![4.0, 0.0, 0.0], vec![2.0, 5.0, 0.0], vec![0.0, 1.0, 3.0]];
        // x = (1, -1, 2): rows 4 - 2, 2 - 5 + 2, -1 + 6.
        let solution = solve(&mut matrix, vec![2.0, -1.0, 5.0]).unwrap();
        for (got, expected) in solution.iter().zip([1.0, -1.0, 2.0]) {
            assert!((got - expected).abs() < 1e-12, "{got} is not {expected}");
        }
        assert_eq!(solve(&mut [vec![-1.0]], vec![1.0]), None);
    }
}
