"""The security stack: the KMS key of an environment."""
