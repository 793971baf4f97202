//! Worker threads that embed what many callers ask for at once.
//!
//! Callers put token ids into a bounded queue and get their vectors by a [`Reply`]. A worker that is free takes what
//! waits: a lone message starts at once, on all threads; the more callers there are, the fuller the batches become, by
//! themselves. When the queue is full, a caller is refused at once. Workers that have nothing to do sleep.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::encoder::{Encoder, Threads};
use crate::{Embedding, Error, Result};

/// Where a result goes.
pub trait Reply: Send {
    /// Whether anybody still waits for it; what nobody waits for is not computed.
    fn is_wanted(&self) -> bool;

    /// Says that the waiting is over: a worker takes the sequence now. Runs on a worker's thread: it must not block.
    fn begin(&mut self) {}

    /// Hands the result over. Runs on a worker's thread: it must not block.
    fn deliver(self: Box<Self>, result: Result<Embedding>);
}

/// The queue and the workers. Dropped, it finishes what was taken in and ends its threads.
pub struct InferenceService {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

struct Shared {
    encoder: Arc<dyn Encoder>,
    capacity: usize,
    queue: Mutex<Queue>,
    arrived: Condvar,
    then: Box<dyn Fn(Ahead) + Send + Sync>,
}

/// What waits, and who is there to take it.
struct Queue {
    jobs: VecDeque<Job>,
    waiting_tokens: usize,
    /// What a worker takes at most; a longer message is taken alone.
    batch_tokens: usize,
    /// Workers that have nothing to do.
    free: usize,
    workers: usize,
    closing: bool,
}

struct Job {
    tokens: Vec<u32>,
    reply: Box<dyn Reply>,
    since: Instant,
}

/// What is ahead of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ahead {
    /// Another batch: so many messages wait.
    Batch(usize),
    /// Nothing, until somebody comes.
    Nothing,
}

/// How the service is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// How many sequences wait, beside those being computed.
    pub waiting: usize,
    /// How long the one that waits the longest has waited.
    pub longest_wait: Duration,
    /// How many workers are there to take them.
    pub workers: usize,
}

impl InferenceService {
    /// Starts as many workers as the encoder has threads. At most `capacity` messages wait, beside those being computed.
    ///
    /// # Errors
    /// When the system cannot start a thread.
    pub fn start(encoder: Arc<dyn Encoder>, capacity: usize) -> Result<Self> {
        Self::start_with(encoder, capacity, |_| ())
    }

    /// The same, with what a worker does `then`: when it has handed over the results of a batch, and once more when nothing waits any
    /// more. What is computed from several results at once is best computed there, because nobody has to be woken for it. It may take its
    /// time.
    ///
    /// # Errors
    /// When the system cannot start a thread.
    pub fn start_with(
        encoder: Arc<dyn Encoder>,
        capacity: usize,
        then: impl Fn(Ahead) + Send + Sync + 'static,
    ) -> Result<Self> {
        let count = encoder.threads().max(1);
        let queue = Queue {
            jobs: VecDeque::new(),
            waiting_tokens: 0,
            batch_tokens: encoder.batch_tokens(),
            free: count,
            workers: count,
            closing: false,
        };
        let capacity = capacity.max(1);
        let (queue, then) = (Mutex::new(queue), Box::new(then));
        let shared = Arc::new(Shared { encoder, capacity, queue, arrived: Condvar::new(), then });
        let mut service = Self { shared, workers: Vec::with_capacity(count) };
        for number in 0..count {
            let shared = Arc::clone(&service.shared);
            let builder = std::thread::Builder::new().name(format!("inference-{number}"));
            let worker = builder.spawn(move || shared.work()).map_err(Error::NoThread)?;
            service.workers.push(worker);
        }
        Ok(service)
    }

    /// Puts a sequence of token ids, as [`TextEncoder::tokenize`](crate::TextEncoder::tokenize) makes it, into the queue.
    ///
    /// # Errors
    /// [`Error::Overloaded`] at once when the queue is full. The reply is dropped then.
    pub fn submit(&self, tokens: Vec<u32>, reply: Box<dyn Reply>) -> Result<()> {
        let mut queue = self.shared.lock();
        if queue.jobs.len() >= self.shared.capacity {
            // What nobody waits for any more takes no room.
            queue.jobs.retain(|job| job.reply.is_wanted());
            queue.waiting_tokens = queue.jobs.iter().map(|job| job.tokens.len()).sum();
            if queue.jobs.len() >= self.shared.capacity {
                return Err(Error::Overloaded { waiting: queue.jobs.len() });
            }
        }
        queue.waiting_tokens += tokens.len();
        queue.jobs.push_back(Job { tokens, reply, since: Instant::now() });
        drop(queue);
        self.shared.arrived.notify_one();
        Ok(())
    }

