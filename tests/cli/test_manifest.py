"""manifest: what is printed can be pasted as it is."""

from ruamel.yaml import YAML

from tests.cli.shell import Shell


def test_the_manifest_is_printed_and_nothing_else(without_database: Shell) -> None:
    manifest = YAML(typ="safe").load(without_database.say("manifest", "slack"))
    assert manifest["settings"]["socket_mode_enabled"] is True


def test_with_an_address_the_platform_calls_us(without_database: Shell) -> None:
    words = ("manifest", "slack", "--url", "https://oncard.example.com", "--workspace", "acme")
    manifest = YAML(typ="safe").load(without_database.say(*words))
    assert manifest["settings"]["socket_mode_enabled"] is False
    assert manifest["settings"]["interactivity"]["request_url"].startswith("https://oncard.example.com/im/slack/acme/")


def test_an_address_that_no_platform_can_call_is_wrong_usage(without_database: Shell) -> None:
    said = without_database.misused("manifest", "slack", "--url", "http://oncard.example.com")
    assert "it must look like https://oncard.example.com" in said


def test_a_platform_that_is_not_there_is_wrong_usage(without_database: Shell) -> None:
    assert "'irc' is not" in without_database.misused("manifest", "irc")
