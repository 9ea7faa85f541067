"""The one-command local stack: emulator, vendor simulators, handset. Never shipped in a Lambda.

Nothing here imports the `countersign` package, so that a simulator cannot
repeat a provider's misreading of a vendor's documentation.
"""
