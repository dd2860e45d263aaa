"""How a command says that it cannot do what was asked: one line on standard error, and exit code 1."""

import click


class Refused(click.ClickException):
    """What was asked cannot be done; the message is one line, and says how to mend it."""

    exit_code = 1
