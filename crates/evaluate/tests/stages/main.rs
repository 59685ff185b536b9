//! The stages on inputs made in code: what they leave, and what they say where something is missing.

mod fixture;
mod pictures;
mod tasks;
mod trials;

use std::sync::LazyLock;

use fixture::{Case, Run, digest};
use serde_json::Value;

/// The figures that are counted.
const KEYS: [&str; 24] = [
    "month_hour_mean",
    "month_hour_sd",
    "monthly_distribution",
    "tail_quantiles",
    "increment_sd_by_hour",
    "hourly_autocorrelation",
    "daily_autocorrelation_1_10",
    "daily_autocorrelation_11_30",
    "spectrum",
    "sd_monthly_anomaly",
    "sd_yearly_anomaly",
    "sd_running_mean_7_days",
    "sd_running_mean_31_days",
    "sd_running_mean_91_days",
    "warm_spell_length",
    "warm_spells_per_year",
    "cold_spell_length",
    "cold_spells_per_year",
    "diurnal_range",
    "day_to_day_change",
    "cooling_degree_hours_mean",
    "cooling_degree_hours_sd",
    "annual_maximum",
    "return_level_20_years",
];

fn keys(metrics: &Value) -> Vec<&str> {
    let figures = metrics["figures"].as_array().unwrap().iter();
    figures.filter(|figure| figure["counted"] == true).map(|figure| figure["key"].as_str().unwrap()).collect()
}

fn figure<'a>(metrics: &'a Value, key: &str) -> &'a Value {
    metrics["figures"].as_array().unwrap().iter().find(|figure| figure["key"] == key).unwrap()
}

fn candidate<'a>(metrics: &'a Value, name: &str) -> &'a Value {
    metrics["candidates"].as_array().unwrap().iter().find(|candidate| candidate["name"] == name).unwrap()
}

fn names(metrics: &Value) -> Vec<&str> {
    let candidates = metrics["candidates"].as_array().unwrap().iter();
    candidates.map(|candidate| candidate["name"].as_str().unwrap()).collect()
}

