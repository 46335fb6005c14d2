"""What an operator hands on: a run, the fleet, or the office's kit as one file that needs nothing beside it."""
