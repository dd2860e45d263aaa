"""SMS and voice calls through Twilio."""
