//! How far a share that was counted may be from the truth: exact and approximate intervals, for training, evaluation and the running desk.

use statrs::function::beta::beta_reg;

/// The 97.5 % point of the normal distribution: for two-sided intervals of 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// Wilson's score interval (1927) at 95 % for a share among `messages`.
#[must_use]
pub fn wilson(share: f64, messages: f64) -> [f64; 2] {
    let z2 = Z * Z;
    let centre = (share + z2 / (2.0 * messages)) / (1.0 + z2 / messages);
    let half = Z / (1.0 + z2 / messages)
        * (share * (1.0 - share) / messages + z2 / (4.0 * messages * messages)).sqrt();
    [(centre - half).max(0.0), (centre + half).min(1.0)]
}

/// The exact two-sided interval of Clopper and Pearson (1934) for `part` of `whole`, wrong with probability `alpha` at most.
#[must_use]
pub fn clopper_pearson(part: usize, whole: usize, alpha: f64) -> [f64; 2] {
    [1.0 - upper_bound(whole - part, whole, alpha / 2.0), upper_bound(part, whole, alpha / 2.0)]
}

/// The exact one-sided bound: the largest share under which `part` or fewer of `whole` are not less probable than `delta`.
#[must_use]
pub fn upper_bound(part: usize, whole: usize, delta: f64) -> f64 {
    if part >= whole {
        return 1.0;
    }
    let (mut low, mut high) = (part as f64 / whole as f64, 1.0);
    while high - low > 1e-13 {
        let middle = f64::midpoint(low, high);
        if binomial_cdf(part, whole, middle) > delta {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// `P(Binomial(n, p) ≤ k)`.
#[must_use]
pub fn binomial_cdf(k: usize, n: usize, p: f64) -> f64 {
    if k >= n || p <= 0.0 {
        1.0
    } else if p >= 1.0 {
        0.0
    } else {
        // The identity with the incomplete beta function (DLMF 8.17.5) holds in the far tail, too.
        beta_reg((n - k) as f64, (k + 1) as f64, 1.0 - p)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_that_of_tables() {
        // Clopper-Pearson, 95 % one-sided: no error in 149 is at most 1.99 %, 5 in 100 at most 10.23 %.
        assert!((upper_bound(0, 149, 0.05) - 0.0199).abs() < 1e-4);
        assert!((upper_bound(5, 100, 0.05) - 0.1023).abs() < 1e-4);
        assert!((binomial_cdf(2, 10, 0.3) - 0.382_783).abs() < 1e-6);
    }

    #[test]
    fn intervals_are_those_of_newcombes_table() {
        // Newcombe (1998), 81 of 263 and 0 of 20: methods 3 (Wilson) and 5 (Clopper-Pearson).
        let close = |found: [f64; 2], expected: [f64; 2]| {
            let is_close =
                found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-4);
            assert!(is_close, "{found:?} {expected:?}");
        };
        close(wilson(81.0 / 263.0, 263.0), [0.2553, 0.3662]);
        close(clopper_pearson(81, 263, 0.05), [0.2527, 0.3676]);
        close(wilson(0.0, 20.0), [0.0, 0.1611]);
        close(clopper_pearson(0, 20, 0.05), [0.0, 0.1684]);
    }
}
