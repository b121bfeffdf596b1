"""The shift log (当班记录, 2E-15, F-27): who watched when, what was noted, what was handed over to whom."""
