"""The organisations that are benchmarked, as configuration files: JSON is YAML."""

import json
from collections.abc import Mapping, Sequence

PEOPLE = ("ana", "bo", "chen", "dee")
ONE = "standard-key-0123456789ab"
"""The key of the integration that takes alerts, one or a list."""

Part = Mapping[str, object]


def address(person: str) -> str:
    """Return the e-mail address of a person of the sample."""
    return f"{person}@example.com"


def file(channels: Sequence[Part], workspaces: Sequence[Part] = ()) -> str:
    """Return a configuration file: the sample's people, in a team, and these."""
    people = [{"name": name.title(), "email": address(name), "role": _role(name)} for name in PEOPLE]
    team = {"name": "sre", "members": [address("dee")]}
    return json.dumps({"accounts": people, "teams": [team], "workspaces": workspaces, "channels": channels})


def _role(name: str) -> str:
    return "owner" if name == "dee" else "member"


def channel(name: str, key: str, *levels: Part) -> Part:
    """Return a channel with the standard source."""
    integrations = [{"name": f"{name}-one", "source": "standard", "key": key}]
    rules = [{"name": "always", "levels": list(levels)}]
    return {"name": name, "team": "sre", "integrations": integrations, "escalation": rules}


def level(*people: str, chats: Sequence[str] = (), after: str = "30m") -> Part:
    """Return a level that tells these people and chats (`workspace/id`)."""
    targets = [f"account:{address(name)}" for name in people]
    return {"targets": targets, "chats": list(chats), "escalate_after": after}


def path(key: str) -> str:
    """Return where an integration of the standard source takes its alerts."""
    return f"/event/push/alert/standard?integration_key={key}"
