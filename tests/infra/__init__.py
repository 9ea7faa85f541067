"""The template and the deployment defaults, read as data."""
