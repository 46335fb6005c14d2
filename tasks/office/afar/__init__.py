"""An office worked from afar: the hub's questions, the office's answers, and long work that outlives who asked for it.

Nothing here knows Prefect: flows/desk.py carries questions and answers through its API.
"""
