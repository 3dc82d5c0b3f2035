//! The thread on which the application is told of outcomes, so that no other is delayed by what it does.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tracing::{error, warn};

use super::interceptor::Interceptors;
use super::{Report, Reports};
use crate::blocking::wait;

/// What the application wants to be told, and the interceptors.
#[derive(Clone, Default)]
pub(super) struct Callbacks {
    pub(super) interceptors: Interceptors,
    pub(super) on_report: Vec<OnReport>,
}

type OnReport = Arc<dyn Fn(&Report) + Send + Sync>;

impl fmt::Debug for Callbacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { interceptors, on_report } = self;
        f.debug_struct("Callbacks")
            .field("interceptors", interceptors)
            .field("on_report", &on_report.len())
            .finish()
    }
}

impl Callbacks {
    pub(super) fn is_empty(&self) -> bool {
        self.interceptors.is_empty() && self.on_report.is_empty()
    }

    /// Runs until the producer has ended and everything was told.
    pub(super) fn spawn(self, mut reports: Reports) -> io::Result<()> {
        let run = move || {
            while let Some(report) = wait(reports.next()) {
                self.tell(&report);
            }
        };
        std::thread::Builder::new().name("ottla-callbacks".into()).spawn(run).map(drop)
    }

    fn tell(&self, report: &Report) {
        for interceptor in &self.interceptors {
            let told = catch_unwind(AssertUnwindSafe(|| match report {
                Report::Batch(batch) => interceptor.on_settled(batch),
                Report::Missed(missed) => {
                    warn!(?interceptor, ?missed, "an interceptor is too slow; outcomes were not told");
                }
            }));
            if told.is_err() {
                error!(?interceptor, "an interceptor panicked over an outcome");
            }
        }
        for on_report in &self.on_report {
            if catch_unwind(AssertUnwindSafe(|| on_report(report))).is_err() {
                error!("a delivery callback panicked");
            }
        }
    }
}
