//! Downloads: what `[ingest] source` asks for, from the Copernicus Climate Data Store or Open-Meteo,
//! as files that `ingest` reads.
