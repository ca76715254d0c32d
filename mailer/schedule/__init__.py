"""The plan: audiences, waves, embargo rules, and the clockwork that opens a wave at its time.

``rules`` decides (pure functions), ``audience`` expands a wave into deliveries, ``texts`` compiles what they carry,
``live`` lets an audience follow its list (``comings``: who comes and goes), ``waves`` schedules them and moves them
from state to state, ``trust`` watches the clock, ``clockwork`` wakes up; ``models`` are the tables. The schedule does
not send: who starts the process hands the clockwork what to do with an opened wave.
"""
