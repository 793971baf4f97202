//! Progress bars on standard error; nothing when that is no terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar that starts when the first report comes.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A bar for work that `what` names.
    pub(crate) fn new(what: &str) -> Self {
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}");
        bar.set_style(style.expect("the template is a constant"));
        bar.set_message(what.to_owned());
        Self(bar)
    }

    /// So much of so much is done.
    pub(crate) fn report(&self, done: usize, of: usize) {
        self.0.set_length(of as u64);
        self.0.set_position(done as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
