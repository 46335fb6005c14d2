"""The planner: for each office the best way to seed it, why, until when and at what price, and the fleet's schedule.

Pure: an office's needs, figures, a calendar and a day in; advice out. It orders nothing and remembers nothing. What a
plan must satisfy is said in `states/planning.py`; the planner asks those rules and has none of its own beside them.
Sizes are bytes, days are dates at the office.
"""

from states.planner.advice import Advice, advise
from states.planner.figures import Figures
from states.planner.needs import Line, Needs
from states.planner.waves import Bar, Schedule, schedule

__all__ = ["Advice", "Bar", "Figures", "Line", "Needs", "Schedule", "advise", "schedule"]
