//! Ctrl-C as a value: commands select on it, stop what they do, and report what was done.

use std::convert::Infallible;
use std::future::pending;

use indicatif::ProgressBar;
use tokio::sync::watch;

/// Whether and how often Ctrl-C was pressed. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt {
    presses: watch::Receiver<u32>,
}

impl Interrupt {
    /// Listens from now on. The process no longer dies of Ctrl-C by itself.
    pub(crate) fn listen() -> Self {
        let (sender, presses) = watch::channel(0);
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                sender.send_modify(|presses| *presses += 1);
            }
        });
        Self { presses }
    }

    /// Ready once Ctrl-C was pressed; stays ready.
    ///
    /// # Cancel safety
    /// A dropped future loses no press.
    pub(crate) async fn pressed(&self) {
        self.pressed_times(1).await;
    }

    /// Waits for a clean end. Who presses Ctrl-C, or has done so before, is told at once what is waited for; who
    /// presses it a second time no longer wants to: `None`.
    ///
    /// # Cancel safety
    /// As the end's own; a dropped future loses no press.
    pub(crate) async fn unless_given_up<T>(
        &self,
        end: impl Future<Output = T>,
        bar: &ProgressBar,
        waits_for: impl Fn() -> String,
    ) -> Option<T> {
        let tell = async {
            self.pressed().await;
            bar.suspend(|| {
                eprintln!("ottla: interrupted; waits for {}; press Ctrl-C again to give up", waits_for());
            });
            pending::<Infallible>().await
        };
        tokio::select! {
            // An end that is there already needs no words.
            biased;
            ended = end => Some(ended),
            () = self.pressed_times(2) => None,
            never = tell => match never {},
        }
    }

    async fn pressed_times(&self, times: u32) {
        let mut presses = self.presses.clone();
        if presses.wait_for(|presses| *presses >= times).await.is_err() {
            // The listener is gone, so nothing can be pressed any more.
            pending::<()>().await;
        }
    }
}
