"""Pure rules of apps, meetings, presets, participants, sessions and nodes: no I/O, no clock, no randomness."""
