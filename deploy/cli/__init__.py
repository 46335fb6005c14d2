"""`seeding`: the command line. Commands import what they need when they run, so that a look costs no time."""

from __future__ import annotations


def main() -> None:
    """The console script."""
    from deploy.cli.app import app

    app()
