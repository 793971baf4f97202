//! The service over an encoder that computes only when a test says so.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

/// Panics on a sequence that contains it.
const POISON: u32 = 666;

/// Tells what it was asked for, and computes only when it may.
struct Stub {
    threads: usize,
    calls: mpsc::Sender<(Vec<Vec<u32>>, Threads)>,
    may_go: Mutex<mpsc::Receiver<()>>,
}

impl Encoder for Stub {
    fn dimension(&self) -> usize {
        2
    }

    fn threads(&self) -> usize {
        self.threads
    }

    fn batch_tokens(&self) -> usize {
        128
    }

    fn encode(&self, sequences: &[&[u32]], threads: Threads) -> Result<Vec<Embedding>> {
        let call = sequences.iter().map(|sequence| sequence.to_vec()).collect();
        self.calls.send((call, threads)).unwrap();
        self.may_go.lock().unwrap().recv().unwrap();
        assert!(!sequences.concat().contains(&POISON), "poison");
        sequences.iter().map(|sequence| Ok(vector_of(sequence))).collect()
    }
}

fn vector_of(sequence: &[u32]) -> Embedding {
    let angle = sequence.iter().sum::<u32>() as f32;
    Embedding::normalized(vec![angle.cos(), angle.sin()]).unwrap()
}

struct Bench {
    service: InferenceService,
    calls: mpsc::Receiver<(Vec<Vec<u32>>, Threads)>,
    go: mpsc::Sender<()>,
}

fn bench(threads: usize, capacity: usize) -> Bench {
    let ((sender, calls), (go, may_go)) = (mpsc::channel(), mpsc::channel());
    let encoder = Stub { threads, calls: sender, may_go: Mutex::new(may_go) };
    Bench { service: InferenceService::start(Arc::new(encoder), capacity).unwrap(), calls, go }
}

impl Bench {
    fn submit(&self, tokens: &[u32]) -> mpsc::Receiver<Result<Embedding>> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.service.submit(tokens.to_vec(), Box::new(Waiting(sender))).unwrap();
        receiver
    }
}

#[test]
fn a_lone_message_starts_at_once_on_all_threads() {
    let bench = bench(2, 8);
    let reply = bench.submit(&[1, 2]);
    assert_eq!(bench.calls.recv().unwrap(), (vec![vec![1, 2]], Threads::All));
    bench.go.send(()).unwrap();
    assert_eq!(reply.recv().unwrap().unwrap().as_slice(), vector_of(&[1, 2]).as_slice());
}

#[test]
fn what_waits_becomes_batches_by_tokens_in_order() {
    let bench = bench(1, 100);
    let first = bench.submit(&[0]);
    bench.calls.recv().unwrap();
    let waiting: Vec<_> = (1..=5).map(|n| bench.submit(&[n; 50])).collect();
    let long = bench.submit(&[9; 300]);
    for _ in 0..5 {
        bench.go.send(()).unwrap();
    }
    for batch in [vec![1, 2], vec![3, 4], vec![5], vec![9]] {
        let (sequences, _) = bench.calls.recv().unwrap();
        assert_eq!(sequences.iter().map(|sequence| sequence[0]).collect::<Vec<_>>(), batch);
    }
    assert_eq!(first.recv().unwrap().unwrap().as_slice(), vector_of(&[0]).as_slice());
    for (n, reply) in (1..=5).zip(waiting) {
        assert_eq!(reply.recv().unwrap().unwrap().as_slice(), vector_of(&[n; 50]).as_slice());
    }
    assert_eq!(long.recv().unwrap().unwrap().as_slice(), vector_of(&[9; 300]).as_slice());
}

#[test]
fn what_comes_then_knows_whether_more_is_ahead_and_may_panic() {
    let ((sender, calls), (go, may_go)) = (mpsc::channel(), mpsc::channel());
    let encoder = Stub { threads: 1, calls: sender, may_go: Mutex::new(may_go) };
    let (tell, told) = mpsc::channel();
    let then = move |ahead| {
        tell.send(ahead).unwrap();
        assert_eq!(ahead, Ahead::Batch(1), "on purpose");
    };
    let service = InferenceService::start_with(Arc::new(encoder), 9, then).unwrap();
    let bench = Bench { service, calls, go };
    let first = bench.submit(&[1]);
    bench.calls.recv().unwrap();
    let second = bench.submit(&[2]);
    bench.go.send(()).unwrap();
    first.recv().unwrap().unwrap();
    assert_eq!(told.recv().unwrap(), Ahead::Batch(1));
    bench.calls.recv().unwrap();
    // Whoever is gone by the time that a worker comes leaves nothing ahead.
    bench.service.shared.lock().jobs.push_back(Job {
        tokens: vec![3],
        reply: Box::new(Cancellable(Arc::default())),
        since: Instant::now(),
    });
    bench.service.shared.lock().waiting_tokens += 1;
    bench.go.send(()).unwrap();
    second.recv().unwrap().unwrap();
    assert_eq!((told.recv().unwrap(), told.recv().unwrap()), (Ahead::Batch(1), Ahead::Nothing));
    let third = bench.submit(&[4]);
    bench.go.send(()).unwrap();
    third.recv().unwrap().unwrap();
    drop(bench);
    assert_eq!(told.iter().collect::<Vec<_>>(), [Ahead::Nothing]);
}

