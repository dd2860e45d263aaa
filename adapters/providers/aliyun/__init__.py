"""Alibaba Cloud: SMS and voice calls."""
