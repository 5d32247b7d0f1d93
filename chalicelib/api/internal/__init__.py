"""What media nodes call: registration, heartbeats, admissions, events."""
