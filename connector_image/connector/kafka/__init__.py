"""The Kafka side: a member of a consumer group on librdkafka."""
