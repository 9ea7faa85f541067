"""Requests that nobody thought of, made from openapi.json."""
