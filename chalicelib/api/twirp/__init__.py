"""LiveKit's server API: Twirp calls in protobuf or JSON onto the services. docs/livekit-api.md describes it.

Only routes.py and errors.py are imported at a start; protobuf comes with the first call.
"""
