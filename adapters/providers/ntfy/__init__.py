"""The provider kind `ntfy`: pushes by ntfy."""
