"""Evaluation: reads inbox and readings by a cursor, runs the alarm machines, opens or joins tickets (monitoring §2).

The cursor moves in the same transaction as its effects, so a crash at any step repeats or skips nothing. Readings that leave every value
on its side cost their reading and no write: the cursor passes over them with the next message or tick.
"""

from app.monitoring.evaluation.evaluator import Evaluator
from app.monitoring.evaluation.partitions import Evaluators, ask_for, progress, stored, wanted, whole

__all__ = ["Evaluator", "Evaluators", "ask_for", "progress", "stored", "wanted", "whole"]
