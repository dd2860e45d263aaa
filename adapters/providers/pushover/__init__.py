"""The provider kind `pushover`: pushes by Pushover."""
