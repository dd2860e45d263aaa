"""Tencent Cloud: SMS and voice calls."""
