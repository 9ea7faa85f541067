"""What the service needs of AWS: the table, the secrets, a trimmed client factory."""
