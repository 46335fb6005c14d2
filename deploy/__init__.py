"""Where it runs and who starts it: wiring, settings, command line, rehearsal, Prefect deployments, infrastructure."""
