//! Fits what `contract` only evaluates: the maps of each day of year and hour of day to normal
//! scores. `preprocess` fits them to the training years, `train` to what its model generates.

pub mod least_squares;
pub mod normal_scores;
