"""Handlers of the DynamoDB stream, the queue and the schedules: thin, each calls a service."""
