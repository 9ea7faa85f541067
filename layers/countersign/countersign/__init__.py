"""Countersign: a phone-verification gateway (the package inside the shared Lambda layer)."""

__version__ = "0.1.0"
