//! Independent tasks on all processors.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError, mpsc};
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

/// Does all tasks, as [`for_each`] does, and returns what came out of them, in their order. `progress` hears how many are done.
pub(super) fn map<T: Send, R: Send>(
    tasks: impl ExactSizeIterator<Item = T> + Send,
    work: impl Fn(T) -> R + Sync,
    mut progress: impl FnMut(usize),
) -> Vec<R> {
    let mut results: Vec<Option<R>> = (0..tasks.len()).map(|_| None).collect();
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            let sender = sender;
            for_each(tasks.enumerate(), |(number, task)| {
                // The receiver waits for all.
                let _ = sender.send((number, work(task)));
            });
        });
        for (done, (number, result)) in receiver.into_iter().enumerate() {
            results[number] = Some(result);
            progress(done + 1);
        }
    });
    results.into_iter().map(|result| result.expect("every task is done")).collect()
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

    #[test]
    fn results_come_in_the_order_of_the_tasks() {
        let mut heard = Vec::new();
        let squares = map(0..100, |number| number * number, |done| heard.push(done));
        assert!(squares.iter().enumerate().all(|(number, &square)| square == number * number));
        assert_eq!(heard, (1..=100).collect::<Vec<_>>());
    }
}