fn notes(metrics: &Value) -> String {
    let notes = metrics["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap());
    notes.collect::<Vec<_>>().join("\n")
}

/// Evaluates and reports, and returns metrics and page.
fn both(case: &Case) -> (Value, String) {
    let run = Run::of(case);
    run.evaluate().unwrap();
    run.report(case).unwrap();
    (run.json("metrics.json"), run.page())
}

#[test]
fn metrics_hold_every_figure_with_its_yardstick() {
    let run = Run::of(&Case::default());
    run.evaluate().unwrap();
    let metrics = run.json("metrics.json");
    assert_eq!(keys(&metrics), KEYS);
    assert_eq!(metrics["splits"]["count"], 199);
    for key in KEYS {
        let figure = figure(&metrics, key);
        assert!(figure["real_error"].as_f64().unwrap() > 0.0, "{figure}");
        for side in ["observed", "training", "held_out", "generated"] {
            assert!(figure["values"][side].is_f64(), "{side} of {figure}");
        }
    }
    assert!(figure(&metrics, "slope_hourly")["real_error"].is_null());
    let years = &metrics["years"];
    assert_eq!(years["training"]["ranges"], serde_json::json!([[2001, 2002], [2005, 2006]]));
    assert_eq!(years["held_out"]["ranges"], serde_json::json!([[2003, 2004], [2007, 2008], [2011, 2012]]));
    assert_eq!(years["validation"]["count"], 2);
    assert_eq!(years["generated"]["members"], 2);
    // The first day lacks an hour, and counts.
    assert_eq!(years["observed"]["whole_days"], 12 * 365 + 3);
    assert_eq!(metrics["compared_with"], "held_out");
    assert_eq!(metrics["generated_is"], "held_out.parquet");
}

#[test]
fn a_candidates_sums_are_those_of_its_rows() {
    let run = Run::of(&Case { shift_kelvin: 1.0, ..Case::default() });
    run.evaluate().unwrap();
    let metrics = run.json("metrics.json");
    assert_eq!(names(&metrics), ["generated", "training"]);
    for name in names(&metrics) {
        let candidate = candidate(&metrics, name);
        let rows = candidate["rows"].as_array().unwrap();
        let e: Vec<f64> = rows.iter().map(|row| row["e"].as_f64().unwrap()).collect();
        for (row, key) in rows.iter().zip(KEYS) {
            assert_eq!(row["key"], key);
            let real_error = figure(&metrics, key)["real_error"].as_f64().unwrap();
            let error = row["error"].as_f64().unwrap();
            // Seven digits are kept.
            assert!((error / real_error / row["e"].as_f64().unwrap() - 1.0).abs() < 1e-5, "{row}");
            assert_eq!(row["outside"], row["p"].as_f64().unwrap() < 0.05);
        }
        let mean = e.iter().map(|e| e.min(5.0)).sum::<f64>() / 24.0;
        assert!((candidate["mean_e"].as_f64().unwrap() - mean).abs() < 1e-6);
        assert_eq!(candidate["below_one"], e.iter().filter(|e| **e < 1.0).count());
        let outside = rows.iter().filter(|row| row["outside"] == true).count();
        assert_eq!(candidate["outside"], outside);
    }
}

#[test]
fn the_same_weather_is_inside_and_a_warmer_one_is_not() {
    let row = |shift_kelvin, key: &str| {
        let run = Run::of(&Case { shift_kelvin, ..Case::default() });
        run.evaluate().unwrap();
        let metrics = run.json("metrics.json");
        let rows = candidate(&metrics, "generated")["rows"].as_array().unwrap();
        rows.iter().find(|row| row["key"] == key).unwrap().clone()
    };
    let error = |row: &Value| row["error"].as_f64().unwrap();
    let (same, warmer) = (row(0.0, "month_hour_mean"), row(5.0, "month_hour_mean"));
    // Means of six years of this weather differ by about 0.1 K, those of a month by more.
    assert!(error(&same) < 1.0 && same["outside"] == false, "{same}");
    assert!((error(&warmer) - 5.0).abs() < 0.5 && warmer["outside"] == true, "{warmer}");
    let shape = row(5.0, "sd_running_mean_7_days");
    assert!(error(&shape) < 0.2, "{shape}");
}

#[test]
fn rivals_and_broken_generators_stand_beside_the_model() {
    let (metrics, page) = both(&Case { rivals: true, ..Case::default() });
    let names = names(&metrics);
    assert_eq!(names[..2], ["generated", "training"]);
    for name in ["climatology", "periodic_ar26", "blocks_4_days", "blocks_64_days", "knn_blocks"] {
        assert!(names.contains(&name), "{name}");
        assert_eq!(candidate(&metrics, name)["kind"], "rival");
        assert!(page.contains(&format!("id=\"candidate-{name}\"")));
    }
    for name in ["too_smooth", "no_memory", "shifted_phase", "wrong_tails", "copied_years"] {
        assert_eq!(candidate(&metrics, name)["kind"], "broken");
    }
    let outside = |name: &str, key: &str| {
        let rows = candidate(&metrics, name)["rows"].as_array().unwrap();
        rows.iter().find(|row| row["key"] == key).unwrap()["outside"] == true
    };
    assert!(outside("no_memory", "daily_autocorrelation_1_10"));
    assert!(outside("too_smooth", "increment_sd_by_hour"));
    assert!(outside("shifted_phase", "month_hour_mean"));
    assert!(outside("climatology", "month_hour_sd"));
    assert!(notes(&metrics).contains("Each figure is outside for at least one broken generator."));
}

/// Everything at once, with six generated years.
static JUDGED: LazyLock<(Value, String)> = LazyLock::new(|| {
    let six_years = Case { generated_hours: 6 * 8766, members: 1, ..Case::default() };
    both(&Case { judge: true, rivals: true, ..six_years })
});

#[test]
fn the_judge_the_audit_and_the_likelihood_stand_beside_the_figures() {
    let (metrics, page) = &*JUDGED;
    assert_eq!(metrics["judge_yardstick"]["halvings"].as_array().unwrap().len(), 5);
    let auc = |name: &str| candidate(metrics, name)["judge"]["auc"].as_f64().unwrap();
    let ratio = |name: &str| candidate(metrics, name)["memorisation"]["ratio"].as_f64().unwrap();
    // The same process; 270 windows a side have a standard deviation of 0.025.
    assert!((auc("generated") - 0.5).abs() < 0.1, "{}", auc("generated"));
    assert!(auc("too_smooth") > 0.95 && auc("climatology") > 0.95);
    assert!(candidate(metrics, "training")["judge"].is_null());
    assert!((0.9..=1.1).contains(&ratio("generated")), "{}", ratio("generated"));
    for copies in ["knn_blocks", "blocks_64_days", "copied_years", "training"] {
        assert_eq!(candidate(metrics, copies)["memorisation"]["passes"], false, "{copies}");
    }
    let likelihood = &metrics["likelihood"];
    let best = ["seasonal_ar26", "periodic_ar26"].map(|key| likelihood["baseline"][key].as_f64().unwrap());
    let difference = likelihood["difference"].as_f64().unwrap();
    assert!((difference - (0.25 - best[0].min(best[1]))).abs() < 1e-6, "{likelihood}");
    for text in
        ["A judge that is shown eight days at a time", "Generated days are as far from", "To the model"]
    {
        assert!(page.contains(text), "{text}");
    }
    assert!(page.contains("<td>0.250</td>") && page.contains("<small class=\"outside\">copies</small>"));
}

#[test]
fn every_target_says_what_was_wanted_and_whether_it_is_met() {
    let (metrics, page) = &*JUDGED;
    let targets = &metrics["targets"];
    for key in ["mean_e", "mean_e_knn", "outside", "judge", "memorisation", "likelihood"] {
        let [value, at_most] = ["value", "at_most"].map(|part| targets[key][part].as_f64().unwrap());
        let least = targets[key]["at_least"].as_f64().unwrap_or(f64::NEG_INFINITY);
        assert_eq!(targets[key]["met"], (least..=at_most).contains(&value), "{key}: {targets}");
    }
    let [training, knn] = ["training", "knn_blocks"].map(|name| candidate(metrics, name));
    assert_eq!(targets["mean_e"]["at_most"], training["mean_e"]);
    assert_eq!(targets["mean_e_knn"]["at_most"], knn["mean_e"]);
    for key in ["sd_monthly_anomaly", "sd_yearly_anomaly", "autocorrelation"] {
        assert!(targets[key]["met"].is_boolean(), "{key}");
    }
    let table = page.split("id=\"targets\"").nth(1).unwrap().split("</table>").next().unwrap();
    assert_eq!(table.matches("<tr><th scope=\"row\">").count(), 9);
}

#[test]
fn few_years_have_no_judge_and_say_so() {
    let (metrics, page) =
        both(&Case { judge: true, generated_hours: 3 * 8766, members: 1, ..Case::default() });
    assert!(candidate(&metrics, "generated")["judge"].is_null() && metrics["targets"]["judge"].is_null());
    assert!(notes(&metrics).contains("The judge needs 5 generated years with 8-day windows, and has 3."));
    assert!(!page.contains("A judge that is shown"));
}

#[test]
fn hours_generated_for_another_year_are_moved_back() {
    let figures = |case: &Case| both(case).0;
    let plain = figures(&Case::default());
    // The trend is 0.04 K a year and the reference year 2012.
    let moved = Case { target_year: Some(2062), shift_kelvin: 2.0, ..Case::default() };
    let moved = figures(&moved);
    for key in ["month_hour_mean", "annual_maximum", "annual_minimum", "tail_quantiles"] {
        let value = |metrics: &Value| figure(metrics, key)["values"]["generated"].as_f64().unwrap();
        let difference = value(&plain) - value(&moved);
        // Half a step of 32-bit floats near 300 is 1.5e-5.
        assert!(difference.abs() < 1e-4, "{key}: {difference}");
    }
    assert!(notes(&moved).contains(
        "The hours were generated for the climate of 2062; for the comparison they were moved back to 2012 by 2.000 K."
    ));
}

#[test]
fn in_sample_runs_say_so_and_compare_with_all_years() {
    let (metrics, page) = both(&Case { in_sample: true, rivals: true, ..Case::default() });
    assert_eq!(keys(&metrics), KEYS);
    assert_eq!(metrics["in_sample"], true);
    assert_eq!(metrics["compared_with"], "observed");
    assert_eq!(metrics["years"]["first_half"]["ranges"], serde_json::json!([[2001, 2006]]));
    assert_eq!(metrics["years"]["second_half"]["ranges"], serde_json::json!([[2007, 2012]]));
    let values = &figure(&metrics, "spectrum")["values"];
    assert!(metrics["years"]["held_out"].is_null() && values["training"].is_null());
    assert!(values["observed"].is_f64());
    assert_eq!(names(&metrics)[..2], ["generated", "climatology"]);
    assert!(notes(&metrics).contains("In-sample: the model was trained on windows from every year"));
    assert!(metrics["likelihood"].is_null() && metrics["targets"]["memorisation"].is_null());
    assert!(candidate(&metrics, "generated")["memorisation"].is_null());
    assert!(page.contains("<strong>In-sample.</strong>") && page.contains("figures, in-sample; mean E"));
}

#[test]
fn seven_years_have_no_yardstick_and_say_so() {
    let (metrics, page) = both(&Case { last_year: 2007, ..Case::default() });
    assert_eq!(metrics["splits"]["count"], 0);
    assert!(notes(&metrics).contains("There is no yardstick: it needs 8 real years, and there are 7."));
    let generated = candidate(&metrics, "generated");
    assert!(generated["mean_e"].is_null() && generated["outside"].is_null());
    let rows = generated["rows"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["error"].is_f64() && row["e"].is_null() && row["p"].is_null()));
    assert!(
        page.contains(
            "24 figures are compared with held-out years, without a yardstick: that needs 8 years."
        )
    );
}

