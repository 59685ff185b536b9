use crate::detect::{Event, FaultKind};

use super::*;

fn observed(values: &[f32]) -> ObservedHours {
    ObservedHours { first_us: 0, values: values.to_vec() }
}

fn hours(observed: &ObservedHours) -> Hours<'_> {
    Hours { observed, variable: Variable::named("t2m").unwrap(), offset: "+01:00".parse().unwrap() }
}

#[test]
fn observed_hours_keep_their_bits_and_missing_ones_get_the_median() {
    let observed = observed(&[273.16, f32::NAN, 280.1]);
    let drawn = Drawn { hours: vec![1], members: 3, values: vec![276.0, 274.0, 290.0] };
    let table = hours(&observed).imputed(&drawn, true);
    assert_eq!(table.f32s("t2m").unwrap(), [273.16, 276.0, 280.1]);
    assert_eq!(table.u8s("t2m_imputed").unwrap(), [0, 1, 0]);
    assert_eq!(table.f32s("t2m_p25").unwrap(), [273.16, 274.0, 280.1]);
    assert_eq!(table.f32s("t2m_member_2").unwrap(), [273.16, 290.0, 280.1]);
    assert_eq!(table.times("local_time").unwrap()[0], 3_600_000_000);
}

#[test]
fn a_forecast_has_its_horizons_and_how_often_a_threshold_is_exceeded() {
    let observed = observed(&[280.0; 5]);
    let drawn = Drawn { hours: vec![5, 6], members: 4, values: vec![1.0, 2.0, 3.0, 6.0, 5.0, 5.0, 5.0, 5.0] };
    let above = Threshold { name: "2".to_string(), value: 2.0 };
    let table = hours(&observed).forecast(&drawn, &[above], false);
    assert_eq!(table.i32s("horizon").unwrap(), [1, 2]);
    assert_eq!(table.f32s("t2m_mean").unwrap(), [3.0, 5.0]);
    assert_eq!(table.f32s("t2m_median").unwrap(), [2.5, 5.0]);
    assert_eq!(table.f32s("t2m_above_2").unwrap(), [0.5, 1.0]);
    assert_eq!(table.times("time").unwrap()[0], 5 * 3_600_000_000);
    assert!(table.column("t2m_member_0").is_err());
}

#[test]
fn hours_have_the_number_of_their_event() {
    let observed = observed(&[280.0; 4]);
    let event = Event {
        kind: FaultKind::LevelShift,
        start: 1,
        end: 3,
        expected_per_year: 0.5,
        evidence: "2.3 K above".to_string(),
    };
    let detection = Detection { p_values: vec![0.5; 4], events: vec![event] };
    let table = hours(&observed).detected(&detection);
    assert_eq!(table.i32s("event").unwrap(), [0, 1, 1, 0]);
    let events = hours(&observed).events(&detection);
    assert_eq!(events.texts("kind").unwrap()[0].as_deref(), Some("level-shift"));
    assert_eq!(events.times("end").unwrap(), [3 * 3_600_000_000]);
}

#[test]
fn quantiles_lie_on_the_line_between_their_neighbours() {
    let ascending: Vec<f32> = (1..20).map(|rank| rank as f32).collect();
    assert_eq!(
        [5, 25, 50, 75, 95].map(|percent| quantile(&ascending, percent)),
        [1.0, 5.0, 10.0, 15.0, 19.0]
    );
    assert_eq!(quantile(&ascending, 1), 1.0);
    assert_eq!(quantile(&[0.0, 1.0], 50), 0.5);
    assert_eq!(quantile(&[7.0], 95), 7.0);
}
