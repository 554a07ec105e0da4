"""Run the fault simulator: ``make sim HISTORIES=20000``, or look at one seed.

The correct model plays its histories and must keep every promise; then each planted
bug plays histories until one is caught. Ends with the figures; the exit code is 0 only
if nothing was violated and everything planted was caught.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path

if os.environ.get("PYTHONHASHSEED") != "0":  # a set of ids must keep its order
    os.execve(  # noqa: S606
        sys.executable, [sys.executable, *sys.argv],
        {**os.environ, "PYTHONHASHSEED": "0"},
    )  # fmt: skip
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.sim import history, suite
from tests.sim.mutants import MUTANTS, planted

SEEDS_MAX = 1000
TWICE = 100  # one seed in so many runs twice

suite.register()


def play(seed: int) -> tuple[int, list[str]]:
    """One history of the correct model; its violations."""
    found, digest = play_once(seed)
    if seed % TWICE == 0 and play_once(seed)[1] != digest:
        found = [*found, "the same seed did not give the same history"]
    return seed, found


def play_once(
    seed: int, faults: dict[str, float] | None = None
) -> tuple[list[str], str]:
    try:
        world = history.run(seed, faults)
    except Exception as error:  # a program that falls over has broken its promise
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        return [f"fell over at {where}: {type(error).__name__}: {error}"], ""
    return world.ghost.violations, world.digest.hexdigest()


def hunt(name: str, first: int, seeds: int = SEEDS_MAX) -> tuple[str, int | None, str]:
    """The first seed that catches a mutant, and what it said.

    A seed counts only if the correct model keeps its promises under the same faults.
    """
    for seed in range(first, first + seeds):
        with planted(name) as faults:
            found, _ = play_once(seed, faults)
        fell_over = any(said.startswith("fell over") for said in found)
        if found and not fell_over and not play_once(seed, faults)[0]:
            return name, seed, found[0]
    return name, None, ""


def play_all(pool: Executor, first: int, histories: int) -> int:
    begun, bad = time.monotonic(), 0
    seeds = range(first, first + histories)
    for done, (seed, found) in enumerate(pool.map(play, seeds, chunksize=8), 1):
        if found:
            bad += 1
            print(f"seed {seed}: {'; '.join(found[:3])}", flush=True)
        if done % 1000 == 0:
            rate = done / (time.monotonic() - begun)
            print(f"{done:,} histories, {rate:.1f}/s", flush=True)
    return bad


def hunt_all(pool: Executor, names: list[str], first: int) -> int:
    caught = 0
    hunts = [pool.submit(hunt, name, first) for name in names]
    for one in hunts:
        name, seed, said = one.result()
        caught += seed is not None
        tries = f"in {seed - first + 1:4}" if seed is not None else "NOT CAUGHT"
        print(f"{name:28} {tries}  {said[:90]}", flush=True)
    return caught


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--mutants", action="store_true", help="only the planted bugs")
    parser.add_argument("--mutant", choices=sorted(MUTANTS), help="only this one")
    parser.add_argument("--show", action="store_true", help="one seed, step by step")
    args = parser.parse_args()
    if args.show:
        return show(args.seed, args.mutant)
    only_mutants = bool(args.mutants or args.mutant)
    names = [args.mutant] if args.mutant else list(MUTANTS)
    with ProcessPoolExecutor(args.jobs) as pool:
        histories = 0 if only_mutants else args.histories
        bad = play_all(pool, args.seed, histories)
        caught = hunt_all(pool, names, args.seed)
    if not only_mutants:
        print(f"{histories} histories, {bad} violations")
    print(f"caught {caught} of {len(names)}")
    return int(bool(bad or caught < len(names)))


def show(seed: int, name: str | None) -> int:
    """Print what happened in one history."""
    if name:
        with planted(name) as faults:
            world = history.run(seed, faults)
    else:
        world = history.run(seed)
    print("\n".join(world.events))
    return int(bool(world.ghost.violations))


if __name__ == "__main__":
    sys.exit(main())
