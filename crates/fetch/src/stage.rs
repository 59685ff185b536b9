//! The stage: nothing in, the files of a source out.

use contract::config::Fault;
use contract::source::Provider;
use contract::stage::{Inputs, Outputs, Stage};
use serde_json::{Value, json};

use crate::address::Address;
use crate::config::{Config, Tables};
use crate::environment::Environment;
use crate::http::Http;
use crate::pace::Pace;
use crate::workshop::Workshop;
use crate::{cds, credentials, open_meteo};

/// The stage `fetch`.
pub struct Fetch;

impl Stage for Fetch {
    const NAME: &'static str = "fetch";
    const READS: &'static [&'static str] = &[];
    type Tables = Tables;
    type Config = Config;

    fn check(tables: Tables) -> Result<Config, Fault> {
        tables.check()
    }

    fn run(config: &Config, _: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
        let options = Options { environment: Environment::of_process(), pace: Pace::of_machine() };
        fetch(config, outputs, &options)
    }
}

/// What decides how a download goes, and never what it brings.
pub struct Options {
    pub environment: Environment,
    pub pace: Pace,
}

/// Downloads what `config` asks for into the output folder, by way of the work folder.
///
/// # Errors
/// A sentence with the next step, without the key.
pub fn fetch(config: &Config, outputs: &Outputs, options: &Options) -> anyhow::Result<()> {
    tracing::info!("downloading {}", config.source);
    match &config.source.provider {
        Provider::Cds { dataset, format } => {
            let (latitude_deg, longitude_deg) = (config.latitude_deg, config.longitude_deg);
            let wish = cds::Wish { dataset: *dataset, format: *format, latitude_deg, longitude_deg };
            from_cds(config, wish, outputs, options)
        }
        Provider::OpenMeteo { url } => {
            let url = url.as_deref().unwrap_or(open_meteo::USUAL_URL);
            from_open_meteo(config, url, outputs, options)
        }
    }
}

fn from_cds(config: &Config, wish: cds::Wish, outputs: &Outputs, options: &Options) -> anyhow::Result<()> {
    let found = credentials::find(&options.environment)?;
    let asked = asked(config, &found.api.to_string(), &format!("{:?}", wish.format));
    let key = Some((found.api.origin.clone(), found.key));
    let store = cds::Store { api: found.api, key_from: found.key_from };
    let http = Http::new(&options.environment, key, options.pace.clone())?;
    let workshop = Workshop::open(outputs, &asked)?;
    let fetched = cds::fetch(&http, &store, &config.variables, &config.source, wish, &workshop);
    let delivered = fetched.and_then(|stems| workshop.deliver(&stems));
    // The last guard: whatever a server put into its error, the key is not shown.
    delivered.map_err(|error| anyhow::Error::msg(http.scrub(&format!("{error:#}"))))
}

fn from_open_meteo(config: &Config, url: &str, outputs: &Outputs, options: &Options) -> anyhow::Result<()> {
    let archive = Address::parse(url).map_err(|fault| anyhow::anyhow!("source.url {fault}"))?;
    let workshop = Workshop::open(outputs, &asked(config, url, "Csv"))?;
    let http = Http::new(&options.environment, None, options.pace.clone())?;
    let wish = open_meteo::Wish {
        archive,
        variables: &config.variables,
        latitude_deg: config.latitude_deg,
        longitude_deg: config.longitude_deg,
    };
    let stems = open_meteo::fetch(&http, &wish, &config.source, &workshop)?;
    workshop.deliver(&stems)
}

/// What the names of finished pieces do not tell.
fn asked(config: &Config, from: &str, format: &str) -> Value {
    let (latitude_deg, longitude_deg) = (config.latitude_deg, config.longitude_deg);
    json!({ "from": from, "format": format, "latitude_deg": latitude_deg, "longitude_deg": longitude_deg })
}
