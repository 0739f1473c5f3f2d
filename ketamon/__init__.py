"""ketamon: the terminal console that runs an outpatient ketamine infusion session.

Not a medical device. The bedside monitor's and the pump's own alarms stay on and stay audible.
"""

__version__ = "0.1.0"
