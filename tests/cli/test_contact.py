"""contact and preference: an admin sees what is verified and how people are told, and changes it for them."""

from tests.cli.shell import SAMPLE, Shell

WITH_PHONE = SAMPLE.replace("email: ana@example.com}", 'email: ana@example.com, phone: "+49 30 123456"}')


def with_phone(shell: Shell) -> Shell:
    assert WITH_PHONE != SAMPLE
    shell.say("apply", "-", typed=WITH_PHONE)
    return shell


def test_what_is_verified_is_listed(shell: Shell) -> None:
    with_phone(shell)
    lines = shell.say("contact", "list").splitlines()
    assert [line.split() for line in lines] == [
        ["account", "kind", "value", "verified"],
        ["ana@example.com", "phone", "+4930123456", "no"],
        ["ana@example.com", "email", "ana@example.com", "no"],
        ["bo@example.com", "email", "bo@example.com", "no"],
        ["dee@example.com", "email", "dee@example.com", "no"],
    ]
    assert [one["account"] for one in shell.json("contact", "list", "BO@example.com")] == ["bo@example.com"]


def test_an_admin_vouches_for_a_number(shell: Shell) -> None:
    with_phone(shell)
    assert shell.say("contact", "confirm", "ana@example.com", "phone", "--trust") == "+4930123456 is verified now.\n"
    (phone, email) = shell.json("contact", "list", "ana@example.com")
    assert (phone["kind"], phone["value"], phone["how"], email["how"]) == ("phone", "+4930123456", "admin", None)
    assert phone["verified"].endswith("+00:00")
    assert email["verified"] is None
    shell.say("apply", "-", typed=WITH_PHONE.replace("123456", "999999"))
    assert shell.json("contact", "list", "ana@example.com")[0]["verified"] is None, "it is another number"


def test_without_a_provider_no_code_is_sent(sqlite_shell: Shell) -> None:
    with_phone(sqlite_shell)
    said = sqlite_shell.refused("contact", "verify", "ana@example.com", "phone")
    assert said == (
        "No code can be sent to you by SMS: no provider for it is configured. An admin can vouch for you: "
        "oncard contact confirm ana@example.com phone --trust"
    )
    assert "you have no phone number" in sqlite_shell.refused("contact", "verify", "bo@example.com", "phone")
    assert "you have no phone number" in sqlite_shell.refused(
        "contact", "confirm", "bo@example.com", "phone", "--trust"
    )


def test_a_wrong_code_proves_nothing(sqlite_shell: Shell) -> None:
    said = sqlite_shell.refused("contact", "confirm", "ana@example.com", "email", "--code", "123456")
    assert "wrong, used or expired" in said


def test_what_is_used_wrongly_is_said(sqlite_shell: Shell) -> None:
    assert "give --code CODE, or --trust" in sqlite_shell.misused("contact", "confirm", "ana@example.com", "phone")
    both = ("contact", "confirm", "ana@example.com", "phone", "--code", "123456", "--trust")
    assert "give --code CODE, or --trust" in sqlite_shell.misused(*both)
    said = sqlite_shell.misused("contact", "verify", "ana@example.com", "email", "--by", "sms")
    assert "nothing reaches an email address by sms" in said
    assert "did you mean `ana@example.com`?" in sqlite_shell.refused("preference", "show", "anna@example.com")


def test_how_somebody_is_told_is_shown_and_changed(shell: Shell) -> None:
    assert shell.say("preference", "show", "bo@example.com").splitlines()[:3] == [
        "Critical: chat, push at once, SMS after 2 min, call after 5 min",
        "Warning: chat, push at once",
        "Info: chat",
    ]
    said = shell.say("preference", "set", "bo@example.com", "critical", "im, voice 90s")
    assert said.splitlines()[0] == "Critical, as you said: chat, call after 90 s"
    found = shell.json("preference", "show", "bo@example.com")
    assert found["preferences"]["critical"] == {
        "own": True,
        "ways": [{"method": "im", "after": None}, {"method": "voice", "after": "90s"}],
    }
    assert found["obstacles"]["voice"] == "no_provider"
    assert not found["preferences"]["info"]["own"]
    shell.say("preference", "default", "bo@example.com", "critical")
    assert not shell.json("preference", "show", "bo@example.com")["preferences"]["critical"]["own"]


def test_ways_that_are_none_are_refused_with_an_example(sqlite_shell: Shell) -> None:
    said = sqlite_shell.refused("preference", "set", "bo@example.com", "info", "im, fax")
    assert said == "Say in which ways you want to be told: me critical im, push 0m, sms 2m, voice 5m"
