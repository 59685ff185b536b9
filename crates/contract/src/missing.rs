//! One meaning of missing for every stage after `preprocess`: an hour without a value, or with a quality flag that
//! `[preprocess] exclude` takes out. Which flags these are is recorded in `transform.json`.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::artifact::flag;

/// Hours with any of these bits of [`flag`] are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingFlags(pub u8);

impl MissingFlags {
    /// The values, NaN where the hour is missing.
    pub fn values(self, values: &[f32], flags: &[u8]) -> Vec<f32> {
        let hours = values.iter().zip(flags);
        hours.map(|(value, flags)| if self.is_among(*flags) { f32::NAN } else { *value }).collect()
    }

    /// Whether an hour with those flags is missing.
    pub fn is_among(self, flags: u8) -> bool {
        flags & self.0 != 0
    }

    /// The same and hours that `ingest` has interpolated: for tasks that say what a missing hour was.
    pub fn and_filled(self) -> MissingFlags {
        MissingFlags(self.0 | flag::FILLED)
    }

    /// The names in pipeline files.
    pub fn names(self) -> Vec<&'static str> {
        flag::NAMES.into_iter().filter(|(_, bit)| self.is_among(*bit)).map(|(name, _)| name).collect()
    }
}

/// What `[preprocess] exclude` is without the key, and was for models of earlier versions, which knew no outliers.
impl Default for MissingFlags {
    fn default() -> MissingFlags {
        MissingFlags(flag::OUT_OF_RANGE | flag::SPIKE | flag::STUCK | flag::OUTLIER)
    }
}

impl Serialize for MissingFlags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.names().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for MissingFlags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<MissingFlags, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        let bit = |name: &String| {
            flag::named(name).ok_or_else(|| {
                de::Error::custom(format!("{name:?} is no quality flag that this version knows"))
            })
        };
        names.iter().try_fold(0, |bits, name| Ok(bits | bit(name)?)).map(MissingFlags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excluded_hours_are_missing_and_others_stay() {
        let missing = MissingFlags::default();
        let flags = [0, flag::SPIKE, flag::PRELIMINARY, flag::FILLED, flag::OUT_OF_RANGE | flag::DUPLICATE];
        let values = missing.values(&[1.0, 2.0, 3.0, 4.0, 5.0], &flags);
        assert!(values[1].is_nan() && values[4].is_nan());
        assert_eq!([values[0], values[2], values[3]], [1.0, 3.0, 4.0]);
        assert!(missing.and_filled().values(&values, &flags)[3].is_nan());
        assert!(missing.values(&[f32::NAN], &[0])[0].is_nan());
    }

    #[test]
    fn flags_are_written_by_name() {
        let text = serde_json::to_string(&MissingFlags::default()).unwrap();
        assert_eq!(text, r#"["out-of-range","spike","stuck","outlier"]"#);
        assert_eq!(serde_json::from_str::<MissingFlags>(&text).unwrap(), MissingFlags::default());
        let error = serde_json::from_str::<MissingFlags>(r#"["stuk"]"#).unwrap_err();
        assert_eq!(error.to_string(), "\"stuk\" is no quality flag that this version knows");
    }
}
