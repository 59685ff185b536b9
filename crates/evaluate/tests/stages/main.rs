//! Both stages on inputs made in code: what they leave, and what they say where something is missing.

mod fixture;
mod pictures;

use fixture::{Case, Run, digest};
use serde_json::Value;

const NAMES: [&str; 26] = [
    "slope_hourly",
    "slope_daily",
    "slope_monthly",
    "seasonal_profile",
    "diurnal_profile",
    "month_hour_mean",
    "diurnal_range",
    "quantiles",
    "quantile_0_1",
    "quantile_1",
    "quantile_5",
    "quantile_25",
    "quantile_50",
    "quantile_75",
    "quantile_95",
    "quantile_99",
    "quantile_99_9",
    "anomaly_autocorrelation",
    "anomaly_autocorrelation_day_1",
    "anomaly_autocorrelation_day_5",
    "anomaly_autocorrelation_day_10",
    "anomaly_autocorrelation_day_30",
    "sd_monthly_anomaly",
    "sd_yearly_anomaly",
    "sd_hourly_increment",
    "anomaly_distribution",
];

fn names(metrics: &Value) -> Vec<&str> {
    metrics["figures"].as_array().unwrap().iter().map(|figure| figure["name"].as_str().unwrap()).collect()
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
    assert_eq!(names(&metrics), NAMES);
    for figure in metrics["figures"].as_array().unwrap() {
        for key in ["observed", "training", "held_out", "generated", "error", "yardstick", "ratio"] {
            assert!(figure[key].is_f64(), "{key} of {figure}");
        }
        assert!(figure["first_half"].is_null() && figure["second_half"].is_null());
    }
    let years = &metrics["years"];
    assert_eq!(years["training"]["ranges"], serde_json::json!([[2001, 2002], [2005, 2006]]));
    assert_eq!(years["held_out"]["ranges"], serde_json::json!([[2003, 2004], [2007, 2008], [2011, 2012]]));
    assert_eq!(years["validation"]["count"], 2);
    assert_eq!(years["generated"]["members"], 2);
    // The first day lacks an hour.
    assert_eq!(years["observed"]["whole_days"], 12 * 365 + 3 - 1);
    assert_eq!(metrics["compared_with"], "held_out");
}

#[test]
fn the_same_weather_is_within_the_yardstick_and_another_is_not() {
    let error = |shift_kelvin, name: &str| {
        let run = Run::of(&Case { shift_kelvin, ..Case::default() });
        run.evaluate().unwrap();
        let metrics = run.json("metrics.json");
        let index = names(&metrics).iter().position(|other| *other == name).unwrap();
        metrics["figures"][index]["error"].as_f64().unwrap()
    };
    // Means of six years of this weather differ by about 0.1 K.
    assert!(error(0.0, "quantile_50") < 0.5);
    assert!((error(5.0, "quantile_50") - 5.0).abs() < 0.5);
    assert!((error(5.0, "month_hour_mean") - 5.0).abs() < 0.5);
    assert!(error(5.0, "anomaly_distribution") < 0.1);
}

#[test]
fn hours_generated_for_another_year_are_moved_back() {
    let figures = |case: &Case| both(case).0;
    let plain = figures(&Case::default());
    // The trend is 0.04 K a year and the reference year 2012.
    let moved = Case { target_year: Some(2062), shift_kelvin: 2.0, ..Case::default() };
    let moved = figures(&moved);
    for (a, b) in plain["figures"].as_array().unwrap().iter().zip(moved["figures"].as_array().unwrap()) {
        let difference = a["generated"].as_f64().unwrap() - b["generated"].as_f64().unwrap();
        // Half a step of 32-bit floats near 300 is 1.5e-5.
        assert!(difference.abs() < 1e-4, "{}: {difference}", a["name"]);
    }
    assert!(notes(&moved).contains(
        "The hours were generated for the climate of 2062; for the comparison they were moved back to 2012 by 2.000 K."
    ));
}

