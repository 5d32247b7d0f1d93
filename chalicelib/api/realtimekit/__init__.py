"""RealtimeKit's REST resources under /client/v4/accounts/{account_id}/realtime/kit."""
