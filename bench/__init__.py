"""The benchmark of the media engine: `python -m bench`. It measures against the tools people use instead."""
