"""The marks: every row of the table, what it is compared with, the figure it must hold and the one it aims at.

A ratio is how many times faster ours is than the other, median over the rounds of one run. For `at most` rows less
is better. One table; the runner, the printed verdicts and docs/performance.md read it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """One row: phase and data set of the run, our variant and the other tool, and the two marks."""

    phase: str
    data: str
    against: str
    hold: float | None
    reach: float | None
    ours: str = "ours"
    figure: str = "times faster"


# fmt: off
TARGETS = (
    Target("manifest", "huge",  "raw copy or MD5", 0.85, 0.95),
    Target("manifest", "huge",  "cp",              None, None),
    Target("manifest", "huge",  "cp;md5sum",       1.4,  2.5),
    Target("manifest", "huge",  "rsync;hashdeep",  2.0,  2.9),
    Target("manifest", "huge",  "rclone;hashsum",  2.2,  3.0),
    Target("manifest", "huge",  "raw-direct",      0.80, 0.95, ours="ours-no-md5"),
    Target("manifest", "huge",  "ours-no-checkpoints", 0.95, 0.99),
    Target("manifest", "mid",   "raw-direct",      0.80, 1.0),
    Target("manifest", "mid",   "cp;md5sum",       1.8,  3.0),
    Target("manifest", "mid",   "rsync;hashdeep",  2.0,  3.0),
    Target("manifest", "mid",   "rclone;hashsum",  2.0,  3.0),
    Target("manifest", "small", "cp",              2.0,  3.0),
    Target("manifest", "small", "cp;md5sum",       2.8,  3.5),
    Target("manifest", "small", "rsync;hashdeep",  2.8,  3.8),
    Target("manifest", "small", "rclone;hashsum",  5.0,  7.0),
    Target("manifest", "small", "cp;bagit",        4.0,  5.0),
    Target("manifest", "mix",   "cp;md5sum",       1.6,  2.5),
    Target("manifest", "mix",   "rsync;hashdeep",  1.7,  2.7),
    Target("verify",   "huge",  "raw-read",        0.75, 0.95),
    Target("verify",   "huge",  "md5sum -c",       2.5,  3.5),
    Target("verify",   "huge",  "hashdeep -a",     2.5,  3.5),
    Target("verify",   "huge",  "rsync -nc",       2.5,  3.5),
    Target("verify",   "huge",  "b3sum -c",        0.9,  1.0),
    Target("verify",   "small", "md5sum -c",       2.8,  3.5),
    Target("verify",   "small", "hashdeep -a",     4.0,  5.0),
    Target("verify",   "small", "rsync -nc",       6.0,  8.0),
    Target("verify",   "small", "rclone check",    8.0,  10.0),
    Target("resume",   "huge",  "rsync --append-verify", 3.0, 3.8),
    Target("resume",   "huge",  "rclone",          3.5,  5.0),
    Target("resume",   "huge",  "own whole run",   0.60, 0.53, figure="at most, of its time"),
    Target("resume",   "huge",  "rewritten",       256,  128,  figure="at most, MiB"),
    Target("resume",   "small", "own whole run",   0.65, 0.55, figure="at most, of its time"),
    Target("resume",   "small", "rewritten",       5.0,  2.0,  figure="at most, % of the bytes"),
    Target("resume",   "small", "data copied twice", 5.0, 2.0, figure="at most, % of the bytes"),
    Target("memory",   "huge",  "one process",     150,  80,   figure="at most, MiB"),
    Target("memory",   "small", "one process",     150,  80,   figure="at most, MiB"),
    Target("memory",   "mix",   "all processes",   300,  None, figure="at most, MiB"),
    Target("tmpfs",    "huge",  "MD5 alone",       0.88, 0.95),
    Target("tmpfs",    "small", "cp;md5sum",       1.2,  1.8),
    Target("devices",  "two",   "one device",      1.6,  None, figure="times its throughput"),
    Target("growth",   "files", "ten times fewer", 1.5,  None, figure="at most, times the memory"),
    Target("flip",     "all",   "one flipped bit", 1.0,  1.0,  figure="share noticed"),
)

# The fleet: runs that wait for the carrier, about 100 journal lines each. CPU and memory are those of the process
# that makes the pass, its start included.
FLEET_TARGETS = (
    Target("pass",   "nothing is due",      "CPU of one run", 5,    None, figure="at most, ms"),
    Target("pass",   "nothing is due",      "all of it",      15,   None, figure="at most, s"),
    Target("pass",   "all look, no change", "Azure",          0.05, None, figure="at most, requests a run"),
    Target("pass",   "all look, no change", "all of it",      None, None, figure="at most, s"),
    Target("pass",   "100 runs advance",    "all of it",      60,   None, figure="at most, s"),
    Target("status", "every run",           "the process",    1,    None, figure="at most, s"),
    Target("fold",   "one run",             "100 lines",      20,   None, figure="at most, ms"),
    Target("memory", "the passes",          "one process",    400,  None, figure="at most, MiB"),
    Target("growth", "one look",            "a tenth as many", 1.2, None, figure="at most, times the CPU"),
    Target("deploy", "the first time",      "the process",    None, None, figure="at most, s"),
    Target("deploy", "nothing has changed", "the process",    30,   None, figure="at most, s"),
)
# fmt: on
