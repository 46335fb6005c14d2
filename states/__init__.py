"""What is true of a seeding run and what may happen to it next.

Pure: no clock, disk, network, database or Prefect. Whoever imports this package can test it in milliseconds.
"""
