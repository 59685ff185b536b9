//! Ctrl-C, and the requests to terminate or hang up: remembered in a flag that the runner asks for.
//! The stage that runs gets the terminal's signal itself; the runner ends it if it does not.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::Failure;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

extern "C" fn remember(_signal: libc::c_int) {
    INTERRUPTED.store(true, Ordering::SeqCst);
}

/// Starts to listen.
pub(crate) fn listen() {
    let handler = remember as extern "C" fn(libc::c_int) as libc::sighandler_t;
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: the handler only stores to an atomic, which is allowed in a signal handler.
        let before = unsafe { libc::signal(signal, handler) };
        if signal == libc::SIGHUP && before == libc::SIG_IGN {
            // Started by `nohup`: goes on when the terminal closes.
            // SAFETY: restores what was there.
            unsafe { libc::signal(signal, libc::SIG_IGN) };
        }
    }
}

pub(crate) fn happened() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// # Errors
/// [`Failure::Interrupted`] once a signal has arrived.
pub(crate) fn check() -> Result<(), Failure> {
    if happened() { Err(Failure::Interrupted) } else { Ok(()) }
}
