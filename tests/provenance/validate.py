"""Validates the RO-Crates of runs with roc-validator. Usage: validate.py FOLDER...

The validator reads the words of the crate from w3id.org. Where that cannot be reached, they are read from `context.json`
beside this file, which has those that our crates use and nothing else; it says so.
"""

import io
import pathlib
import subprocess
import sys
import tempfile

import requests
import requests_cache
import urllib3

PROFILE = "process-run-crate-0.5"
CONTEXT = "https://w3id.org/ro/crate/1.1/context"
OWN_CONTEXT = pathlib.Path(__file__).with_name("context.json")
JSON = {"Content-Type": "application/ld+json"}


def is_reachable():
    try:
        return requests.get(CONTEXT, headers={"Accept": "application/ld+json"}, timeout=30).ok
    except requests.RequestException:
        return False


def put_into_cache(path):
    """Has the validator find our own context where it looks for the real one."""
    body = OWN_CONTEXT.read_bytes()
    response = requests.Response()
    response.status_code = 200
    response.url = CONTEXT
    response.headers.update(JSON)
    response.request = requests.Request("GET", CONTEXT).prepare()
    response.raw = urllib3.HTTPResponse(body=io.BytesIO(body), headers=JSON, status=200, preload_content=False)
    session = requests_cache.CachedSession(str(path), backend="sqlite", expire_after=-1)
    session.cache.save_response(response, cache_key=session.cache.create_key(response.request))


def main(folders):
    validator = pathlib.Path(sys.executable).with_name("rocrate-validator")
    with tempfile.TemporaryDirectory() as temporary:
        cache = pathlib.Path(temporary) / "http"
        options = ["--cache-path", str(cache)]
        if not is_reachable():
            print(f"{CONTEXT} cannot be reached; its words are taken from {OWN_CONTEXT.name}")
            put_into_cache(cache)
            options.append("--offline")
        for folder in folders:
            command = [str(validator), "--disable-color", "validate", "--no-paging", "--verbose", *options]
            command += ["--profile-identifier", PROFILE, "--requirement-severity", "required", folder]
            if subprocess.run(command).returncode != 0:
                sys.exit(f"{folder}/ro-crate-metadata.json is not valid by {PROFILE}")


if __name__ == "__main__":
    main(sys.argv[1:])
