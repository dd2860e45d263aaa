"""Slack, spoken through slack-bolt. It is imported when a workspace of it is configured, not before."""

from adapters.slack.adapter import SlackAdapter
from adapters.slack.config import Mode, SlackConfig

__all__ = ["Mode", "SlackAdapter", "SlackConfig"]
