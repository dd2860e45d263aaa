"""The provider kind `webhook`: SMS and calls by any gateway that speaks HTTP."""
