"""What a change of definitions would do: rehearsed on a copy, compared with what is published, said before it is done.

Pure functions of tables and plain values. The rehearsal itself runs in `automation/rehearsal.py`, the layout of a plan
is `presentation/plan_*.py`.
"""
