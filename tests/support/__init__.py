"""What tests stand on: real databases, a real browser, real monitoring servers, golden files."""
