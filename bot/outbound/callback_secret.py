"""Callbacks of services that sign nothing: a secret in the path shows that the caller was told the address by us.

The address is written into the service's console as `<callback><secret>/<what is told>`; the secret is compared in
constant time, before anything of the request is read. It is as safe as the way there: give out https addresses only.
"""

import hmac
import re
from typing import Annotated, Final

from pydantic import AfterValidator, SecretStr

_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{16,128}", re.ASCII)


def _is_secret(secret: SecretStr) -> SecretStr:
    if _SECRET.fullmatch(secret.get_secret_value()) is None:
        raise ValueError("it must be 16 to 128 of the characters A-Z, a-z, 0-9, _ and -: make one up, long and random")
    return secret


CallbackSecret = Annotated[SecretStr, AfterValidator(_is_secret)]


def told(path: str, secret: SecretStr | None) -> str | None:
    """Return what follows the secret in a callback's path; None: it does not begin with it, or there is none."""
    given, _, rest = path.strip("/").partition("/")
    expected = secret.get_secret_value() if secret is not None else ""
    is_ours = hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
    return rest if is_ours and expected else None
