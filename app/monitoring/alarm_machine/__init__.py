"""The alarm machine of one code of one machine: what a run of signals, in event time, makes of it (monitoring §3).

Pure: no database, no clock. ``state`` holds what is remembered, ``parameters`` the delays, ``transitions`` the table T1 to T10 with
its timers, ``memory`` how a state is kept between runs, ``reconciliation`` how stored episodes become the computed ones (T17),
``inhibition`` what may be announced (T13, T14).
"""
