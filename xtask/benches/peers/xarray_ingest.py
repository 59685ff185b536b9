"""What our stage `ingest` does, with xarray: the files of a folder to one hourly series of a place.

usage: xarray_ingest.py FOLDER OUT.parquet
"""

import sys
import time

# Those that xarray and pandas would import when they first need them, which is not the work.
import dask.array  # noqa: F401
import netCDF4  # noqa: F401
import pandas as pd
import pyarrow.parquet  # noqa: F401
import xarray as xr

LATITUDE_DEG = 33.45
LONGITUDE_DEG = -112.05


def read_series(folder):
    """Kelvins at the nearest grid point by UTC time, hourly and sorted."""
    # The options that xarray's documentation recommends for files that follow each other.
    files = xr.open_mfdataset(
        f"{folder}/*.nc",
        combine="nested",
        concat_dim="valid_time",
        data_vars="minimal",
        coords="minimal",
        compat="override",
        join="override",
    )
    point = files.t2m.sel(latitude=LATITUDE_DEG, longitude=LONGITUDE_DEG, method="nearest").load()
    series = pd.Series(point.values, index=pd.DatetimeIndex(point.valid_time.values, name="time"), name="t2m")
    series = series[~series.index.duplicated()].sort_index()
    return series.asfreq("h")


def main(folder, out):
    from timing import report

    started = time.perf_counter()
    series = read_series(folder)
    series.to_frame().reset_index().to_parquet(out)
    report(work_ms=1e3 * (time.perf_counter() - started), rows=len(series))


if __name__ == "__main__":
    main(*sys.argv[1:])
