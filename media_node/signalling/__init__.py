"""LiveKit's client protocol: pure state machine and SDP answer; ws_server.py is the shell."""
