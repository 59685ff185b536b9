#!/usr/bin/env python3
"""Runs the same work with Keras, PyTorch, JAX, xarray and pandas as with this project, and prints ratios.

Ours and the peer's turn by turn, so that a slow minute of the machine hits both. For training steps and
decoding both sides report the median time of a step inside the process, without its start. For ingest,
preprocess and the experiment ours is the whole process, start included; the peer is shown both ways:
the work alone, without the import of its modules (the ratio in front), and its whole process.

The peers get an environment of their own, made on the first run in target/peers-env from
requirements.txt (several gigabytes, some minutes). Nothing else should run meanwhile.

Examples:
  python3 xtask/benches/peers/compare.py
  python3 xtask/benches/peers/compare.py --only train-step --rounds 3
  python3 xtask/benches/peers/compare.py --only experiment --rounds 1
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
REQUIREMENTS = HERE / "requirements.txt"
WINDOW_HOURS = 1536
FILTERS = 40


def main():
    arguments = parse()
    python = environment(arguments.env)
    with tempfile.TemporaryDirectory(prefix="isotherm-peers-") as scratch:
        comparisons = chosen(arguments, python, Path(scratch))
        rows = [measure(comparison, arguments.rounds) for comparison in comparisons]
    print(json.dumps({"results": rows}, indent=2) if arguments.json else table(rows))


def parse():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", metavar="NAME", help="train-step, decode, ingest, preprocess or experiment")
    parser.add_argument("--rounds", type=int, default=5, help="turns of ours and the peer's (default 5)")
    parser.add_argument("--json", action="store_true", help="print only JSON on standard output")
    parser.add_argument(
        "--env", type=Path, default=ROOT / "target/peers-env", metavar="FOLDER", help="the peers' environment"
    )
    parser.add_argument(
        "--phoenix", type=Path, metavar="FOLDER", help="the Phoenix files, if not in data/raw/phoenix"
    )
    parser.add_argument(
        "--experiment", action="store_true", help="also the article's whole experiment, which takes long"
    )
    parser.add_argument("--epochs", type=int, default=1000, help="of the experiment (default 1000)")
    arguments = parser.parse_args()
    names = ["train-step", "decode", "ingest", "preprocess", "experiment"]
    if arguments.only not in [None, *names]:
        parser.error(f"there is no comparison {arguments.only!r}; they are {', '.join(names)}")
    if arguments.rounds < 1:
        parser.error(f"--rounds is {arguments.rounds}; wanted at least 1")
    if arguments.only == "experiment":
        arguments.experiment = True
    return arguments


# The peers' environment.


def environment(folder):
    """The environment's Python, with every package of requirements.txt."""
    python = folder.resolve() / "bin/python"
    if not python.exists():
        say(f"making the peers' environment in {folder}")
        venv.create(folder, with_pip=True)
    missing = differing(python)
    if missing:
        say(f"installing {', '.join(missing)}")
        command = [python, "-m", "pip", "install", "--quiet", "--requirement", REQUIREMENTS]
        if subprocess.run(command, env=clean_environment()).returncode != 0:
            sys.exit(f"error: cannot install the peers' packages into {folder}; pip says why above")
    return python


def differing(python):
    """Lines of requirements.txt that the environment does not have as written."""
    code = (
        "import sys; from importlib.metadata import distributions as all\n"
        "have = {d.metadata['Name'].lower().replace('_', '-') + '==' + d.version for d in all()}\n"
        "print(*[line for line in sys.argv[1:] if line.lower() not in have], sep='\\n')"
    )
    wanted = REQUIREMENTS.read_text().split()
    return output([python, "-c", code, *wanted]).split()


