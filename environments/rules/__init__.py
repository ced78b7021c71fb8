"""Every rule that an environment must keep and that needs no AWS to check."""
