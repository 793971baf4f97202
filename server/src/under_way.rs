//! Counts what is under way, so that the service can wait for it when it stops.

use tokio::sync::watch;

/// How much of something is under way.
pub(crate) struct UnderWay(watch::Sender<usize>);

/// One thing that is under way, until this is dropped.
pub(crate) struct Begun(watch::Sender<usize>);

impl UnderWay {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    /// One more, until what this returns is dropped.
    pub(crate) fn begin(&self) -> Begun {
        self.0.send_modify(|count| *count += 1);
        Begun(self.0.clone())
    }

    /// How much there is.
    pub(crate) fn count(&self) -> usize {
        *self.0.borrow()
    }

    /// Waits until nothing is left.
    pub(crate) async fn none_left(&self) {
        // We hold the sender ourselves, so there is always somebody who can tell.
        drop(self.0.subscribe().wait_for(|count| *count == 0).await);
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn it_waits_for_all_that_was_begun_also_for_what_panicked() {
        let under_way = Arc::new(UnderWay::new());
        under_way.none_left().await;
        let (first, second) = (under_way.begin(), under_way.begin());
        let waiting = tokio::spawn({
            let under_way = Arc::clone(&under_way);
            async move { under_way.none_left().await }
        });
        drop(first);
        tokio::task::yield_now().await;
        assert_eq!((under_way.count(), waiting.is_finished()), (1, false));
        let panicking = tokio::spawn(async move {
            let _second = second;
            panic!("on purpose");
        });
        assert!(panicking.await.is_err());
        waiting.await.unwrap();
        assert_eq!(under_way.count(), 0);
    }
}