def clean_environment():
    """Without what would slow numpy down, or write into the repository."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
    return kept | {"PYTHONDONTWRITEBYTECODE": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}


# What is compared.


def chosen(arguments, python, scratch):
    """The comparisons asked for: what it is, the peer, and how each side is run."""
    wanted = lambda name: arguments.only in [None, name]
    comparisons = []
    if wanted("train-step") or wanted("decode"):
        benchmarks = Benchmarks(scratch)
        if wanted("train-step"):
            comparisons += train_steps(benchmarks, python)
        if wanted("decode"):
            comparisons += decodings(benchmarks, python)
    needs_files = wanted("ingest") or wanted("preprocess") or arguments.experiment
    files = phoenix_files(arguments) if needs_files else None
    if wanted("ingest"):
        comparisons.append(stage("ingest", "xarray", files, python, [files, scratch / "series.parquet"]))
    if wanted("preprocess"):
        series = scratch / "input.parquet"
        say("xarray: the series that pandas reads")
        peer(python, "xarray_ingest.py", files, series)
        comparisons.append(stage("preprocess", "pandas", files, python, [series, scratch]))
    if arguments.experiment:
        comparisons.append(experiment(files, arguments.epochs, python, scratch))
    return comparisons


def train_steps(benchmarks, python):
    for batch in [32, 256]:
        case = {"name": "train-step", "batch": batch, "filters": FILTERS, "length_hours": WINDOW_HOURS}
        peers = {"keras": "train-step", "keras fit": "fit-step", "torch": "train-step", "jax": "train-step"}
        for library, task in peers.items():
            script = f"{library.split()[0]}_article.py"
            yield {
                "name": "train-step",
                "what": f"batch {batch}, {FILTERS} filters, {WINDOW_HOURS} hours",
                "peer": library,
                "ours_run": benchmarks.of(case),
                "peer_run": peer_run(python, script, task, batch, FILTERS, WINDOW_HOURS, whole=False),
            }


def decodings(benchmarks, python):
    for members, years in [(1, 50), (1000, 1)]:
        case = {"name": "decode", "filters": FILTERS, "members": members, "years": years}
        yield {
            "name": "decode",
            "what": f"{members} x {years} years",
            "peer": "keras",
            "ours_run": benchmarks.of(case),
            "peer_run": peer_run(python, "keras_article.py", "decode", members, years, FILTERS, whole=False),
        }


def stage(name, library, files, python, inputs):
    def ours():
        command = ["cargo", "xtask", "bench", "--only", name, "--json", "--phoenix", files]
        (result,) = json.loads(output(command))["results"]
        return {"ms": result["median_ms"], "memory_mb": result["peak_memory_mb"]}

    return {
        "name": name,
        "what": "Phoenix, 51 years",
        "peer": library,
        "ours_run": ours,
        "peer_run": peer_run(python, f"{library}_{name}.py", *inputs, whole=True),
    }


def experiment(files, epochs, python, scratch):
    """Files to generated series and slopes; ours evaluates and writes its report too."""
    pattern = json.dumps([str(files / "*.nc")])

    def ours():
        with tempfile.TemporaryDirectory(dir=scratch) as data:
            command = ["cargo", "xtask", "run-all", "article-phoenix", "--data-dir", data]
            command += ["--set", f"ingest.files={pattern}", "--set", f"train.epochs={epochs}"]
            return process(command)

    return {
        "name": "experiment",
        "what": f"article, {epochs} epochs",
        "peer": "keras",
        "ours_run": ours,
        "peer_run": peer_run(
            python, "article_experiment.py", files, scratch / "generated.parquet", epochs, whole=True
        ),
    }


def phoenix_files(arguments):
    shared = os.environ.get("ISOTHERM_SHARED")
    places = [ROOT / "data/raw/phoenix"] + ([Path(shared) / "data/phoenix"] if shared else [])
    places = [arguments.phoenix.resolve()] if arguments.phoenix else places
    for place in places:
        if any(place.glob("*.nc")):
            return place
    sys.exit(
        f"error: no *.nc files in {places[0]}; pipelines/article-phoenix.toml says how to get them, "
        "--phoenix FOLDER names another place, --only train-step or decode needs none"
    )


class Benchmarks:
    """Our binary of benchmarks, built once."""

    def __init__(self, scratch):
        say("building our benchmarks")
        self.binary = json.loads(output(["cargo", "xtask", "bench", "--binaries"]))["benchmarks"]
        self.cases = [json.loads(line) for line in output([self.binary, "--list"]).splitlines()]
        self.scratch = scratch

    def of(self, wanted):
        """A case the way a user gets it, which is the first in the list."""
        case = next(case for case in self.cases if wanted.items() <= case.items() and "preset" not in case)

        def run():
            result = json.loads(output([self.binary, json.dumps(case), self.scratch]))
            return {"ms": result["median_ms"], "memory_mb": result["peak_memory_mb"]}

        return run


# Processes.


def peer_run(python, script, *arguments, whole):
    def run():
        measured = peer(python, script, *arguments)
        ended = {"ms": measured["work_ms"], "memory_mb": measured["memory_mb"]}
        return ended | ({"whole_ms": measured["ms"]} if whole else {})

    return run


def peer(python, script, *arguments):
    """Runs one of the scripts beside this one; what it reports, and the whole process."""
    ended = process([python, HERE / script, *arguments])
    return ended | json.loads(ended.pop("stdout").splitlines()[-1])


def process(command):
    """Milliseconds and peak memory of a process, and what it prints."""
    with tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        child = subprocess.Popen(
            list(map(str, command)), cwd=ROOT, env=clean_environment(), stdout=subprocess.PIPE, stderr=errors
        )
        stdout = child.stdout.read().decode()
        _, status, usage = os.wait4(child.pid, 0)
        milliseconds = 1e3 * (time.perf_counter() - started)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            errors.seek(0)
            words = errors.read().decode(errors="replace").strip().splitlines()
            shown = " ".join(map(str, command))
            sys.exit("\n".join([f"error: `{shown}` failed:", *words[-20:]]))
    return {"ms": milliseconds, "memory_mb": usage.ru_maxrss * 1024 / 1e6, "stdout": stdout}


def output(command):
    return process(command)["stdout"]


# Measuring and showing.


def measure(comparison, rounds):
    ours, peers = [], []
    name, what, other = comparison["name"], comparison["what"], comparison["peer"]
    for turn in range(rounds):
        say(f"{name}, {what}: round {turn + 1} of {rounds}, ours and {other}")
        ours.append(comparison["ours_run"]())
        peers.append(comparison["peer_run"]())
    row = {"name": name, "what": what, "peer": other, "rounds": rounds}
    row |= {"ours": spread(ours, "ms"), "theirs": spread(peers, "ms")}
    row["ratio"] = row["theirs"]["median_ms"] / row["ours"]["median_ms"]
    if "whole_ms" in peers[0]:
        row["theirs_whole"] = spread(peers, "whole_ms")
        row["ratio_whole"] = row["theirs_whole"]["median_ms"] / row["ours"]["median_ms"]
    row["ours_memory_mb"] = max(turn["memory_mb"] for turn in ours)
    row["theirs_memory_mb"] = max(turn["memory_mb"] for turn in peers)
    return row


def spread(turns, key):
    values = [turn[key] for turn in turns]
    return {"median_ms": statistics.median(values), "fastest_ms": min(values), "slowest_ms": max(values)}


HEADER = ["", "of what", "peer", "ours ms", "peer ms", "peer/ours", "whole ms", "whole/ours", "MB", "peer MB"]
# Columns of words; those of numbers follow.
WORDS = 3


def table(rows):
    lines = [HEADER, *map(cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    text = []
    for line in lines:
        sides = ["<"] * WORDS + [">"] * (len(line) - WORDS)
        aligned = [f"{cell:{side}{width}}" for cell, side, width in zip(line, sides, widths)]
        text.append("  ".join(aligned).rstrip())
    return "\n".join(text)


def cells(row):
    whole = ["", ""]
    if "theirs_whole" in row:
        whole = [milliseconds(row["theirs_whole"]), f"{row['ratio_whole']:.1f}"]
    memory = [f"{row['ours_memory_mb']:.0f}", f"{row['theirs_memory_mb']:.0f}"]
    times = [milliseconds(row["ours"]), milliseconds(row["theirs"]), f"{row['ratio']:.1f}"]
    return [row["name"], row["what"], row["peer"], *times, *whole, *memory]


def milliseconds(of):
    """Median, fastest and slowest."""
    digits = 2 if of["median_ms"] < 10 else 1 if of["median_ms"] < 1000 else 0
    median, fastest, slowest = (f"{of[key]:.{digits}f}" for key in ["median_ms", "fastest_ms", "slowest_ms"])
    return f"{median} ({fastest}..{slowest})"


def say(text):
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