    /// How the service is doing just now.
    #[must_use]
    pub fn load(&self) -> Load {
        let queue = self.shared.lock();
        Load {
            waiting: queue.jobs.len(),
            longest_wait: queue.jobs.front().map(|job| job.since.elapsed()).unwrap_or_default(),
            workers: self.workers.iter().filter(|worker| !worker.is_finished()).count(),
        }
    }

    /// Embeds one sequence, and waits for it.
    ///
    /// # Errors
    /// [`Error::Overloaded`] at once when the queue is full, or what the encoder fails with.
    pub fn embed(&self, tokens: Vec<u32>) -> Result<Embedding> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.submit(tokens, Box::new(Waiting(sender)))?;
        receiver.recv().unwrap_or(Err(Error::InferencePanicked))
    }
}

impl Drop for InferenceService {
    fn drop(&mut self) {
        self.shared.lock().closing = true;
        self.shared.arrived.notify_all();
        for worker in self.workers.drain(..) {
            // A worker catches panics; there is nothing to learn from how it ended.
            drop(worker.join());
        }
    }
}

/// A thread that waits for its result.
struct Waiting(mpsc::SyncSender<Result<Embedding>>);

impl Reply for Waiting {
    fn is_wanted(&self) -> bool {
        true
    }

    fn deliver(self: Box<Self>, result: Result<Embedding>) {
        // Whoever waited can only be gone with its whole thread.
        drop(self.0.send(result));
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A worker's life.
    fn work(&self) {
        let mut queue = self.lock();
        let mut has_worked = false;
        loop {
            let batch = queue.take_batch();
            if batch.is_empty() && !has_worked {
                if queue.closing {
                    return;
                }
                queue = self.arrived.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let alone = queue.free == queue.workers && queue.jobs.is_empty();
            queue.free -= 1;
            drop(queue);
            has_worked = !batch.is_empty();
            if has_worked {
                self.compute(batch, if alone { Threads::All } else { Threads::Caller });
                queue = self.lock();
                if !queue.jobs.is_empty() {
                    let ahead = Ahead::Batch(queue.jobs.len());
                    drop(queue);
                    self.then(ahead);
                    queue = self.lock();
                }
            } else {
                self.then(Ahead::Nothing);
                queue = self.lock();
            }
            queue.free += 1;
        }
    }

    fn then(&self, ahead: Ahead) {
        // A panic must not take the worker with it.
        drop(catch_unwind(AssertUnwindSafe(|| (self.then)(ahead))));
    }

    fn compute(&self, batch: Vec<Job>, threads: Threads) {
        let (tokens, mut replies): (Vec<Vec<u32>>, Vec<Box<dyn Reply>>) =
            batch.into_iter().map(|job| (job.tokens, job.reply)).unzip();
        for reply in &mut replies {
            // A reply that panics must not take the worker with it.
            drop(catch_unwind(AssertUnwindSafe(|| reply.begin())));
        }
        let sequences: Vec<&[u32]> = tokens.iter().map(Vec::as_slice).collect();
        let results: Vec<Result<Embedding>> = match self.encode(&sequences, threads) {
            Ok(embeddings) => embeddings.into_iter().map(Ok).collect(),
            Err(error) if sequences.len() == 1 => vec![Err(error)],
            // One message must not spoil the others of its batch.
            Err(_) => sequences.iter().map(|&sequence| self.encode_one(sequence)).collect(),
        };
        for (reply, result) in replies.into_iter().zip(results) {
            // A reply that panics must not take the others with it.
            drop(catch_unwind(AssertUnwindSafe(|| reply.deliver(result))));
        }
    }

    fn encode_one(&self, sequence: &[u32]) -> Result<Embedding> {
        self.encode(&[sequence], Threads::Caller)?.pop().ok_or(Error::InferencePanicked)
    }

    fn encode(&self, sequences: &[&[u32]], threads: Threads) -> Result<Vec<Embedding>> {
        let encode = AssertUnwindSafe(|| self.encoder.encode(sequences, threads));
        catch_unwind(encode).unwrap_or(Err(Error::InferencePanicked))
    }
}

impl Queue {
    /// The messages that waited longest: the share of one of the free workers, at most as much as goes through the network
    /// together.
    fn take_batch(&mut self) -> Vec<Job> {
        let share = self.waiting_tokens.div_ceil(self.free.max(1)).min(self.batch_tokens);
        let mut batch = Vec::new();
        let mut tokens = 0;
        while let Some(job) = self.jobs.front() {
            let length = job.tokens.len();
            if job.reply.is_wanted() {
                if !batch.is_empty() && tokens + length > share {
                    break;
                }
                tokens += length;
                batch.extend(self.jobs.pop_front());
            } else {
                self.jobs.pop_front();
            }
            self.waiting_tokens -= length;
        }
        batch
    }
}

#[cfg(test)]
mod tests;
