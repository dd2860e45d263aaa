"""E-mail addresses as they are compared and asked for."""

import unicodedata


def normalised(email: str) -> str:
    """Return the address without blanks around it, in small letters, in Unicode's composed form."""
    return unicodedata.normalize("NFC", email.strip().lower())


def spellings(email: str) -> tuple[str, ...]:
    """Return the address as it may stand in a directory: as it is read and, where that differs, with IDNA's domain."""
    address = normalised(email)
    name, at, domain = address.rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return (address,)
    return tuple(dict.fromkeys((address, f"{name}{at}{ascii_domain}")))
