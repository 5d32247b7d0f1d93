"""Calls towards the control plane: registration, admission, heartbeat, event outbox."""
