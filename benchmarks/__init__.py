"""Measurements, one file each: every one prints a table and then one JSON line."""
