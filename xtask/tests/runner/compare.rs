//! Published runs listed and compared.

use std::process::Stdio;

use serde_json::{Value, json};

use super::sandbox::Sandbox;

/// A published run of one stage.
fn publish(sandbox: &Sandbox, name: &str, tables: Value, finished: &str) {
    let run = json!({
        "format": 2, "pipeline": "pipelines/x.toml", "overrides": [], "tables": tables,
        "commit": "0123456789abcdef", "dirty": false, "finished": finished, "stages": [{
            "stage": "evaluate", "fingerprint": "f", "state": "ran", "started": finished, "seconds": 1.0,
            "outputs": [{"name": "metrics.json", "digest": "d", "bytes": 1500}],
        }],
    });
    sandbox.write(&format!("data/runs/{name}/run.json"), &run.to_string());
}

fn evaluate(sandbox: &Sandbox, name: &str, mean_e: f64) {
    let metrics = json!({
        "format": 2,
        "figures": [{
            "key": "spectrum", "title": "Power spectrum", "unit": "1", "error_unit": "1",
            "values": {"generated": 3.0},
        }],
        "candidates": [
            {"kind": "training", "mean_e": 9.0, "rows": []},
            {"kind": "model", "mean_e": mean_e, "outside": 2, "judge": null,
             "rows": [{"key": "spectrum", "error": 0.5, "e": 2.0 * mean_e}]},
        ],
        "likelihood": null,
        "targets": {"mean_e": {"value": mean_e, "met": true}, "judge": null, "likelihood": {"value": -1.0, "met": false}},
    });
    sandbox.write(&format!("data/runs/{name}/metrics.json"), &metrics.to_string());
}

fn report(sandbox: &Sandbox, name: &str, figure: &str) {
    let html = format!("<style>p {{ color: red }}</style><figure id=\"stages\">no</figure>{figure}");
    sandbox.write(&format!("data/runs/{name}/report.html"), &html);
}

/// Two settings with two and three seeds, in a folder of their own.
fn sweep() -> Sandbox {
    let sandbox = Sandbox::new();
    let runs = [("1", 0, 1.0), ("1", 1, 2.0), ("2", 0, 4.0), ("2", 1, 5.0), ("2", 2, 6.0)];
    for (beta, seed, mean_e) in runs {
        let name = format!("beta/beta={beta},seed={seed}");
        let tables = json!({
            "train": {"beta": beta.parse::<u32>().unwrap(), "seed": seed, "epochs": 3}, "generate": {"seed": seed},
        });
        publish(&sandbox, &name, tables, "2026-01-02T03:04:05Z");
        evaluate(&sandbox, &name, mean_e);
        report(&sandbox, &name, &format!("<figure id=\"spectrum\" class=\"wide\">of {name}</figure>"));
    }
    sandbox
}

#[test]
fn runs_are_listed_with_the_newest_last() {
    let sandbox = Sandbox::new();
    publish(&sandbox, "b", json!({}), "2026-01-02T03:04:05Z");
    publish(&sandbox, "deep/a", json!({}), "2025-01-02T03:04:05Z");
    evaluate(&sandbox, "b", 1.25);
    sandbox.write("data/runs/broken/run.json", "{");
    publish(&sandbox, "odd", json!({}), "2025-01-02T03:04:06Z");
    let metrics = sandbox.write("data/runs/odd/metrics.json", "{");
    sandbox.write("data/runs/.tmp-b-1/run.json", "{}");
    let ended = sandbox.xtask(&["list"]);
    assert_eq!(
        ended.stdout,
        "run     pipeline  finished          mean E  targets  stages    size  set\n\
         deep/a  x         2025-01-02 03:04       -        -       1  1.5 kB\n\
         odd     x         2025-01-02 03:04       -        -       1  1.5 kB\n\
         b       x         2026-01-02 03:04    1.25   1 of 2       1  1.5 kB\n"
    );
    assert_eq!(
        ended.stderr.replace(metrics.parent().unwrap().to_str().unwrap(), "odd"),
        "broken is left out: its run.json is not one: EOF while parsing an object at line 1 column 1\n\
         odd is shown without figures: odd/metrics.json is not JSON: EOF while parsing an object at line 1 column 1\n"
    );
    assert_eq!(ended.code, Some(0));
    let value: Value = serde_json::from_str(&sandbox.xtask(&["list", "--json"]).stdout).unwrap();
    assert_eq!((&value["runs"][2]["name"], &value["runs"][2]["mean_e"]), (&json!("b"), &json!(1.25)));
    assert_eq!(value["unreadable"][0]["name"], "broken");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let sandbox = sweep();
    let mut child = sandbox.command(&["list"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap()), (Some(0), String::new()));
}

