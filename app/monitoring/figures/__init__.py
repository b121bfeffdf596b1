"""The alarms of a month in figures (monitoring §6; ISA-18.2 and EEMUA 191 for what is counted)."""
