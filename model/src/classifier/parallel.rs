//! Independent tasks on all processors.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Does all tasks; whichever thread is free takes the next. What a task computes must not depend on who does it.
pub(super) fn for_each<T: Send>(tasks: impl Iterator<Item = T> + Send, work: impl Fn(T) + Sync) {
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let tasks = Mutex::new(tasks);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let next = tasks.lock().unwrap_or_else(PoisonError::into_inner).next();
                    match next {
                        Some(task) => work(task),
                        None => break,
                    }
                }
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_is_done_once() {
        let mut values = vec![0; 1000];
        for_each(values.chunks_mut(7).enumerate(), |(chunk, values)| {
            values.iter_mut().for_each(|value| *value += chunk);
        });
        assert!(values.iter().enumerate().all(|(place, &value)| value == place / 7));
    }
}