#[test]
fn without_runs_the_list_says_how_to_make_one() {
    let ended = Sandbox::new().xtask(&["list"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
    assert_eq!(ended.stderr, "there are no runs in data/runs yet; cargo xtask run-all makes one\n");
}

#[test]
fn a_folder_is_compared_by_what_is_no_seed() {
    let sandbox = sweep();
    let ended = sandbox.xtask(&["compare", "beta/"]);
    // Means 1.5 and 5; 12.706 and 4.303 standard errors of 0.5 and 0.57735; Welch's degrees of freedom are 2.882,
    // for which t is 3.258.
    assert_eq!(
        ended.stdout,
        "group  runs  seeds    first run\n\
         A         2  0, 1     beta/beta=1,seed=0\n\
         B         3  0, 1, 2  beta/beta=2,seed=0\n\
         \n\
         settings that differ  A  B\n\
         [train] beta          1  2\n\
         \n\
         figure                                                      A                          B                          B - A\n\
         Mean E                                                      1.500 (-4.853 to 7.853)    5.000 (2.516 to 7.484)     +3.500 (1.012 to 5.988)\u{a0}*\n\
         Figures outside what real years differ by                   2.000 (2.000 to 2.000)     2.000 (2.000 to 2.000)     0.000 (0.000 to 0.000)\n\
         Likelihood bound minus the autoregression's, nats per hour  -1.000 (-1.000 to -1.000)  -1.000 (-1.000 to -1.000)  0.000 (0.000 to 0.000)\n\
         E of Power spectrum                                         3.00 (-9.71 to 15.71)      10.00 (5.03 to 14.97)      +7.00 (2.02 to 11.98)\u{a0}*\n\
         In parentheses: 95 % interval of the mean over seeds, from Student's t; * marks differences whose Welch interval \
         leaves out 0, as that of one figure in twenty does where nothing differs.\n\
         \n\
         data/runs/compare.html\n",
        "{}",
        ended.stderr
    );
    let all = sandbox.xtask(&["compare", "beta", "--all"]).stdout;
    assert!(all.contains("\nError of Power spectrum  ") && all.contains("\nPower spectrum  "), "{all}");
}

#[test]
fn the_page_has_the_pictures_of_each_groups_first_run_side_by_side() {
    let sandbox = sweep();
    let ended = sandbox.xtask(&["compare", "beta", "--output", "page.html", "--json"]);
    let value: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(value["page"], "page.html");
    assert_eq!(value["figures"][0]["groups"][1]["values"], json!([4.0, 5.0, 6.0]));
    assert_eq!(value["figures"][0]["groups"][1]["minus_first"], 3.5);
    assert_eq!(
        value["settings"][0]["groups"],
        json!([{"group": "A", "value": "1"}, {"group": "B", "value": "2"}])
    );
    let page = sandbox.read("page.html");
    for text in [
        "p { color: red }",
        "<figure id=\"A-spectrum\">of beta/beta=1,seed=0</figure>",
        "<figure id=\"B-spectrum\">of beta/beta=2,seed=0</figure>",
        "<td class=\"beyond\">+3.500 (1.012 to 5.988)\u{a0}*</td>",
    ] {
        assert!(page.contains(text), "{text} is not in {page}");
    }
    for absent in ["stages", "seed=1</figure>", "http", "<script"] {
        assert!(!page.contains(absent), "{absent} is in {page}");
    }
    assert!(!sandbox.path("data/runs/compare.html").exists());
}

#[test]
fn runs_with_the_same_seeds_are_not_taken_for_seeds() {
    let sandbox = Sandbox::new();
    for (name, mean_e) in [("new", 1.0), ("old", 2.0)] {
        publish(&sandbox, name, json!({"train": {"seed": 0}}), "2026-01-02T03:04:05Z");
        evaluate(&sandbox, name, mean_e);
    }
    let text = sandbox.read("data/runs/old/run.json").replace("0123456789abcdef", "fedcba9876543210");
    sandbox.write("data/runs/old/run.json", &text);
    let ended = sandbox.xtask(&["compare", "new", "old"]);
    let wanted = "settings that differ  A             B\ncommit                0123456789ab  fedcba987654\n";
    assert!(ended.stdout.contains(wanted), "{}{}", ended.stdout, ended.stderr);
    assert!(
        ended.stdout.contains("No group has more than one run, so there are no intervals: "),
        "{}",
        ended.stdout
    );
    assert!(
        ended.stdout.contains(
            "\nMean E                                                      1.000   2.000   +1.000\n"
        )
    );
    assert!(sandbox.read("data/runs/compare.html").contains("<p>old has no report.html.</p>"));
}

#[test]
fn an_older_run_is_compared_by_what_was_set() {
    let sandbox = sweep();
    let text = sandbox.read("data/runs/beta/beta=1,seed=0/run.json");
    let mut run: Value = serde_json::from_str(&text).unwrap();
    run["format"] = json!(1);
    run["overrides"] = json!(["train.beta=7"]);
    run.as_object_mut().unwrap().remove("tables");
    sandbox.write("data/runs/older/run.json", &run.to_string());
    evaluate(&sandbox, "older", 1.0);
    let ended = sandbox.xtask(&["compare", "older", "beta/beta=2,seed=0"]);
    let wanted = "settings that differ  A  B\n\
                  [train] beta          7  2\n\
                  settings not recorded of A: an earlier version has published it, and only what was --set is known\n";
    assert!(ended.stdout.contains(wanted), "{}{}", ended.stdout, ended.stderr);
}

#[test]
fn what_cannot_be_compared_says_what_to_do() {
    let sandbox = sweep();
    let check = |arguments: &[&str], message: &str| {
        let ended = sandbox.xtask(&[&["compare"], arguments].concat());
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(2), format!("error: {message}\n").as_str()));
    };
    check(&["bta", "beta"], "there is no run \"bta\" below data/runs; did you mean \"beta\"?");
    check(
        &["quite-other"],
        "there is no run \"quite-other\" below data/runs; cargo xtask list shows those that there are",
    );
    check(
        &["beta/beta=1,seed=0", "beta/beta=1,seed=0"],
        "compare needs at least two runs, and beta/beta=1,seed=0 beta/beta=1,seed=0 is only \"beta/beta=1,seed=0\"; \
         cargo xtask list shows those that there are",
    );
    publish(&sandbox, "bare", json!({}), "2026-01-02T03:04:05Z");
    let text = sandbox
        .read("data/runs/bare/run.json")
        .replace("\"overrides\":[]", "\"overrides\":[\"train.epochs=2\"]");
    sandbox.write("data/runs/bare/run.json", &text);
    check(
        &["bare", "beta"],
        "\"bare\" has no metrics.json; make it with: cargo xtask run evaluate pipelines/x.toml --name bare --set \
         'train.epochs=2'",
    );
    sandbox.write("data/runs/bare/metrics.json", "{\"format\": 1}");
    let ended = sandbox.xtask(&["compare", "bare", "beta"]);
    assert!(
        ended.stderr.ends_with(
            "data/runs/bare/metrics.json has artifact format 1, this version reads format 2; make it again with this \
             version\n"
        ),
        "{}",
        ended.stderr
    );
}
