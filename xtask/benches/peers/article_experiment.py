"""The article's experiment with Keras, xarray and pandas: files, training, fifty generated years, slopes.

usage: article_experiment.py FOLDER OUT.parquet EPOCHS
"""

import sys
import time

import keras
import numpy as np
import pandas as pd

from keras_article import STEP_HOURS, Model
from pandas_preprocess import WINDOW_HOURS, adjust, deal_windows, seasonal_features
from timing import report
from xarray_ingest import read_series

FILTERS = 40
BATCH = 32
SEED = 3
FIRST_YEAR = 2021
YEARS = 50


def windows_of(frame):
    """Training and validation windows, each as (hours, seasonal features), and how to come back."""
    mean, deviation = frame["adjusted"].mean(), frame["adjusted"].std()
    standardised = ((frame["adjusted"] - mean) / deviation).to_numpy("f4")
    first_rows, roles = deal_windows(len(frame))
    hours = np.stack([standardised[first : first + WINDOW_HOURS] for first in first_rows])
    steps = [frame.index[first : first + WINDOW_HOURS : STEP_HOURS] for first in first_rows]
    features = np.stack([seasonal_features(times) for times in steps])
    is_training = roles == "train"
    training, validation = ((hours[of], features[of]) for of in (is_training, ~is_training))
    return training, validation, (mean, deviation)


def generate(model, scale):
    """The decoder's mean for the years to come, in kelvins, at the climate of the reference year."""
    times = pd.date_range(f"{FIRST_YEAR}-01-01", f"{FIRST_YEAR + YEARS}-01-01", freq="h", inclusive="left")
    steps = -(-len(times) // STEP_HOURS)
    starts = pd.date_range(times[0], periods=steps, freq=f"{STEP_HOURS}h")
    latents = model.draw(model.prior(seasonal_features(starts)[None]))
    hours = np.asarray(model.decoder(latents))[0, : len(times)]
    return pd.Series(hours * scale[1] + scale[0], index=times, name="t2m")


def slope_per_decade(series):
    means = series.groupby(series.index.year).mean()
    return 10 * np.polyfit(means.index, means.to_numpy("f8"), 1)[0]


def main(folder, out, epochs):
    started = time.perf_counter()
    keras.utils.set_random_seed(SEED)
    frame, slope = adjust(read_series(folder))
    training, validation, scale = windows_of(frame)
    model = Model(FILTERS)
    model.build_for(WINDOW_HOURS)
    model.compile(optimizer=keras.optimizers.Adam(1e-3))
    # `fit` wants targets; the loss does not look at them.
    held_out = (validation, validation[0])
    model.fit(training, training[0], BATCH, int(epochs), verbose=0, validation_data=held_out)
    reconstruction, kl = (float(term) for term in model.losses_of(*validation))
    generated = generate(model, scale)
    generated.to_frame().rename_axis("local_time").reset_index().to_parquet(out)
    report(
        work_ms=1e3 * (time.perf_counter() - started),
        validation_loss=reconstruction + kl,
        noise_sigma=float(np.exp(model.noise_log_var.numpy() / 2)),
        observed_kelvin_per_decade=10 * slope,
        generated_kelvin_per_decade=slope_per_decade(generated),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
