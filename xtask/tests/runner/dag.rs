//! The stages drawn.

use super::sandbox::Sandbox;

#[test]
fn a_drawing_has_the_states_that_status_tells() {
    let sandbox = Sandbox::new();
    sandbox.run_all(&[]);
    let ended = sandbox.xtask(&["dag", "x", "--set", "evaluate.days=10", "--set", "impute.members=3"]);
    assert_eq!(
        ended.stdout,
        "files             ●\n\
         ingest            ○─●                          fresh    files\n\
         preprocess          ○─●                        fresh    ingest\n\
         train               │ ○─●                      fresh    preprocess\n\
         held-out            │ │ ○─●                    fresh    train\n\
         bound               │ ○─○─│─●                  fresh    preprocess, train\n\
         prepare-delivery    ○─│─│─│─│─●                fresh    ingest\n\
         deliver             │ │ ○─│─│─○─●              fresh    train, prepare-delivery\n\
         generate            │ │ │ │ │ │ ○─●            fresh    deliver\n\
         calibrate           │ │ │ │ │ ○─○─│─●          fresh    prepare-delivery, deliver\n\
         impute              ○─│─│─│─│─│─○─│─○─●        missing  ingest, deliver, calibrate\n\
         evaluate            │ ○─│─○─○─│───│─────●      stale    preprocess, held-out, bound\n\
         compare-models      │ ○─│─○───○───○─────│─●    fresh    preprocess, held-out, prepare-delivery,\n\
         \u{20}                   │ │ │ │       │     │ │             generate\n\
         report              ○─○─○─○───────○─────○─○─●  stale    ingest, preprocess, train, held-out,\n\
         \u{20}                                                       generate, evaluate, compare-models\n",
        "{}",
        ended.stderr
    );
}

#[test]
fn a_drawing_is_written_where_it_is_wanted() {
    let sandbox = Sandbox::new();
    let ended = sandbox.xtask(&["dag", "x", "--as", "svg", "--output", "x.svg"]);
    assert_eq!(ended.stdout, "x.svg\n", "{}", ended.stderr);
    let svg = sandbox.read("x.svg");
    assert!(svg.starts_with("<svg ") && svg.matches(">missing<").count() == 12, "{svg}");
    let ended = sandbox.xtask(&["dag", "x", "--as", "mermaid"]);
    assert!(ended.stdout.starts_with("flowchart LR\n  n0([\"files\"])\n"), "{}", ended.stdout);
    let ended = sandbox.xtask(&["dag", "x", "--output", "nowhere/x.txt"]);
    assert!(ended.stderr.starts_with("error: cannot write nowhere/x.txt: "), "{}", ended.stderr);
    assert_eq!(ended.code, Some(1));
}

#[test]
fn machines_get_the_nodes() {
    let sandbox = Sandbox::new();
    let text = sandbox.xtask(&["dag", "x", "--json"]).stdout;
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let wanted = serde_json::json!({"name": "train", "state": "missing", "reads": ["preprocess"]});
    assert_eq!(value["stages"][3], wanted);
    assert_eq!(value["stages"][0], serde_json::json!({"name": "files", "state": null, "reads": []}));
}
