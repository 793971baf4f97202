//! Who is measured by whom in a cross-validation.

use std::collections::BTreeMap;

use fastrand::Rng;

use crate::{Error, Result};

/// The same data are split in the same way.
const SEED: u64 = 20_260_102;

/// The fold of each message, from 0. Stratified: the messages of each class are shared out as evenly as can be, in random order.
///
/// # Errors
/// [`Error::TooFewForFolds`].
pub fn folds<'a>(classes: impl Iterator<Item = &'a str>, folds: usize) -> Result<Vec<usize>> {
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut messages = 0;
    for (message, class) in classes.enumerate() {
        members.entry(class).or_default().push(message);
        messages += 1;
    }
    if folds < 2 || messages < folds {
        return Err(Error::TooFewForFolds { messages, folds });
    }
    let mut rng = Rng::with_seed(SEED);
    let mut of = vec![0; messages];
    // Going on where the last class ended keeps the folds of equal size, too.
    let mut next = 0;
    for members in members.values_mut() {
        rng.shuffle(members);
        for &message in members.iter() {
            of[message] = next % folds;
            next += 1;
        }
    }
    Ok(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_shared_out_evenly() {
        let classes: Vec<&str> = (0..103).map(|i| ["a", "b", "b", "c"][i % 4]).collect();
        let folds = folds(classes.iter().copied(), 5).unwrap();
        for class in ["a", "b", "c"] {
            let count = |fold| (0..103).filter(|&i| classes[i] == class && folds[i] == fold).count();
            let counts: Vec<usize> = (0..5).map(count).collect();
            assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{counts:?}");
        }
        let sizes: Vec<usize> = (0..5).map(|fold| folds.iter().filter(|&&of| of == fold).count()).collect();
        assert_eq!(sizes.iter().sum::<usize>(), 103);
        assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{sizes:?}");
    }

    #[test]
    fn fewer_messages_than_folds_say_so() {
        assert!(matches!(folds(["a"].into_iter(), 5), Err(Error::TooFewForFolds { messages: 1, folds: 5 })));
        assert!(folds(["a", "b"].into_iter(), 1).is_err());
    }
}
