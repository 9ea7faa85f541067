"""Vendors' delivery reports, as their servers call them in."""
