//! One example a table, for the page. A test holds them against the schema.

/// The example of the table of that path, or `None`.
pub(super) fn of(path: &str) -> Option<&'static str> {
    EXAMPLES.iter().find(|(name, _)| *name == path).map(|(_, text)| *text)
}

const EXAMPLES: &[(&str, &str)] = &[
    ("about", "[about]\ntitle = \"Temperature in Paris, 1990-2019\"\n"),
    (
        "ingest",
        "[ingest]\nfiles = [\"data/raw/paris/*.nc\"]\nlatitude_deg = 48.86\nlongitude_deg = 2.35\nmax_diurnal_gap_hours = \
         48\n",
    ),
    (
        "ingest.source",
        "[ingest]\nsource = { kind = \"cds\", start = \"1990-01-01\", end = \"2019-12-31\" }\nlatitude_deg = \
         48.86\nlongitude_deg = 2.35\n",
    ),
    (
        "ingest.station",
        "[ingest]\nfiles = [\"data/raw/station.csv\"]\nlatitude_deg = 48.45\nlongitude_deg = 5.59\n\n[ingest.station]\n\
         delimiter = \";\"\ntime = [\"date\", \"hour\"]\ntime_format = \"%d.%m.%Y %H:%M\"\ntime_zone = \
         \"Europe/Paris\"\nquality = { stuck_hours = 48 }\n\n[ingest.station.columns]\nt2m = { column = \"temp\", unit = \
         \"degC\" }\n",
    ),
    (
        "preprocess",
        "[preprocess]\nutc_offset = \"+01:00\"\nyears = [1990, 2019]\nmarginals = \"normal-scores\"\nblock_years = 5\n",
    ),
    ("model", "[model]\npreset = \"isotherm\"\nfilters = 24\n"),
    (
        "model.prior",
        "[model]\npreset = \"isotherm\"\n\n[model.prior]\norder = 2\nslow_days = [60.0, 400.0]\n",
    ),
    ("model.noise", "[model]\npreset = \"isotherm\"\n\n[model.noise]\nkind = \"mixture\"\nlags = 12\n"),
    (
        "train",
        "[train]\nepochs = 300\nbatch = 8\nlearning_rate = 3e-3\nschedule = \"cosine\"\nfree_nats = 9.0\n",
    ),
    (
        "generate",
        "[generate]\nstart = \"2001-01-01\"\nyears = 100\nexports = [\"netcdf\"]\nunit = \"degC\"\n",
    ),
    ("impute", "[impute]\nmembers = 200\n"),
    ("forecast", "[forecast]\nhours = 48\nunit = \"degC\"\nthresholds = [0.0]\n"),
    ("detect", "[detect]\nfalse_alarms_per_year = 1.0\n"),
    ("trials", "[trials]\nseed = 1\n"),
    ("evaluate", "[evaluate]\nautocorrelation_days = 90\nbroken = true\n"),
    ("report", "[report]\ntitle = \"Paris, France\"\n"),
];
