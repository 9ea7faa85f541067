"""Webhooks to clients by the Standard Webhooks specification: what is sent, when, and what becomes of it."""
