"""Run the fault simulator: ``make sim HISTORIES=20000``, or one seed to look at it."""

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

if os.environ.get("PYTHONHASHSEED") != "0":  # sets of bytes must keep their order
    os.execve(  # noqa: S606
        sys.executable, [sys.executable, *sys.argv],
        {**os.environ, "PYTHONHASHSEED": "0"},
    )  # fmt: skip
sys.path.insert(0, os.environ.get("ENID_ROOT", str(Path(__file__).resolve().parents[2])))

from tests.sim import history, suite  # noqa: E402

suite.register()
WEIGHTS = {k: float(v) for k, v in (w.split("=") for w in os.environ.get("SIM_WEIGHTS", "").split(",") if w)}


def play(seed: int) -> tuple[int, list[str], str]:
    try:
        world = history.run(seed, WEIGHTS)
    except Exception as error:  # a client that falls over is a finding
        return seed, [f"error: {type(error).__name__}: {error}"], ""
    return seed, world.ghost.violations, world.digest.hexdigest()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--histories", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--show", action="store_true")
    args = parser.parse_args()
    if args.show:
        world = history.run(args.seed, WEIGHTS)
        print("\n".join(world.events))
        sys.exit(bool(world.ghost.violations))
    begun = time.time()
    bad = 0
    with ProcessPoolExecutor(args.jobs) as pool:
        for seed, violations, _ in pool.map(play, range(args.seed, args.seed + args.histories), chunksize=4):
            if violations:
                bad += 1
                print(seed, violations[:2])
    print(f"{args.histories} histories, {bad} violations, {args.histories/(time.time()-begun):.1f}/s")
