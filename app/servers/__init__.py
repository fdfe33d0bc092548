"""Throwaway Kafka, Elasticsearch and PostgreSQL on loopback, from packages alone: to try the distributed profile and to test it."""
