//! Independent tasks on all processors.

use std::cell::Cell;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

thread_local! {
    /// How many threads the work that this thread begins may take; nothing when it may take all.
    static LIMIT: Cell<Option<NonZeroUsize>> = const { Cell::new(None) };
}

/// Does the work with at most so many threads, however deep in it they are asked for: work in the background leaves room for shoppers.
pub(super) fn limited<R>(threads: Option<NonZeroUsize>, work: impl FnOnce() -> R) -> R {
    /// Puts back what was before, after a panic, too.
    struct Before(Option<NonZeroUsize>);
    impl Drop for Before {
        fn drop(&mut self) {
            LIMIT.set(self.0);
        }
    }
    let _before = Before(LIMIT.replace(threads));
    work()
}

/// How many threads the work that is begun here may take; nothing when it may take all.
pub(super) fn limit() -> Option<NonZeroUsize> {
    LIMIT.get()
}

/// Does all tasks; whichever thread is free takes the next. What a task computes must not depend on who does it.
pub(super) fn for_each<T: Send>(tasks: impl Iterator<Item = T> + Send, work: impl Fn(T) + Sync) {
    let limit = limit();
    let there = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = limit.map_or(there, |limit| limit.get().min(there));
    let tasks = Mutex::new(tasks);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                // The limit is used up by these threads: what they begin themselves they do alone.
                LIMIT.set(limit.map(|_| NonZeroUsize::MIN));
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
    let limit = limit();
    thread::scope(|scope| {
        scope.spawn(|| {
            let sender = sender;
            LIMIT.set(limit);
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

    #[test]
    fn a_limit_holds_for_all_that_is_begun_in_it_and_ends_with_it() {
        let one = NonZeroUsize::MIN;
        let at_once = std::sync::atomic::AtomicUsize::new(0);
        let alone = |_| {
            use std::sync::atomic::Ordering::SeqCst;
            let others = at_once.fetch_add(1, SeqCst);
            thread::sleep(std::time::Duration::from_millis(1));
            at_once.fetch_sub(1, SeqCst);
            assert_eq!(others, 0);
        };
        limited(Some(one), || {
            map(0..8, |_| for_each(0..4, alone), |_| ());
            assert_eq!(limit(), Some(one));
        });
        assert_eq!(limit(), None);
    }
}
