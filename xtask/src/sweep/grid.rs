//! The points of a sweep: every combination of the values that `--grid` names, and of the seeds.

use crate::failure::config;
use crate::map;

/// One run of a sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Point {
    /// Its folder below the sweep's: `beta=1,seed=0`.
    pub name: String,
    /// As `--set` takes them.
    pub sets: Vec<String>,
}

/// A key and the values that it takes.
#[derive(Debug, PartialEq, Eq)]
struct Axis {
    key: String,
    values: Vec<String>,
}

/// All points, the last axis running fastest.
///
/// # Errors
/// A sentence that quotes the option that cannot be used.
pub(super) fn points(grids: &[String], seeds: Option<u32>) -> anyhow::Result<Vec<Point>> {
    let mut axes: Vec<Axis> = grids.iter().map(|grid| axis(grid)).collect::<anyhow::Result<_>>()?;
    for (position, axis) in axes.iter().enumerate() {
        if axes[..position].iter().any(|other| other.key == axis.key) {
            return Err(config(format!("--grid names {} twice; give all of its values once", axis.key)));
        }
        if seeds.is_some() && map::SEEDS.contains(&axis.key.as_str()) {
            return Err(config(format!("--grid {} and --seeds set the same key; use one of them", axis.key)));
        }
    }
    if axes.is_empty() && seeds.is_none() {
        return Err(config("nothing is varied; wanted --grid TABLE.KEY=VALUE,VALUE or --seeds NUMBER"));
    }
    if seeds == Some(0) {
        return Err(config("--seeds is 0; wanted at least 1"));
    }
    let names = short_names(&axes);
    let mut points = vec![Point { name: String::new(), sets: Vec::new() }];
    for (axis, name) in axes.drain(..).zip(names) {
        points = extended(&points, &axis.values, |value| {
            (format!("{name}={}", plain(value)), vec![format!("{}={value}", axis.key)])
        });
    }
    let seeds: Vec<String> = (0..seeds.unwrap_or(0)).map(|seed| seed.to_string()).collect();
    if !seeds.is_empty() {
        points = extended(&points, &seeds, |seed| {
            (format!("seed={seed}"), map::SEEDS.iter().map(|key| format!("{key}={seed}")).collect())
        });
    }
    refuse_equal_names(&points)?;
    Ok(points)
}

/// Each point with each value added.
fn extended(
    points: &[Point],
    values: &[String],
    add: impl Fn(&String) -> (String, Vec<String>),
) -> Vec<Point> {
    let mut all = Vec::new();
    for point in points {
        for (name, sets) in values.iter().map(&add) {
            let comma = if point.name.is_empty() { "" } else { "," };
            let sets = [point.sets.clone(), sets].concat();
            all.push(Point { name: format!("{}{comma}{name}", point.name), sets });
        }
    }
    all
}

/// The last word of each key, or all of it where two end alike.
fn short_names(axes: &[Axis]) -> Vec<String> {
    let last = |axis: &Axis| axis.key.rsplit('.').next().unwrap_or_default().to_string();
    let is_taken = |name: &String| axes.iter().filter(|axis| last(axis) == *name).count() > 1;
    axes.iter()
        .map(|axis| Some(last(axis)).filter(|name| !is_taken(name)).unwrap_or(axis.key.clone()))
        .collect()
}

/// A value as part of a folder's name.
fn plain(value: &str) -> String {
    let is_plain = |character: char| character.is_alphanumeric() || "._+-".contains(character);
    let text = value.trim_matches(['"', '\'']);
    text.chars().map(|character| if is_plain(character) { character } else { '_' }).collect()
}

fn refuse_equal_names(points: &[Point]) -> anyhow::Result<()> {
    for (position, point) in points.iter().enumerate() {
        if points[..position].iter().any(|other| other.name == point.name) {
            return Err(config(format!(
                "two points of the grid are called {}; give each value once",
                point.name
            )));
        }
    }
    Ok(())
}

/// `train.beta=1,2` in its parts.
fn axis(grid: &str) -> anyhow::Result<Axis> {
    let usage = "wanted TABLE.KEY=VALUE,VALUE, such as train.beta=1,2";
    let (key, text) =
        grid.split_once('=').ok_or_else(|| config(format!("--grid {grid} has no values; {usage}")))?;
    let values = values(text);
    if key.trim().is_empty() || values.iter().any(String::is_empty) {
        return Err(config(format!("--grid {grid} has an empty part; {usage}")));
    }
    Ok(Axis { key: key.trim().to_string(), values })
}

/// The text cut at commas, but not at those in brackets and quotes.
fn values(text: &str) -> Vec<String> {
    let (mut values, mut depth, mut quote) = (vec![String::new()], 0, None);
    for character in text.chars() {
        match (character, quote) {
            (',', None) if depth == 0 => {
                values.push(String::new());
                continue;
            }
            ('[' | '{', None) => depth += 1,
            (']' | '}', None) => depth -= 1,
            ('"' | '\'', None) => quote = Some(character),
            (_, Some(open)) if open == character => quote = None,
            _ => {}
        }
        if let Some(value) = values.last_mut() {
            value.push(character);
        }
    }
    values.into_iter().map(|value| value.trim().to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(grids: &[&str], seeds: Option<u32>) -> Result<Vec<Point>, String> {
        let grids: Vec<String> = grids.iter().map(ToString::to_string).collect();
        points(&grids, seeds).map_err(|error| error.to_string())
    }

    fn check(grids: &[&str], seeds: Option<u32>, names: &[&str]) {
        let points = of(grids, seeds).unwrap();
        assert_eq!(points.into_iter().map(|point| point.name).collect::<Vec<_>>(), names);
    }

    #[test]
    fn every_combination_is_a_point() {
        check(
            &["train.beta=1,2"],
            Some(2),
            &["beta=1,seed=0", "beta=1,seed=1", "beta=2,seed=0", "beta=2,seed=1"],
        );
        check(&["a.x=[1, 2],[3]", "b.y='p q'"], None, &["x=_1__2_,y=p_q", "x=_3_,y=p_q"]);
        check(&["a.x=1", "b.x=2"], None, &["a.x=1,b.x=2"]);
        let point = &of(&["train.beta=2"], Some(1)).unwrap()[0];
        assert_eq!(point.sets, ["train.beta=2", "train.seed=0", "generate.seed=0"]);
    }

    #[test]
    fn what_cannot_be_varied_is_quoted() {
        let usage = "wanted TABLE.KEY=VALUE,VALUE, such as train.beta=1,2";
        for (grids, seeds, message) in [
            (&["train.beta"][..], None, format!("--grid train.beta has no values; {usage}")),
            (&["train.beta=1,"], None, format!("--grid train.beta=1, has an empty part; {usage}")),
            (&["a.x=1", "a.x=2"], None, "--grid names a.x twice; give all of its values once".into()),
            (&["a.x=1,1"], None, "two points of the grid are called x=1; give each value once".into()),
            (
                &["train.seed=1"],
                Some(2),
                "--grid train.seed and --seeds set the same key; use one of them".into(),
            ),
            (&[], Some(0), "--seeds is 0; wanted at least 1".into()),
            (&[], None, "nothing is varied; wanted --grid TABLE.KEY=VALUE,VALUE or --seeds NUMBER".into()),
        ] {
            assert_eq!(of(grids, seeds).unwrap_err(), message);
        }
    }
}
