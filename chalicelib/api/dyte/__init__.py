"""Dyte's REST API v2 under /dyte/v2: the RealtimeKit calls with Dyte's credential, paths and words."""