#[test]
fn free_workers_share_what_waits() {
    let bench = bench(2, 100);
    let held = [bench.submit(&[1]), bench.submit(&[2])];
    bench.calls.recv().unwrap();
    bench.calls.recv().unwrap();
    let mut queue = bench.service.shared.lock();
    queue.free = 2;
    for n in 0..4 {
        let reply = Box::new(Waiting(mpsc::sync_channel(1).0));
        queue.jobs.push_back(Job { tokens: vec![n; 10], reply, since: Instant::now() });
        queue.waiting_tokens += 10;
    }
    assert_eq!(queue.take_batch().len(), 2);
    queue.free = 1;
    assert_eq!(queue.take_batch().len(), 2);
    assert_eq!(queue.waiting_tokens, 0);
    queue.free = 0;
    drop(queue);
    for reply in held {
        bench.go.send(()).unwrap();
        drop(reply);
    }
}

#[test]
fn a_full_queue_refuses_at_once() {
    let bench = bench(1, 2);
    let running = bench.submit(&[1]);
    bench.calls.recv().unwrap();
    let waiting = [bench.submit(&[2]), bench.submit(&[3])];
    let refused = bench.service.submit(vec![4], Box::new(Waiting(mpsc::sync_channel(1).0)));
    assert!(matches!(refused, Err(Error::Overloaded { waiting: 2 })));
    bench.go.send(()).unwrap();
    bench.go.send(()).unwrap();
    running.recv().unwrap().unwrap();
    for reply in waiting {
        reply.recv().unwrap().unwrap();
    }
}

#[test]
fn it_tells_how_many_wait_and_for_how_long() {
    let bench = bench(1, 10);
    assert_eq!(bench.service.load(), Load { waiting: 0, longest_wait: Duration::ZERO, workers: 1 });
    let running = bench.submit(&[1]);
    bench.calls.recv().unwrap();
    let waiting = [bench.submit(&[2]), bench.submit(&[3])];
    let first = bench.service.load();
    std::thread::sleep(Duration::from_millis(2));
    let second = bench.service.load();
    assert_eq!((first.waiting, second.waiting), (2, 2));
    assert!(second.longest_wait >= first.longest_wait + Duration::from_millis(2));
    bench.go.send(()).unwrap();
    bench.go.send(()).unwrap();
    running.recv().unwrap().unwrap();
    for reply in waiting {
        reply.recv().unwrap().unwrap();
    }
    assert_eq!(bench.service.load().waiting, 0);
}

/// Tells when a worker takes it.
struct Begun(mpsc::Sender<()>);

impl Reply for Begun {
    fn is_wanted(&self) -> bool {
        true
    }

    fn begin(&mut self) {
        self.0.send(()).unwrap();
    }

    fn deliver(self: Box<Self>, _: Result<Embedding>) {}
}

#[test]
fn a_reply_hears_when_its_waiting_is_over() {
    let bench = bench(1, 10);
    let running = bench.submit(&[1]);
    bench.calls.recv().unwrap();
    let (sender, begun) = mpsc::channel();
    bench.service.submit(vec![2], Box::new(Begun(sender))).unwrap();
    assert!(begun.try_recv().is_err(), "it waits");
    bench.go.send(()).unwrap();
    begun.recv().unwrap();
    bench.go.send(()).unwrap();
    running.recv().unwrap().unwrap();
}

struct Cancellable(Arc<AtomicBool>);

impl Reply for Cancellable {
    fn is_wanted(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    fn deliver(self: Box<Self>, _: Result<Embedding>) {
        assert!(self.is_wanted(), "delivered though nobody waits");
    }
}

#[test]
fn what_nobody_waits_for_is_not_computed_and_takes_no_room() {
    let bench = bench(1, 1);
    let running = bench.submit(&[1]);
    bench.calls.recv().unwrap();
    let wanted = Arc::new(AtomicBool::new(true));
    bench.service.submit(vec![2], Box::new(Cancellable(Arc::clone(&wanted)))).unwrap();
    wanted.store(false, Ordering::SeqCst);
    let next = bench.submit(&[3]);
    bench.go.send(()).unwrap();
    bench.go.send(()).unwrap();
    assert_eq!(bench.calls.recv().unwrap().0, [[3]]);
    running.recv().unwrap().unwrap();
    next.recv().unwrap().unwrap();
}

#[test]
fn a_panic_reaches_only_the_message_that_caused_it() {
    let bench = bench(1, 10);
    let first = bench.submit(&[1]);
    bench.calls.recv().unwrap();
    let replies = [bench.submit(&[2]), bench.submit(&[POISON]), bench.submit(&[3])];
    for _ in 0..5 {
        bench.go.send(()).unwrap();
    }
    first.recv().unwrap().unwrap();
    let results = replies.map(|reply| reply.recv().unwrap());
    assert!(results[0].is_ok() && results[2].is_ok());
    assert!(matches!(results[1], Err(Error::InferencePanicked)));
    bench.go.send(()).unwrap();
    assert!(bench.service.embed(vec![4]).is_ok());
}

#[test]
fn dropping_it_finishes_what_was_taken_in() {
    let bench = bench(2, 10);
    let replies: Vec<_> = (0..6).map(|n| bench.submit(&[n; 60])).collect();
    for _ in 0..6 {
        bench.go.send(()).unwrap();
    }
    drop(bench.service);
    assert!(replies.into_iter().all(|reply| reply.recv().unwrap().is_ok()));
}
