"""What `sam build` makes, looked at and imported as Lambda would."""
