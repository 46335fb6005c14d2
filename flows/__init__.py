"""Order and waiting: which verb now, when to come back. Prefect schedules and shows; it never remembers for us."""
