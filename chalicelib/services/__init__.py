"""Use cases: functions of a command, ports and the current time. Ports are small Protocols in ports.py."""
