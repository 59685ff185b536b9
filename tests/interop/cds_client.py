"""The official clients of the Climate Data Store complete a retrieval from tests/cds-server.

So that the server, which the tests of `fetch` believe, is not only our own idea of the API. Reads
the server's address and key from its first line of output; called by `tests/interop/run`.

It does not judge the clients, and does not touch the real store.
"""

import importlib.metadata
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import zipfile

POINTS = "reanalysis-era5-single-levels-timeseries"
GRID = "reanalysis-era5-single-levels"
POINT_REQUEST = {
    "variable": ["2m_temperature", "total_precipitation"],
    "location": {"longitude": 5.59, "latitude": 48.45},
    "date": ["1970-01-01/1970-01-03"],
    "data_format": "csv",
}
GRID_REQUEST = {
    "product_type": ["reanalysis"],
    "variable": ["2m_temperature"],
    "year": ["1970"],
    "month": ["01"],
    "day": ["01", "02"],
    "time": [f"{hour:02d}:00" for hour in range(24)],
    "area": [48.5, 5.5, 48.25, 5.75],
    "data_format": "netcdf",
    "download_format": "unarchived",
}


def check(claim, holds):
    if not holds:
        raise AssertionError(claim)
    print(f"ok: {claim}")


def check_points(path, client):
    """An archive of one CSV file with 3 days of hours."""
    with zipfile.ZipFile(path) as archive:
        check(f"{client}: the archive is intact", archive.testzip() is None)
        (name,) = archive.namelist()
        lines = archive.read(name).decode().splitlines()
    check(f"{client}: the header is that of the store", lines[0] == "valid_time,t2m,tp,latitude,longitude")
    check(f"{client}: three days are there", len(lines) == 1 + 3 * 24)
    return pathlib.Path(path).read_bytes()


def check_grid(path, client):
    """NetCDF-3 with 64-bit offsets, 48 hours of 4 points."""
    data = pathlib.Path(path).read_bytes()
    check(f"{client}: the file is NetCDF", data[:4] == b"CDF\x02")
    # The last variable's values end the file: t2m at the last hour.
    (value,) = struct.unpack(">f", data[-4:])
    check(f"{client}: the last temperature is one", 250 < value < 310)
    return data


def with_datastores(url, key, folder):
    from ecmwf.datastores import Client

    client = Client(url=url, key=key, sleep_max=0.2, retry_after=0.2, maximum_tries=3, progress=False)
    check("ecmwf-datastores-client: the key is accepted", client.check_authentication()["sub"] == "1")
    costs = client.estimate_costs(GRID, GRID_REQUEST)
    check("ecmwf-datastores-client: the cost is told", costs["cost"] == 48 and costs["limit"] > 48)
    points = check_points(
        client.retrieve(POINTS, POINT_REQUEST, os.path.join(folder, "points.zip")), "ecmwf-datastores-client"
    )
    remote = client.submit(GRID, GRID_REQUEST)
    grid = check_grid(remote.download(os.path.join(folder, "grid.nc")), "ecmwf-datastores-client")
    check("ecmwf-datastores-client: the job is successful", remote.status == "successful")
    check("ecmwf-datastores-client: the job is listed", remote.request_id in client.get_jobs().request_ids)
    remote.delete()
    check("ecmwf-datastores-client: a deleted job is gone", remote.request_id not in client.get_jobs().request_ids)
    wrong = Client(url=url, key="wrong", sleep_max=0.2, retry_after=0.2, maximum_tries=1, progress=False)
    try:
        wrong.submit(GRID, GRID_REQUEST)
    except Exception as error:
        check("ecmwf-datastores-client: a wrong key is refused", "401" in str(error))
    else:
        raise AssertionError("a wrong key was accepted")
    return points, grid


def with_cdsapi(url, key, folder):
    import cdsapi

    client = cdsapi.Client(url=url, key=key, sleep_max=1, retry_max=3, progress=False, quiet=True)
    points = check_points(
        client.retrieve(POINTS, POINT_REQUEST, os.path.join(folder, "points-cdsapi.zip")), "cdsapi"
    )
    grid = check_grid(
        client.retrieve(GRID, GRID_REQUEST).download(os.path.join(folder, "grid-cdsapi.nc")), "cdsapi"
    )
    return points, grid


def main():
    server_path = sys.argv[1]
    # Proxies are not for this machine.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
    server = subprocess.Popen([server_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        told = json.loads(server.stdout.readline())
        with tempfile.TemporaryDirectory() as folder:
            first = with_datastores(told["url"], told["key"], folder)
            second = with_cdsapi(told["url"], told["key"], folder)
            for (dataset, request), got in zip([(POINTS, POINT_REQUEST), (GRID, GRID_REQUEST)], zip(first, second)):
                asked = subprocess.run(
                    [server_path, "--file", dataset, json.dumps(request)], stdout=subprocess.PIPE, check=True
                )
                check(f"both clients have the bytes that the server holds of {dataset}", set(got) == {asked.stdout})
    finally:
        server.stdin.close()
        server.wait(timeout=30)
    for package in ("ecmwf-datastores-client", "cdsapi", "multiurl", "requests"):
        print(f"{package} {importlib.metadata.version(package)}")


if __name__ == "__main__":
    try:
        main()
    except Exception as error:
        print(f"FAILED: {type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(1)
