//! The script of misbehaviours: at which requests the server does what instead of its duty.

use std::time::Duration;

use crate::message::{Request, Response};

/// A misbehaviour and its occasion.
#[derive(Clone, Debug)]
pub struct Fault {
    pub method: &'static str,
    /// Part of the path: `/files/`, `/execution`.
    pub path: &'static str,
    pub turns: Turns,
    pub what: Misbehaviour,
    /// How many requests of this kind have come.
    pub(crate) seen: usize,
}

/// Which requests of a kind, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turns {
    Always,
    First(usize),
    Only(usize),
}

/// What the server does.
#[derive(Clone, Debug)]
pub enum Misbehaviour {
    /// Hangs up without a byte.
    HangUp,
    /// Sends part of the head and hangs up.
    CutHead,
    /// Sends the whole head and so many bytes of the body, and hangs up.
    CutBody(usize),
    /// Answers this.
    Answer(Response),
    /// Claims a length that is so much more than the body's, sends the body and hangs up.
    Length(i64),
    /// Changes the byte at this position of the body.
    Flip(usize),
    /// Sends the body in pieces of so many bytes with pauses.
    Drip(usize, Duration),
    /// Sends so many bytes of the body, and then nothing until the other side hangs up.
    Stall(usize),
    /// Sends nothing until the other side hangs up.
    Silence,
    /// Redirects to this address; `{target}` in it is the request's own target.
    Redirect(u16, String),
    /// Answers a range with everything.
    IgnoreRange,
    /// Answers a range with another one.
    OtherRange,
}

impl Fault {
    pub fn new(method: &'static str, path: &'static str, turns: Turns, what: Misbehaviour) -> Fault {
        Fault { method, path, turns, what, seen: 0 }
    }

    /// What to do at this request, or `None` for the server's duty. Counts it.
    pub(crate) fn at(&mut self, request: &Request) -> Option<Misbehaviour> {
        if request.method != self.method || !request.path().contains(self.path) {
            return None;
        }
        let turn = self.seen;
        self.seen += 1;
        let applies = match self.turns {
            Turns::Always => true,
            Turns::First(count) => turn < count,
            Turns::Only(only) => turn == only,
        };
        applies.then(|| self.what.clone())
    }
}
