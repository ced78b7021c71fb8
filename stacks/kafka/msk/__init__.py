"""Amazon MSK: provisioned standard brokers, Express brokers and Serverless, from the L1 resources."""
