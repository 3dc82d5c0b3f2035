//! One answer for one asker, across the border between the driver and a handle.

use std::task::{Context, Poll, Waker};

use crate::sync::{Arc, Mutex};

/// Makes an asker and an answerer. Dropping either harms nobody: the asker then gets `None`, the answer nothing.
pub(super) fn completion<T>() -> (Answerer<T>, Completion<T>) {
    let slot = Arc::new(Mutex::new(Slot { answer: None, gone: false, waker: None }));
    (Answerer { slot: Arc::clone(&slot) }, Completion { slot })
}

#[derive(Debug)]
struct Slot<T> {
    answer: Option<T>,
    gone: bool,
    waker: Option<Waker>,
}

/// The side that answers.
#[derive(Debug)]
pub(super) struct Answerer<T> {
    slot: Arc<Mutex<Slot<T>>>,
}

impl<T> Answerer<T> {
    pub(super) fn answer(self, value: T) {
        self.slot.lock().answer = Some(value);
    }
}

impl<T> Drop for Answerer<T> {
    fn drop(&mut self) {
        let waker = {
            let mut slot = self.slot.lock();
            slot.gone = true;
            slot.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// The side that asks. Dropping it gives up the answer and nothing else.
#[derive(Debug)]
pub struct Completion<T> {
    slot: Arc<Mutex<Slot<T>>>,
}

impl<T> Completion<T> {
    /// The answer; `None` if there will be none, because the driver is gone.
    pub fn poll_answer(&mut self, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut slot = self.slot.lock();
        if let Some(answer) = slot.answer.take() {
            return Poll::Ready(Some(answer));
        }
        if slot.gone {
            return Poll::Ready(None);
        }
        slot.waker = Some(context.waker().clone());
        Poll::Pending
    }
}
