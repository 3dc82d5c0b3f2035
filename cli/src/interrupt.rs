//! Ctrl-C as a value: commands select on it, stop what they do, and report what was done.

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

    /// Ready once Ctrl-C was pressed a second time: the user no longer wants to wait for a clean end.
    ///
    /// # Cancel safety
    /// A dropped future loses no press.
    pub(crate) async fn pressed_again(&self) {
        self.pressed_times(2).await;
    }

    async fn pressed_times(&self, times: u32) {
        let mut presses = self.presses.clone();
        if presses.wait_for(|presses| *presses >= times).await.is_err() {
            // The listener is gone, so nothing can be pressed any more.
            std::future::pending::<()>().await;
        }
    }
}
