//! Labels that are probably wrong: confident learning (Northcutt, Jiang and Chuang 2021, Confident Learning: Estimating Uncertainty in
//! Dataset Labels, JAIR 70, <https://arxiv.org/abs/1911.00068>).
//!
//! A class has the mean probability that it gets on the messages labelled with it as its threshold: how sure the classifier
//! is of that class when it is right, on average. A message counts as one of the class that is the likeliest among those whose threshold it
//! reaches. Where that is not the class of its label, it lies off the diagonal of the confident joint, and its label is
//! doubtful. So classes of which the classifier is never sure are not all suspected, as a fixed threshold would do.
//! Doubtful labels are ranked by the normalised margin: how much likelier the other class is.

/// A message with a doubtful label.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Unlikely {
    pub(super) message: usize,
    /// The class that it is confidently counted as.
    pub(super) likelier: usize,
}

/// The doubtful ones of messages with these out-of-sample probabilities of all classes and these labels, the most
/// doubtful first.
pub(super) fn unlikely(probabilities: &[Vec<f64>], labels: &[usize]) -> Vec<Unlikely> {
    let thresholds = thresholds(probabilities, labels);
    let mut unlikely: Vec<(f64, Unlikely)> = Vec::new();
    for (message, (probabilities, &label)) in probabilities.iter().zip(labels).enumerate() {
        let confident = (0..probabilities.len()).filter(|&class| probabilities[class] >= thresholds[class]);
        let likeliest = confident.max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]));
        if let Some(likelier) = likeliest.filter(|&class| class != label) {
            let margin = probabilities[likelier] - probabilities[label];
            unlikely.push((margin, Unlikely { message, likelier }));
        }
    }
    unlikely.sort_by(|(a, first), (b, second)| b.total_cmp(a).then(first.message.cmp(&second.message)));
    unlikely.into_iter().map(|(_, unlikely)| unlikely).collect()
}

/// Of each class, the mean probability on the messages labelled with it. A class without messages is never counted.
fn thresholds(probabilities: &[Vec<f64>], labels: &[usize]) -> Vec<f64> {
    let classes = probabilities.first().map_or(0, Vec::len);
    let (mut sums, mut counts) = (vec![0.0; classes], vec![0_usize; classes]);
    for (probabilities, &label) in probabilities.iter().zip(labels) {
        sums[label] += probabilities[label];
        counts[label] += 1;
    }
    let means = sums.iter().zip(counts);
    means.map(|(sum, count)| if count == 0 { f64::INFINITY } else { sum / count as f64 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_doubtful_when_another_class_reaches_its_threshold() {
        // Thresholds: class 0 (0.9 + 0.8 + 0.1) / 3 = 0.6, class 1 (0.7 + 0.5) / 2 = 0.6; class 2 has no message.
        let probabilities = vec![
            vec![0.9, 0.1, 0.0],
            vec![0.8, 0.1, 0.1],
            vec![0.1, 0.85, 0.05],
            vec![0.2, 0.7, 0.1],
            vec![0.05, 0.5, 0.45],
        ];
        let found = unlikely(&probabilities, &[0, 0, 0, 1, 1]);
        assert_eq!(found, [Unlikely { message: 2, likelier: 1 }]);
    }

    #[test]
    fn the_most_doubtful_comes_first_and_a_class_that_is_never_sure_is_not_suspected() {
        // Class 1 gets 0.4 on its own messages, which is less than another class gets, but as sure as it ever is.
        let probabilities = vec![
            vec![0.95, 0.05],
            vec![0.9, 0.1],
            vec![0.6, 0.4],
            vec![0.58, 0.42],
            vec![0.99, 0.01],
            vec![0.3, 0.7],
        ];
        let found = unlikely(&probabilities, &[0, 0, 1, 1, 1, 0]);
        let messages: Vec<usize> = found.iter().map(|unlikely| unlikely.message).collect();
        assert_eq!(messages, [4, 5]);
    }

    #[test]
    fn nothing_is_nothing() {
        assert!(unlikely(&[], &[]).is_empty());
    }
}
