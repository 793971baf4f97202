//! Whether messages wait for the model. Then all else may wait for a moment, so that more of it is done in one go: a thread that falls asleep
//! has to be woken, which takes longer than most of what it then does, and the processor has other work meanwhile.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// Messages of this process that wait.
static WAITING: AtomicUsize = AtomicUsize::new(0);

/// So many are several batches for each core, so that a message waits for longer than all that is put off.
const MANY: usize = 16;

/// For how long a thread without work then does not look for any.
const REST: Duration = Duration::from_micros(500);

/// A message that waits for the model, until this is dropped.
pub(crate) struct Waits(());

impl Waits {
    /// One more.
    pub(crate) fn begin() -> Self {
        WAITING.fetch_add(1, Ordering::Relaxed);
        Self(())
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        WAITING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Whether there are many.
pub(crate) fn is_there() -> bool {
    WAITING.load(Ordering::Relaxed) >= MANY
}

/// To be called by each thread that serves, before it falls asleep because it has no work
/// ([`on_thread_park`](tokio::runtime::Builder::on_thread_park)).
pub fn rest() {
    if is_there() {
        thread::sleep(REST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_there_as_long_as_many_messages_wait() {
        // Nothing else in these tests waits for a model.
        let mut waiting: Vec<Waits> = (1..MANY).map(|_| Waits::begin()).collect();
        assert!(!is_there());
        waiting.push(Waits::begin());
        assert!(is_there());
        waiting.pop();
        assert!(!is_there());
    }
}
