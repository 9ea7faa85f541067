"""Adapters to the vendors. The only package that imports `requests`; `registry` is its front door."""
