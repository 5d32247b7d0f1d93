"""VideoSDK's REST API v2 under /videosdk/v2: rooms and sessions, as thin translations onto meetings and sessions."""
