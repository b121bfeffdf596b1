"""Monitoring profiles on the screen (监控模板): read, edited part by part or as text, compared, restored."""
