"""The offices' door to the Prefect server: each office with a password of its own, and with its own work only."""