#[test]
fn in_sample_runs_say_so_and_compare_halves() {
    let (metrics, page) = both(&Case { in_sample: true, ..Case::default() });
    assert_eq!(names(&metrics), NAMES);
    assert_eq!(metrics["in_sample"], true);
    assert_eq!(metrics["compared_with"], "observed");
    assert_eq!(metrics["years"]["first_half"]["ranges"], serde_json::json!([[2001, 2006]]));
    assert_eq!(metrics["years"]["second_half"]["ranges"], serde_json::json!([[2007, 2012]]));
    assert!(metrics["years"]["held_out"].is_null() && metrics["figures"][0]["training"].is_null());
    assert!(metrics["figures"][0]["first_half"].is_f64());
    assert!(notes(&metrics).contains("In-sample: the model was trained on windows from every year"));
    assert!(page.contains("<strong>In-sample.</strong>"));
    assert!(page.contains("the observed years (in-sample)"));
}

#[test]
fn figures_that_a_month_is_too_short_for_are_left_out_and_named() {
    let (metrics, page) = both(&Case { generated_hours: 31 * 24, members: 2, ..Case::default() });
    let names = names(&metrics);
    assert!(names.contains(&"slope_hourly") && names.contains(&"quantile_50"));
    assert!(!names.contains(&"slope_monthly") && !names.contains(&"sd_yearly_anomaly"));
    let notes = notes(&metrics);
    assert!(
        notes.contains("Left out, since the generated years have less than is needed (three whole years): Sd of yearly anomalies."),
        "{notes}"
    );
    assert!(page.contains("id=\"diurnal-profile\"") && page.contains("Sd of yearly anomalies."));
}

#[test]
fn one_generated_hour_leaves_a_report_without_figures() {
    let (metrics, page) = both(&Case { generated_hours: 1, members: 1, ..Case::default() });
    assert_eq!(names(&metrics), [""; 0]);
    assert!(page.contains("No figure can be compared with held-out years; the notes say why."));
    assert!(page.contains("Generated: none."));
}

#[test]
fn the_page_is_self_contained_and_complete() {
    let (_, page) = both(&Case::default());
    for loads in ["src=", "<link", "<script", "@import", "url(", "srcset", "xlink", "<iframe"] {
        assert!(!page.contains(loads), "{loads}");
    }
    let addresses: Vec<&str> = page.match_indices("http").map(|(at, _)| &page[at..at + 30]).collect();
    assert_eq!(addresses, ["https://doi.org/10.24381/cds.a"]);
    for name in NAMES {
        assert!(page.contains(&format!("id=\"figure-{name}\"")), "{name}");
    }
    for text in [
        "width=device-width",
        "2, interpolated: 2008-03-02T01:00 to 2008-03-02T02:00",
        "0.40 K per decade (95 % interval 0.10 to 0.70)",
        "8.7 km from the place asked for (48.45° N, 5.59° E)",
        "Contains modified Copernicus Climate Change Service information 2012.",
        "Hersbach",
        "Kyle, D. (2024): VAE for Time Series.",
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
        let run = Run::of(&Case { generated_hours: 48, members: 1, ..Case::default() });
        run.evaluate().unwrap();
        run.make_older(name);
        let path = run.path(name).display().to_string();
        let refusal = format!(
            "{path} has artifact format 0, this version reads format 1; make it again with this version (`cargo xtask run-all --force`)"
        );
        let wanted = match name.ends_with(".parquet") {
            true => format!("cannot read {path}: {refusal}"),
            false => refusal,
        };
        assert_eq!(format!("{:#}", stage(&run).unwrap_err()), wanted);
    };
    for name in ["observed.parquet", "generated.parquet", "transform.json"] {
        check(name, Run::evaluate);
    }
    for name in ["metrics.json", "curves.json", "history.parquet", "source.json", "transform.json"] {
        check(name, |run| run.report(&Case::default()));
    }
}

#[test]
fn rows_out_of_order_are_refused() {
    let run = Run::of(&Case { generated_hours: 48, members: 1, ..Case::default() });
    let mut table = tables::read(&run.path("generated.parquet"), &[]).unwrap();
    for column in &mut table.columns {
        if let tables::Values::LocalTime(times) = &mut column.values {
            times.swap(3, 4);
        }
    }
    tables::write(&run.path("generated.parquet"), &table).unwrap();
    assert_eq!(
        format!("{:#}", run.evaluate().unwrap_err()),
        format!(
            "cannot use {}: its rows 3 and 4 are not in the order of member and time (2021-01-01T04:00 is not before 2021-01-01T03:00)",
            run.path("generated.parquet").display()
        )
    );
}
