"""Every fault that can be rehearsed: what goes wrong, what the run must come to, and how it ends. `table` has the rows.

`seeding rehearse --fault CODE`, `make faults` and the tests play the same rows, without Prefect: the same passes on the
same embedded Azure, with a clock that jumps.
"""
