"""Feishu and Lark. lark-oapi is imported by the long connection alone, in a thread of its own: it takes a while."""
