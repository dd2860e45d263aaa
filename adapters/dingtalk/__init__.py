"""DingTalk, spoken with our own calls, and heard through dingtalk-stream, which only `sdk` imports."""
