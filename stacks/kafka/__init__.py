"""The kafka stack: the cluster of an environment that makes one, on MSK or on EC2."""
