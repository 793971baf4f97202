//! Threads that share the work of one call.
//!
//! A call that needs help opens a [`Session`], which wakes the helpers; each piece of work in it is cut into chunks that
//! whoever is free takes next. A helper that the system does not let run takes no chunk, so that only chunks that were
//! begun are waited for; who waits spins for a short time and then lets other threads run. Between sessions, helpers sleep.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// How often one looks for work, or for the end of it, before other threads may run.
const SPINS: u32 = 2_000;

/// Does chunks of work, once each, possibly on several threads.
pub(super) trait Team {
    /// Returns when `work` was called for each of `0..chunks`. It is exclusive: work does not start other work.
    fn run(&mut self, chunks: usize, work: &(dyn Fn(usize) + Sync));

    /// How many threads there may be.
    fn size(&self) -> usize;
}

/// The calling thread alone.
pub(super) struct Alone;

impl Team for Alone {
    fn run(&mut self, chunks: usize, work: &(dyn Fn(usize) + Sync)) {
        (0..chunks).for_each(work);
    }

    fn size(&self) -> usize {
        1
    }
}

/// Helpers, waiting for a session.
pub(super) struct Crew {
    shared: Arc<CrewState>,
    /// Held by whoever has a session.
    leading: Mutex<()>,
    helpers: Vec<JoinHandle<()>>,
}

struct CrewState {
    /// The number of the piece of work (32 bits), how many chunks it has (16 bits), and which is next (16 bits): one word,
    /// so that a chunk is always taken of the work that it belongs to.
    next: AtomicU64,
    /// The piece of work that the word speaks of. Valid while a chunk of it is taken and not done.
    work: AtomicPtr<Work<'static>>,
    done: AtomicUsize,
    panicked: AtomicBool,
    in_session: AtomicBool,
    closing: AtomicBool,
    asleep: Mutex<()>,
    wake: Condvar,
}

/// A thin pointer can be stored in one word, one to a trait object cannot.
struct Work<'a>(&'a (dyn Fn(usize) + Sync));

impl Crew {
    /// Starts as many helpers as the system allows, at most `helpers`.
    pub(super) fn start(helpers: usize) -> Self {
        let shared = Arc::new(CrewState {
            next: AtomicU64::new(0),
            work: AtomicPtr::new(std::ptr::null_mut()),
            done: AtomicUsize::new(0),
            panicked: AtomicBool::new(false),
            in_session: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            asleep: Mutex::new(()),
            wake: Condvar::new(),
        });
        let start = |number| {
            let shared = Arc::clone(&shared);
            let builder = std::thread::Builder::new().name(format!("encoder-{number}"));
            builder.spawn(move || shared.help()).ok()
        };
        let helpers = (1..=helpers).map_while(start).collect();
        Self { shared, leading: Mutex::new(()), helpers }
    }

    /// The helpers and a caller.
    pub(super) fn threads(&self) -> usize {
        self.helpers.len() + 1
    }

    /// The helpers, when there are any and nobody else has them.
    pub(super) fn session(&self) -> Option<Session<'_>> {
        if self.helpers.is_empty() {
            return None;
        }
        let leading = match self.leading.try_lock() {
            Ok(guard) => guard,
            Err(std::sync::TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(std::sync::TryLockError::WouldBlock) => return None,
        };
        let asleep = self.shared.asleep.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.in_session.store(true, Ordering::Release);
        drop(asleep);
        self.shared.wake.notify_all();
        Some(Session { shared: &self.shared, size: self.threads(), _leading: leading })
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        let asleep = self.shared.asleep.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.closing.store(true, Ordering::Release);
        drop(asleep);
        self.shared.wake.notify_all();
        for helper in self.helpers.drain(..) {
            // A helper catches the panics of the work; there is nothing to learn from how it ended.
            let _ = helper.join();
        }
    }
}

/// The helpers at work for one caller.
pub(super) struct Session<'a> {
    shared: &'a CrewState,
    size: usize,
    _leading: MutexGuard<'a, ()>,
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.shared.in_session.store(false, Ordering::Release);
    }
}

