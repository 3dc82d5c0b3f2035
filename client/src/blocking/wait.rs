use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// Waits for any future of this crate on the calling thread, which needs no runtime.
///
/// The thread is parked meanwhile. Futures of a runtime (its timers, its sockets) need that runtime and do not work
/// here.
pub fn wait<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    if let Some(output) = at_once(future.as_mut()) {
        return output;
    }
    let waker = unparking();
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        thread::park();
    }
}

/// As [`wait`], for no longer than `timeout`; then `None`, and the future is dropped: its section *Cancel safety* says
/// what that means. To keep on waiting later, give it a `&mut` of a pinned future.
pub fn wait_for<F: Future>(future: F, timeout: Duration) -> Option<F::Output> {
    let mut future = pin!(future);
    if let Some(output) = at_once(future.as_mut()) {
        return Some(output);
    }
    let waker = unparking();
    let mut context = Context::from_waker(&waker);
    // A time too far to be counted is as good as a century.
    let far = Duration::from_secs(3_000_000_000);
    let deadline = Instant::now() + timeout.min(far);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        thread::park_timeout(left);
    }
}

/// The output of a future that need not wait: most records find their place at once, and a waker for each, which takes
/// an allocation, would cost half as much as they do.
fn at_once<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// A waker that unparks the calling thread.
fn unparking() -> Waker {
    Waker::from(Arc::new(Unpark(thread::current())))
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, poll_fn, ready};

    use super::*;

    #[test]
    fn what_is_ready_is_given_at_once_and_what_never_is_ends_with_the_timeout() {
        assert_eq!(wait(ready(7)), 7);
        assert_eq!(wait_for(ready(7), Duration::ZERO), Some(7));
        assert_eq!(wait_for(pending::<()>(), Duration::from_millis(5)), None);
    }

    #[test]
    fn another_thread_can_end_the_wait() {
        let mut polls = 0;
        let woken = poll_fn(|context| {
            polls += 1;
            if polls == 3 {
                return Poll::Ready(polls);
            }
            let waker = context.waker().clone();
            thread::spawn(move || waker.wake());
            Poll::Pending
        });
        assert_eq!(wait_for(woken, Duration::from_secs(20)), Some(3));
    }
}
