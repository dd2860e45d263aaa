"""A local gateway of no particular make: SMS and calls by plain HTTP, as a company's own gateway has it."""

from bot.playground.gateway.server import GatewayServer

__all__ = ["GatewayServer"]
