"""What our stage `preprocess` does for pipelines/article-phoenix.toml, with pandas.

usage: pandas_preprocess.py SERIES.parquet OUT_FOLDER
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

# pandas would import it when it first reads a file, which is not the work.
import pyarrow.parquet  # noqa: F401

UTC_OFFSET_HOURS = -7
YEARS = (1971, 2020)
REFERENCE_YEAR = 2024
WINDOW_HOURS = 1536
SEASONAL_DEGREE = 3
SEED = 2


def seasonal_features(times):
    """Sines, then cosines, of the phase of year of local times."""
    start = pd.to_datetime(times.year.astype(str) + "-01-01")
    length = np.where(times.is_leap_year, 366, 365)
    phase = ((times - start) / pd.Timedelta(days=1)) / length
    angles = 2 * np.pi * np.outer(phase, np.arange(1, SEASONAL_DEGREE + 1))
    return np.hstack([np.sin(angles), np.cos(angles)]).astype("f4")


def adjust(series):
    """Whole local years, their slope per year, the hours at the climate of the reference year."""
    frame = series.rename("observed").to_frame()
    frame["time"] = frame.index
    frame.index = frame.index + pd.Timedelta(hours=UTC_OFFSET_HOURS)
    frame = frame[(frame.index.year >= YEARS[0]) & (frame.index.year <= YEARS[1])]
    year = frame.index.year
    means = frame["observed"].astype("f8").groupby(year).mean()
    slope = np.polyfit(means.index, means.to_numpy(), 1)[0]
    frame = frame.assign(adjusted=frame["observed"].astype("f8") + slope * (REFERENCE_YEAR - year))
    return frame, slope


def deal_windows(hours):
    """First rows of windows side by side and their roles, four fifths for training."""
    first_rows = np.arange(0, hours - WINDOW_HOURS + 1, WINDOW_HOURS)
    shuffled = np.random.default_rng(SEED).permutation(len(first_rows))
    roles = np.full(len(first_rows), "validation", dtype=object)
    roles[shuffled[: len(first_rows) * 4 // 5]] = "train"
    return first_rows, roles


def preprocess(series, out):
    """Writes what our stage writes."""
    frame, slope = adjust(series)
    mean, deviation = frame["adjusted"].mean(), frame["adjusted"].std()
    standardised = ((frame["adjusted"] - mean) / deviation).astype("f4")
    first_rows, roles = deal_windows(len(frame))
    split = np.full(len(frame), None, dtype=object)
    for first, role in zip(first_rows, roles):
        split[first : first + WINDOW_HOURS] = role
    observed = frame.assign(adjusted=frame["adjusted"].astype("f4"), flag=np.uint8(0), split=split)
    observed.rename_axis("local_time").reset_index().to_parquet(out / "observed.parquet")
    standardised = standardised.rename("t2m").to_frame().assign(split=split)
    standardised.rename_axis("local_time").reset_index().to_parquet(out / "standardised.parquet")
    days = frame.index[::24]
    season = pd.DataFrame(seasonal_features(days), index=days)
    season.columns = [f"season_{kind}_{j}" for kind in ("sin", "cos") for j in range(1, SEASONAL_DEGREE + 1)]
    season.rename_axis("local_time").reset_index().to_parquet(out / "season.parquet")
    windows = pd.DataFrame({"first_row": first_rows.astype("i4"), "split": roles})
    windows.to_parquet(out / "windows.parquet")
    transform = {"slope_per_year": slope, "mean": mean, "standard_deviation": deviation}
    (out / "transform.json").write_text(json.dumps(transform))
    return len(frame)


def main(series, out):
    from timing import report

    started = time.perf_counter()
    hours = preprocess(pd.read_parquet(series).set_index("time")["t2m"], Path(out))
    report(work_ms=1e3 * (time.perf_counter() - started), rows=hours)


if __name__ == "__main__":
    main(*sys.argv[1:])
