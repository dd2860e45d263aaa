"""Slack, spoken through slack-bolt, which only `adapter` imports: a configuration can be checked without it."""