impl Team for Session<'_> {
    fn run(&mut self, chunks: usize, work: &(dyn Fn(usize) + Sync)) {
        assert!(chunks <= usize::from(u16::MAX), "chunks are counted in 16 bits");
        if chunks <= 1 {
            return Alone.run(chunks, work);
        }
        let shared = self.shared;
        let work = Work(work);
        shared.done.store(0, Ordering::Relaxed);
        shared.work.store((&raw const work).cast_mut().cast(), Ordering::Relaxed);
        let number = (shared.next.load(Ordering::Relaxed) >> 32).wrapping_add(1);
        shared.next.store(number << 32 | (chunks as u64) << 16, Ordering::Release);
        while shared.take_and_do() {}
        let mut spins = 0;
        while shared.done.load(Ordering::Acquire) < chunks {
            pause(&mut spins);
        }
        // From here on no chunk of it is taken or being done, so that `work` may go.
        if shared.panicked.swap(false, Ordering::Relaxed) {
            resume_unwind(Box::new("a part of the encoder's work panicked"));
        }
    }

    fn size(&self) -> usize {
        self.size
    }
}

impl CrewState {
    /// Takes the next chunk, if there is one, and does it.
    fn take_and_do(&self) -> bool {
        let mut word = self.next.load(Ordering::Acquire);
        let chunk = loop {
            let (chunk, chunks) = (word & 0xffff, word >> 16 & 0xffff);
            if chunk >= chunks {
                return false;
            }
            match self.next.compare_exchange_weak(word, word + 1, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => break chunk as usize,
                Err(now) => word = now,
            }
        };
        // SAFETY: a chunk of this work is taken and not done, and whoever set the pointer waits until all are; it was set
        // before the word that we have read, and is not set again before that.
        let work = unsafe { &*self.work.load(Ordering::Relaxed) };
        if catch_unwind(AssertUnwindSafe(|| work.0(chunk))).is_err() {
            self.panicked.store(true, Ordering::Relaxed);
        }
        self.done.fetch_add(1, Ordering::Release);
        true
    }

    /// A helper's life.
    fn help(&self) {
        loop {
            let mut asleep = self.asleep.lock().unwrap_or_else(PoisonError::into_inner);
            while !self.in_session.load(Ordering::Acquire) {
                if self.closing.load(Ordering::Acquire) {
                    return;
                }
                asleep = self.wake.wait(asleep).unwrap_or_else(PoisonError::into_inner);
            }
            drop(asleep);
            let mut spins = 0;
            while self.in_session.load(Ordering::Acquire) {
                if self.take_and_do() {
                    spins = 0;
                } else {
                    pause(&mut spins);
                }
            }
        }
    }
}

/// A short wait; after many in a row, other threads may run.
fn pause(spins: &mut u32) {
    *spins += 1;
    if *spins < SPINS {
        std::hint::spin_loop();
    } else {
        std::thread::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chunk_is_done_once() {
        let crew = Crew::start(3);
        for chunks in [0, 1, 2, 7, 1000] {
            let mut session = crew.session().expect("nobody else has it");
            for _ in 0..20 {
                let counts: Vec<AtomicUsize> = (0..chunks).map(|_| AtomicUsize::new(0)).collect();
                session.run(chunks, &|chunk| {
                    counts[chunk].fetch_add(1, Ordering::Relaxed);
                });
                assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1));
            }
        }
    }

    #[test]
    fn a_second_caller_gets_no_session() {
        let crew = Crew::start(1);
        let first = crew.session();
        assert!(first.is_some() && crew.session().is_none());
        drop(first);
        assert!(crew.session().is_some());
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_crew_works_on() {
        let crew = Crew::start(2);
        let mut session = crew.session().expect("nobody else has it");
        let caught = catch_unwind(AssertUnwindSafe(|| {
            session.run(50, &|chunk| assert_ne!(chunk, 33, "on purpose"));
        }));
        assert!(caught.is_err());
        let done = AtomicUsize::new(0);
        session.run(50, &|_| {
            done.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(done.load(Ordering::Relaxed), 50);
    }
}
