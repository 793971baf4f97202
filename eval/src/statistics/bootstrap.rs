//! Intervals of figures that have no formula: by drawing the messages again (Efron 1979).

use fastrand::Rng;

/// The lower and the upper end.
pub type Interval = [f64; 2];

/// Draws for a small data set; fewer for a large one, whose intervals are narrow and whose draws take long.
const DRAWS: std::ops::RangeInclusive<usize> = 200..=1000;

/// How many messages are drawn in all, about.
const WORK: usize = 20_000_000;

/// The same messages give the same intervals.
const SEED: u64 = 20_260_101;

/// 95 % percentile intervals of several figures at once. `figures` computes them from the messages' weights, which are
/// multiplied by how often each message was drawn. A figure that a draw does not have is left out of its interval.
#[must_use]
pub fn bootstrap<const N: usize>(
    weights: &[f64],
    mut figures: impl FnMut(&[f64]) -> [Option<f64>; N],
) -> [Option<Interval>; N] {
    let count = weights.len();
    if count == 0 {
        return [None; N];
    }
    let draws = (WORK / count).clamp(*DRAWS.start(), *DRAWS.end());
    let mut rng = Rng::with_seed(SEED);
    let mut values: [Vec<f64>; N] = std::array::from_fn(|_| Vec::with_capacity(draws));
    let mut drawn = vec![0.0; count];
    for _ in 0..draws {
        drawn.fill(0.0);
        for _ in 0..count {
            let message = rng.usize(..count);
            drawn[message] += weights[message];
        }
        for (values, figure) in values.iter_mut().zip(figures(&drawn)) {
            values.extend(figure);
        }
    }
    values.map(|mut values| {
        values.sort_by(f64::total_cmp);
        (!values.is_empty()).then(|| [quantile(&values, 0.025), quantile(&values, 0.975)])
    })
}

/// Of sorted values, between the two nearest (Hyndman and Fan's type 7, as NumPy has it).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, part) = (place.floor() as usize, place.fract());
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + part * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_mean_is_that_of_the_central_limit() {
        // 400 messages, 80 % right: the standard error is 0.02.
        let right: Vec<f64> = (0..400).map(|i| f64::from(u8::from(i % 5 != 0))).collect();
        let mean = |weights: &[f64]| {
            let sum: f64 = weights.iter().zip(&right).map(|(weight, right)| weight * right).sum();
            [Some(sum / weights.iter().sum::<f64>())]
        };
        let [Some([low, high])] = bootstrap(&[1.0; 400], mean) else { panic!("a mean has an interval") };
        assert!((low - 0.7608).abs() < 0.008 && (high - 0.8392).abs() < 0.008, "{low} {high}");
        assert_eq!(bootstrap(&[1.0; 400], mean), bootstrap(&[1.0; 400], mean));
    }

    #[test]
    fn nothing_has_no_interval() {
        assert_eq!(bootstrap(&[], |_| [Some(1.0)]), [None]);
        assert_eq!(bootstrap(&[1.0, 1.0], |_| [None]), [None]);
    }

    #[test]
    fn quantiles_are_numpys() {
        assert!((quantile(&[1.0, 2.0, 4.0, 8.0], 0.4) - 2.4).abs() < 1e-12);
        assert_eq!(quantile(&[3.0], 0.975), 3.0);
    }
}
