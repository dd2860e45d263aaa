"""No file can hurt: what is too large, too deep, too clever or no YAML at all ends in a fault with its line."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.config.document import DEEPEST, LARGEST_FILE, MOST_VALUES
from bot.config.load import check
from tests.config.example import FULL, SECRETS, context, faults

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(f'*{former}' for _ in range(10))}]\n"
    for former, name in zip("abcdefgh", "bcdefghi", strict=True)
)
CHAIN = "a0: &a0 [x]\n" + "".join(f"a{number + 1}: &a{number + 1} [*a{number}]\n" for number in range(3000))
MERGES = (
    "a: &a {" + ", ".join(f"k{number}: x" for number in range(2000)) + "}\n" + "b: {" + "<<: *a, " * 100 + "c: d}\n"
)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        (LAUGHS, 1, f"with its aliases followed, the file holds more than {MOST_VALUES} values, or is nested too deep"),
        (CHAIN, 1, f"with its aliases followed, the file holds more than {MOST_VALUES} values, or is nested too deep"),
        (MERGES, 1, f"the file holds more than {MOST_VALUES} values"),
        ("a: [" + "x," * (MOST_VALUES + 1) + "]", 1, f"the file holds more than {MOST_VALUES} values"),
        ("#" * (LARGEST_FILE + 1), 1, "the file is larger than 1024 KiB"),
        ("teams: " + "[" * (DEEPEST + 1), 1, "this is nested too deep"),
        ("[" * 200_000, 1, "this is nested too deep"),
        ("a: " * 5, 1, "this is not YAML: mapping values are not allowed here"),
        ("teams:\n  - &a [*a]", 2, "an alias stands inside of what it means"),
        ("teams: *nobody", 1, "no anchor of this name stands above"),
        ("teams: []\nx: {<<: 5}", 2, "`<<` takes in a mapping, and this is none"),
        ("x: !!python/object/apply:os.system [ls]", 1, "tags are not taken here"),
        ("teams: []\nx: !!binary aGk=", 2, "tags are not taken here"),
        ("? [a]\n: b", 1, "a key must be text"),
        ("teams: []\n---\nteams: []", 2, "a second document begins here"),
        ("teams: [\n", 2, "this is not YAML: expected the node content"),
        ("teams:\n\t- x", 2, "this is not YAML: found character '\\t' that cannot start any token"),
        ("teams:\n  - name: \x00", 2, "a character that no YAML file may hold"),
        ('teams:\n  - name: "\\U99999999"', 2, "this is not YAML"),
        ("teams:\n  - name: '", 2, "this is not YAML: found unexpected end of stream"),
        ("%YAML 9.9\n---\nteams: []", 1, "this is not YAML: found incompatible YAML document (version 1"),
    ],
)
def test_a_hostile_file_is_refused(text: str, line: int, what: str) -> None:
    (fault,) = faults(text)
    assert (fault.line, fault.what[: len(what)]) == (line, what)
    assert fault.mend


def test_tags_that_change_nothing_are_taken() -> None:
    assert check("teams: !!seq [!!map {name: !!str sre}]", context()) == ()


@given(st.data())
def test_whatever_is_done_to_a_file_only_faults_come_out(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(FULL)))
    end = data.draw(st.integers(start, min(start + 40, len(FULL))))
    put = data.draw(
        st.sampled_from(["", " ", "\n", "\t", "- ", ": ", "&a ", "*a", "!", "{", "]", "'", '"', "\\", "|", "<<: "])
    )
    text = FULL[:start] + put + FULL[end:]
    found = check(text, context())
    assert all(1 <= fault.line <= text.count("\n") + 1 for fault in found)
    assert all(fault.what.isprintable() and fault.mend.isprintable() for fault in found)


@given(st.text(max_size=60))
@example("\ufeff")
@example("\x85\u2028")
@example('"\\x')
@example("%TAG ! tag:x\n--- !y")
def test_no_text_breaks_the_reader(text: str) -> None:
    for fault in check(text, context()):
        assert 1 <= fault.line <= len(text.splitlines()) + 1
        assert fault.what.isprintable()


@pytest.mark.parametrize("cut", range(0, len(FULL), 7))
def test_half_a_file_shows_no_secret(cut: int) -> None:
    said = "\n".join(fault.said("f") for fault in check(FULL[:cut], context()))
    assert [secret for secret in SECRETS if secret in said] == []
