"""What is said where somebody tries whether Oncard can be talked to."""

from cards import checkup
from cards.plain import spoken


def test_who_pings_is_heard() -> None:
    assert spoken(checkup.heard().text) == "Oncard hears you."
    assert spoken(checkup.heard("zh").text) == "Oncard 收到了。"


def test_a_click_is_asked_for_without_alarm() -> None:
    note = checkup.press("ping 1a2b")
    assert "Nothing is wrong" in spoken(note.text)
    assert [(button.label, button.token) for button in note.buttons] == [("Pressed", "ping 1a2b")]
