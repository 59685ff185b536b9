//! The colours of sides, and the colour scales of maps.

use plotters::style::RGBColor;

/// Stands for the page's text colour; no other colour of a chart is this one.
pub(super) const INK: RGBColor = RGBColor(1, 1, 1);
pub(super) const INK_IN_SVG: &str = "#010101";

/// Who a line is of. Blue and orange differ for every kind of colour blindness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    Real,
    Generated,
    /// The other real years.
    OtherReal,
    /// The training loss, which is of neither side.
    Training,
    /// What is neither: the line of equality.
    Ink,
}

impl Colour {
    pub(super) fn rgb(self) -> RGBColor {
        match self {
            Colour::Real => RGBColor(0x2a, 0x84, 0xc0),
            Colour::Generated => RGBColor(0xd9, 0x5f, 0x0e),
            Colour::OtherReal => RGBColor(0x8f, 0xb4, 0xcc),
            Colour::Training => RGBColor(0x8a, 0x6f, 0xb8),
            Colour::Ink => INK,
        }
    }

    /// For style sheets: `#2a84c0`.
    pub(crate) fn css(self) -> String {
        if self == Colour::Ink { "currentColor".to_string() } else { css(self.rgb()) }
    }
}

/// A scale of colours, from share 0 to share 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// From little (pale) to much (dark): ColorBrewer's YlGnBu.
    Magnitude,
    /// Below the centre blue, above it red: ColorBrewer's RdBu.
    Departure,
}

/// A colour of a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shade([u8; 3]);

impl Shade {
    pub(super) fn rgb(self) -> RGBColor {
        let Shade([red, green, blue]) = self;
        RGBColor(red, green, blue)
    }
}

/// How a day's hours came about, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    Present,
    Preliminary,
    Filled,
    Doubtful,
    Missing,
}

impl State {
    pub(crate) const ALL: [State; 5] =
        [State::Present, State::Preliminary, State::Filled, State::Doubtful, State::Missing];

    pub(crate) fn name(self) -> &'static str {
        match self {
            State::Present => "there",
            State::Preliminary => "preliminary",
            State::Filled => "filled",
            State::Doubtful => "doubtful",
            State::Missing => "missing",
        }
    }

    pub(crate) fn shade(self) -> Shade {
        match self {
            State::Present => Shade([0xc9, 0xd3, 0xda]),
            State::Preliminary => Shade([0x6b, 0xae, 0xd6]),
            State::Filled => Shade([0xf2, 0xb1, 0x3c]),
            State::Doubtful => Shade([0x8a, 0x6f, 0xb8]),
            State::Missing => Shade([0xb2, 0x18, 0x2b]),
        }
    }
}

impl Shade {
    /// For style sheets: `#2a84c0`.
    pub(crate) fn css(self) -> String {
        css(self.rgb())
    }
}

impl Scale {
    fn stops(self) -> &'static [[u8; 3]] {
        match self {
            Scale::Magnitude => &[
                [255, 255, 217],
                [199, 233, 180],
                [127, 205, 187],
                [65, 182, 196],
                [29, 145, 192],
                [34, 94, 168],
                [12, 44, 132],
            ],
            Scale::Departure => &[
                [33, 102, 172],
                [103, 169, 207],
                [209, 229, 240],
                [247, 247, 247],
                [253, 219, 199],
                [239, 138, 98],
                [178, 24, 43],
            ],
        }
    }

    /// The colour at a share, which is clipped to 0 to 1; NaN is the scale's start.
    pub(crate) fn shade(self, share: f64) -> Shade {
        let stops = self.stops();
        let position = share.max(0.0).min(1.0) * (stops.len() - 1) as f64;
        let below = (position.floor() as usize).min(stops.len() - 2);
        let rest = position - below as f64;
        let mix = |channel: usize| {
            let (low, high) = (f64::from(stops[below][channel]), f64::from(stops[below + 1][channel]));
            (low + rest * (high - low)).round() as u8
        };
        Shade([mix(0), mix(1), mix(2)])
    }

    /// For style sheets: the scale from left to right.
    pub(crate) fn css(self) -> String {
        let stops = self.stops().iter().map(|&[red, green, blue]| css(RGBColor(red, green, blue)));
        format!("linear-gradient(90deg, {})", stops.collect::<Vec<_>>().join(", "))
    }
}

fn css(RGBColor(red, green, blue): RGBColor) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_centre_of_a_departure_is_nearly_white_and_its_ends_are_blue_and_red() {
        let [low, centre, high] = [-3.0, 0.5, 1.0].map(|share| Scale::Departure.shade(share));
        assert_eq!((low, centre, high), (Shade([33, 102, 172]), Shade([247; 3]), Shade([178, 24, 43])));
    }

    #[test]
    fn much_is_darker_than_little() {
        let light = |share: f64| {
            let Shade(channels) = Scale::Magnitude.shade(share);
            channels.into_iter().map(u32::from).sum::<u32>()
        };
        assert!((0..20).all(|i| light(f64::from(i) / 20.0) > light(f64::from(i + 1) / 20.0)));
    }
}
