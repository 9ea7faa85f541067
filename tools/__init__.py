"""`countersign`, the operator's command: what is done to a deployed stack by hand.

Run from a clone as `tools/countersign` (or `python -m tools`), with the AWS credentials of the
shell. It reads secrets with the service's own parsers, so that nothing goes live that a
function could not read. Never deployed.
"""
