"""The provider kind `apprise`: pushes by any service that Apprise knows."""
