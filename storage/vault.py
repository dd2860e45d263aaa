"""Secrets at rest: encrypted under `ONCARD_SECRET_KEY`, found again by a keyed digest, never shown."""

import base64
import hmac
from collections.abc import Mapping
from typing import Final

from cryptography.fernet import Fernet, InvalidToken

from bot.domain.definition import Secret
from storage.codec import SECRETS

SHORTEST_KEY: Final = 32


class WrongKey(Exception):
    """The key is too weak, or is not the one that the stored secrets were encrypted with."""


class Vault:
    """Encrypts and decrypts; two purposes never share one derived key."""

    def __init__(self, key: str) -> None:
        """Take the operator's key. Raises WrongKey when it is too short to be one."""
        if len(key) < SHORTEST_KEY:
            raise WrongKey(
                f"ONCARD_SECRET_KEY has {len(key)} characters: give it at least {SHORTEST_KEY} random ones, "
                "such as the output of `openssl rand -hex 32`"
            )
        self._fernet = Fernet(base64.urlsafe_b64encode(_derive(key, "encrypt")))
        self._digest_key = _derive(key, "digest")
        self._signing_key = _derive(key, "sign")

    def seal(self, secrets: Mapping[str, Secret]) -> str:
        """Return the secrets as one encrypted text."""
        return self._fernet.encrypt(SECRETS.write({name: one.value for name, one in secrets.items()}).encode()).decode()

    def open(self, sealed: str) -> dict[str, Secret]:
        """Return the secrets. Raises WrongKey when they were sealed under another key."""
        try:
            text = self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise WrongKey("ONCARD_SECRET_KEY is not the key that the stored secrets were encrypted with") from error
        return {name: Secret(value) for name, value in SECRETS.read(text).items()}

    def digest(self, secret: str) -> str:
        """Return a text by which a secret can be looked up; it tells nothing without our key."""
        return hmac.digest(self._digest_key, secret.encode(), "sha256").hex()

    def sign(self, purpose: str, what: str) -> str:
        """Return `what` with a signature, safe in an address if it is; for another purpose it is worth nothing."""
        return f"{what}.{self._signature(purpose, what)}"

    def signed(self, purpose: str, text: str) -> str | None:
        """Return what was signed for this purpose; None: nobody who has our key has signed this text."""
        what, _, signature = text.rpartition(".")
        expected = self._signature(purpose, what)
        return what if hmac.compare_digest(signature.encode(), expected.encode()) else None

    def _signature(self, purpose: str, what: str) -> str:
        mac = hmac.digest(self._signing_key, f"{purpose}\n{what}".encode(), "sha256")
        return base64.urlsafe_b64encode(mac[:18]).decode()

    def fingerprint(self, secret: Secret) -> str:
        """Return eight characters that tell two secrets apart."""
        return self.digest(secret.value)[:8]


def _derive(key: str, purpose: str) -> bytes:
    return hmac.digest(key.encode(), f"oncard:{purpose}".encode(), "sha256")
