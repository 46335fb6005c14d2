"""Order and waiting: which verb now, and when to come back. Prefect is the scheduler and the window, never the memory."""
