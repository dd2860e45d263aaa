"""What every test has at hand; the fixtures live in `tests/support`."""

pytest_plugins = [
    "tests.support.browser",
    "tests.support.databases",
    "tests.support.golden",
    "tests.support.monitoring",
    "tests.support.network",
]
