"""A local Slack: the Web API, Socket Mode and interactivity, with Slack's limits and refusals."""

from bot.playground.slack.expect import Card
from bot.playground.slack.interactivity import Answer
from bot.playground.slack.pane import SlackPane
from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import Channel, Message, User, Workspace

__all__ = ["Answer", "Card", "Channel", "Message", "SlackPane", "SlackServer", "User", "Workspace"]
