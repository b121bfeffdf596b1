"""Taking in tables of lines (CSV, XLSX): all or nothing, every bad line with its reason, twice is once (interfaces, Command line)."""

from app.core.importing.checking import Outcome, batches, check
from app.core.importing.headings import Column, Mapping
from app.core.importing.kinds import Importer, Kind, Made, Options, Plan
from app.core.importing.lines import Effect, Line, Reason, Reasons, date_in, fen_in, reasons_of, refused, too_long, whole_in
from app.core.importing.reading import MAX_BYTES, MAX_LINES, Row, Table, open_table

__all__ = [
    "MAX_BYTES",
    "MAX_LINES",
    "Column",
    "Effect",
    "Importer",
    "Kind",
    "Line",
    "Made",
    "Mapping",
    "Options",
    "Outcome",
    "Plan",
    "Reason",
    "Reasons",
    "Row",
    "Table",
    "batches",
    "check",
    "date_in",
    "fen_in",
    "open_table",
    "reasons_of",
    "refused",
    "too_long",
    "whole_in",
]
