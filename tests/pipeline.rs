//! The whole pipeline, as people run it: `xtask` and the real stages on the embedded series, with
//! data folders of their own.

mod pipeline {
    mod bad_input;
    mod bench;
    mod cases;
    mod end_to_end;
    mod experiments;
    mod kills;
    mod new;
    mod readme;
    mod reference;
    mod schema;
    mod sources;
    mod tasks;
    mod truth;
}