/// Every 20th hour by a hash of its time, and three weeks of a winter of the held-out years.
fn five_percent_and_a_winter(local_us: i64) -> bool {
    let hour = (local_us / contract::calendar::HOUR_US) as u64;
    let hash = hour.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let civil = contract::calendar::civil(local_us);
    (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32 < (1 << 32) / 20
        || (civil.year == 2007 && (5..26).contains(&civil.day_of_year))
}

#[test]
fn missing_hours_move_every_figure_by_less_than_real_years_differ() {
    let whole = both(&Case { rivals: true, judge: true, ..Case::default() }).0;
    let missing = five_percent_and_a_winter;
    let gappy = both(&Case { rivals: true, judge: true, missing, ..Case::default() }).0;
    assert_eq!(keys(&gappy), KEYS);
    assert_eq!(names(&gappy), names(&whole));
    for side in ["training", "held_out", "observed"] {
        assert_eq!(gappy["years"][side]["ranges"], whole["years"][side]["ranges"]);
    }
    assert_eq!(gappy["notes"], whole["notes"]);
    for key in KEYS {
        let (before, after) = (figure(&whole, key), figure(&gappy, key));
        let real_error = before["real_error"].as_f64().unwrap();
        let after_error = after["real_error"].as_f64().unwrap();
        assert!((after_error / real_error - 1.0).abs() < 0.15, "{key}: {real_error} {after_error}");
        let error = |metrics: &Value| {
            let rows = candidate(metrics, "generated")["rows"].as_array().unwrap();
            rows.iter().find(|row| row["key"] == key).unwrap()["error"].as_f64().unwrap()
        };
        let moved = (error(&gappy) - error(&whole)).abs() / real_error;
        assert!(moved < 0.15, "{key}: {moved} of {real_error}");
    }
    for name in names(&whole) {
        let of = |metrics: &Value, path: [&str; 2]| candidate(metrics, name)[path[0]][path[1]].as_f64();
        for (path, bound) in [(["judge", "auc"], 0.1), (["memorisation", "ratio"], 0.03)] {
            let [before, after] = [&whole, &gappy].map(|metrics| of(metrics, path));
            let moved = before.zip(after).map(|(before, after)| (before - after).abs() / before.max(1.0));
            assert!(moved.unwrap_or(0.0) < bound, "{name} {path:?}: {before:?} {after:?}");
            assert_eq!(before.is_some(), after.is_some(), "{name} {path:?}");
        }
    }
}

#[test]
fn a_year_with_too_few_hours_is_named_with_its_share() {
    let missing = |local_us: i64| {
        let civil = contract::calendar::civil(local_us);
        civil.year == 2004 && civil.day_of_year > 100 && civil.hour < 5
    };
    let (metrics, page) = both(&Case { missing, ..Case::default() });
    assert_eq!(keys(&metrics), KEYS);
    let said = "The year 2004 is not used: 27.3 % of its days have 20 of their hours, and 50 % are needed.";
    assert!(notes(&metrics).contains(said), "{}", notes(&metrics));
    assert!(page.contains(said));
    let ranges = serde_json::json!([[2003, 2003], [2007, 2008], [2011, 2012]]);
    assert_eq!(metrics["years"]["held_out"]["ranges"], ranges);
}

#[test]
fn a_run_whose_years_all_have_too_few_hours_says_so_on_its_first_page() {
    let missing = |local_us: i64| contract::calendar::civil(local_us).hour < 5;
    let (metrics, page) = both(&Case { missing, rivals: true, judge: true, ..Case::default() });
    assert_eq!(metrics["figures"].as_array().unwrap().iter().filter(|row| row["counted"] == true).count(), 0);
    let (verdict, said) = (
        "No figure can be compared with held-out years; the notes say why.",
        "The year 2012 is not used: 0.0 % of its days have 20 of their hours, and 50 % are needed.",
    );
    assert!(page.contains(verdict) && page.contains(said), "{page}");
}

#[test]
fn a_generated_month_cannot_be_compared() {
    let (metrics, page) = both(&Case { generated_hours: 31 * 24, rivals: true, ..Case::default() });
    assert_eq!(keys(&metrics), KEYS);
    assert_eq!(names(&metrics), ["training"]);
    assert!(metrics["targets"].is_null());
    let said = "The generated series has no whole year, so nothing can be compared; generate at least one.";
    assert!(notes(&metrics).contains(said));
    assert!(page.contains("id=\"diurnal-profile\"") && page.contains(said));
}

#[test]
fn only_whole_generated_years_are_compared() {
    let metrics = both(&Case { generated_hours: 2 * 8766 + 1000, members: 1, ..Case::default() }).0;
    assert!(notes(&metrics).contains("Of the 3 generated years, 2 are whole; only those are compared."));
}

#[test]
fn one_generated_hour_leaves_a_report() {
    let (metrics, page) = both(&Case { generated_hours: 1, members: 1, ..Case::default() });
    assert_eq!(names(&metrics), ["training"]);
    assert!(page.contains("No figure can be compared with held-out years; the notes say why."));
    assert!(page.contains("Generated: none."));
}

#[test]
fn the_page_is_self_contained_and_complete() {
    let (metrics, page) = both(&Case::default());
    assert_eq!(metrics["credit"]["licences"][0], "CC-BY-4.0");
    for loads in ["src=", "<link", "<script", "@import", "url(", "srcset", "xlink", "<iframe"] {
        assert!(!page.contains(loads), "{loads}");
    }
    let addresses: Vec<&str> = page.match_indices("http").map(|(at, _)| &page[at..at + 30]).collect();
    assert_eq!(addresses, ["https:&#x2f;&#x2f;creativecomm"]);
    for key in KEYS {
        assert!(page.contains(&format!("id=\"figure-{key}\"")), "{key}");
    }
    for text in [
        "width=device-width",
        "2 interpolated: 2008-03-02T01:00 to 2008-03-02T02:00",
        "54 stuck: 2008-04-01T00:00 to 2008-04-03T05:00",
        "Which hours were there",
        "Local years left out",
        "2000 (1 % of its hours)",
        "0.40 K per decade (95 % interval 0.10 to 0.70)",
        "8.7 km from the place asked for (48.45° N, 5.59° E)",
        "Contains modified Copernicus Climate Change Service information 2012.",
        "<a href=\"https:&#x2f;&#x2f;creativecommons.org&#x2f;licenses&#x2f;by&#x2f;4.0&#x2f;\">CC BY 4.0</a>; ask &lt;us&gt;</li>",
        "<li>Source: not stated</li>",
        "<li>Data: Hersbach et al. 2023</li>",
        "Kyle, D. (2024): VAE for Time Series.",
        "<h2 id=\"how-made\">How this was made</h2>",
        "<desc id=\"stages-words\">files reads no other; ingest reads files; train reads ingest; report reads ingest, train.</desc>",
        &digest("generated.parquet"),
        &digest("observed.parquet"),
        &digest("a.nc file"),
    ] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn the_page_escapes_text_and_names_no_folder_of_the_machine() {
    let case = Case::default();
    let run = Run::of(&case);
    run.evaluate().unwrap();
    run.report(&case).unwrap();
    let page = run.page();
    assert!(page.contains("<h1>A &lt;place&gt; &amp; its weather</h1>"));
    assert!(page.contains("a.nc") && !page.contains("somebody"));
    assert!(!page.contains(run.folder.path().to_str().unwrap()));
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let case = Case::default();
    let files = || {
        let run = Run::of(&case);
        run.evaluate().unwrap();
        run.report(&case).unwrap();
        ["metrics.json", "curves.json", "report.html"].map(|name| std::fs::read(run.path(name)).unwrap())
    };
    assert!(files() == files());
}

#[test]
fn artifacts_of_an_older_format_are_refused() {
    let check = |name: &str, stage: fn(&Run) -> anyhow::Result<()>| {
        let run = Run::of(&Case { generated_hours: 48, members: 1, last_year: 2006, ..Case::default() });
        run.evaluate().unwrap();
        run.compare_models().unwrap();
        run.make_older(name);
        let path = run.path(name).display().to_string();
        let refusal = format!(
            "{path} has artifact format 0, this version reads format 2; make it again with this version (`cargo xtask run-all --force`)"
        );
        let wanted = match name.ends_with(".parquet") {
            true => format!("cannot read {path}: {refusal}"),
            false => refusal,
        };
        assert_eq!(format!("{:#}", stage(&run).unwrap_err()), wanted);
    };
    for name in ["observed.parquet", "held_out.parquet", "transform.json", "likelihood.json"] {
        check(name, Run::evaluate);
    }
    for name in
        ["metrics.json", "curves.json", "models.json", "history.parquet", "source.json", "transform.json"]
    {
        check(name, |run| run.report(&Case::default()));
    }
}

#[test]
fn rows_out_of_order_are_refused() {
    let run = Run::of(&Case { generated_hours: 48, members: 1, last_year: 2006, ..Case::default() });
    let mut table = tables::read(&run.path("held_out.parquet"), &[]).unwrap();
    for column in &mut table.columns {
        if let tables::Values::LocalTime(times) = &mut column.values {
            times.swap(3, 4);
        }
    }
    tables::write(&run.path("held_out.parquet"), &table).unwrap();
    assert_eq!(
        format!("{:#}", run.evaluate().unwrap_err()),
        format!(
            "cannot use {}: its rows 3 and 4 are not in the order of member and time (2021-01-01T04:00 is not before 2021-01-01T03:00)",
            run.path("held_out.parquet").display()
        )
    );
}
