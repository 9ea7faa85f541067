"""The use cases: start, resend, check, read, cancel. They know ports, never AWS, HTTP or a vendor."""
