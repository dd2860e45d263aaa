"""The provider kind `bark`: pushes by Bark."""
