//! The pictures of the page, and the curves that they are drawn from.

use serde_json::Value;

use super::fixture::{Case, Run};

const PICTURES: [&str; 12] = [
    "median-year",
    "two-weeks",
    "autocorrelation",
    "spectrum",
    "quantiles",
    "quantile-differences",
    "month-hour-sd",
    "spells",
    "extremes",
    "seasonal-profile",
    "diurnal-profile",
    "diurnal-range",
];

fn run_of(case: &Case) -> Run {
    let run = Run::of(case);
    run.evaluate().unwrap();
    run.report(case).unwrap();
    run
}

fn shows(page: &str, picture: &str) -> bool {
    page.contains(&format!("<figure id=\"{picture}\""))
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

#[test]
fn every_picture_is_drawn_in_little_space() {
    let run = run_of(&Case::default());
    let page = run.page();
    for picture in PICTURES.into_iter().chain(["loss", "reconstruction", "kl"]) {
        assert!(shows(&page, picture), "{picture}");
    }
    assert!(!page.contains("not-drawn"));
    assert!(page.len() < 1_500_000, "{}", page.len());
    let curves = std::fs::metadata(run.path("curves.json")).unwrap().len();
    assert!(curves < 300_000, "{curves}");
}

#[test]
fn the_same_weather_lies_mostly_inside_the_band_of_real_halves() {
    let run = run_of(&Case::default());
    let inside = |curve: &Value| {
        let [low, high, generated] = ["band_low", "band_high", "generated"].map(|side| numbers(&curve[side]));
        assert!(low.iter().zip(&high).all(|(low, high)| low <= high));
        let edges = low.iter().zip(&high);
        let within = generated.iter().zip(edges).filter(|(value, (low, high))| value >= low && value <= high);
        within.count() as f64 / generated.len() as f64
    };
    // Eight independent years are farther from six others than two halves of twelve are: about two in
    // three values, where 9 in 10 would lie inside for halves themselves.
    let share = inside(&run.json("curves.json")["spectrum"]["power"]);
    assert!(share > 0.4, "{share}");
    let smooth = run_of(&Case { shift_kelvin: 20.0, ..Case::default() });
    let curves = smooth.json("curves.json");
    assert_eq!(inside(&curves["annual_maxima"]["years"]), 0.0);
}

#[test]
fn the_median_year_is_a_whole_year_of_the_side() {
    let curves = run_of(&Case::default()).json("curves.json");
    let year = &curves["median_year"];
    let held_out = ["2003-01-01", "2004-01-01", "2007-01-01", "2008-01-01", "2011-01-01", "2012-01-01"];
    assert!(held_out.contains(&year["real"]["first"].as_str().unwrap()));
    assert!(numbers(&year["generated"]["mean"]).len() >= 365);
    let hours = &curves["july"]["generated"];
    assert!(hours["first"].as_str().unwrap().ends_with("-07-10"));
    assert_eq!(numbers(&hours["values"]).len(), 14 * 24);
}

#[test]
fn pictures_that_a_month_is_too_short_for_are_left_out_and_named() {
    let page = run_of(&Case { generated_hours: 31 * 24, members: 1, ..Case::default() }).page();
    let drawn: Vec<&str> = PICTURES.into_iter().filter(|picture| shows(&page, picture)).collect();
    assert_eq!(drawn, ["diurnal-profile"]);
    assert!(page.contains(
        "Not drawn, because the real or the generated hours are too few: a year of days; two weeks of hours; the autocorrelation; the spectrum; quantiles by season; quantile differences by season; standard deviation by month and hour; warm and cold spells; annual extremes; the seasonal profile; the diurnal range."
    ));
}

#[test]
fn one_generated_hour_leaves_a_page_without_pictures_of_the_series() {
    let page = run_of(&Case { generated_hours: 1, members: 1, ..Case::default() }).page();
    assert!(!PICTURES.iter().any(|picture| shows(&page, picture)));
    assert!(shows(&page, "loss") && page.contains("id=\"not-drawn\""));
}

#[test]
fn in_sample_pictures_compare_all_years() {
    let page = run_of(&Case { in_sample: true, ..Case::default() }).page();
    assert!(PICTURES.iter().all(|picture| shows(&page, picture)));
    assert!(page.contains("real (all years)") && page.contains("real (first half of the years)"));
    assert!(!page.contains("real (held-out years)"));
}
