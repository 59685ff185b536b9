//! A local server that speaks the API of the Copernicus Climate Data Store, and misbehaves when told.
