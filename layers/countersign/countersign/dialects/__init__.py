"""The protocols spoken at the front door, all over the same use cases."""
