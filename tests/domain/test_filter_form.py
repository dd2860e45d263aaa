"""How filters are written: read, written again the same, and every mistake with its path and the way to mend it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import filter_form
from bot.domain.filter_form import Mistake
from bot.domain.filters import OF_EVENTS, OF_INCIDENTS, Condition, Filter
from tests.domain import filtering

CRITICAL = Condition("severity", ("Critical",))


def mistakes(written: object) -> list[tuple[str, str, str]]:
    """Return the mistakes: the path joined by dots, what is wrong, how to mend it."""
    found = filter_form.read(written)
    assert not isinstance(found, Filter), found
    return [(".".join(map(str, one.path)), one.what, one.mend) for one in found]


@pytest.mark.parametrize(
    ("written", "groups"),
    [
        ({"severity": "Critical"}, [(CRITICAL,)]),
        ([{"severity": ["Critical"]}], [(CRITICAL,)]),
        (
            [
                {"severity": ["Critical", "Warning"], "labels.team": "db*", "not labels.env": ["dev", "test"]},
                {"title": "/replication lag/i"},
            ],
            [
                (
                    Condition("severity", ("Critical", "Warning")),
                    Condition("labels.team", ("db*",)),
                    Condition("labels.env", ("dev", "test"), negated=True),
                ),
                (Condition("title", ("/replication lag/i",)),),
            ],
        ),
        (
            [[{"labels.host": "db*"}, {"labels.host": "*-eu", "severity": "Critical"}]],
            [(Condition("labels.host", ("db*",)), Condition("labels.host", ("*-eu",)), CRITICAL)],
        ),
        ({"labels.a.b/c d": ["x", "x"]}, [(Condition("labels.a.b/c d", ("x",)),)]),
        ({"not  severity": "/^C/"}, [(Condition("severity", ("/^C/",), negated=True),)]),
        ({"progress": "Triggered"}, [(Condition("progress", ("Triggered",)),)]),
    ],
)
def test_a_filter_is_written(written: object, groups: list[tuple[Condition, ...]]) -> None:
    assert filter_form.read(written) == Filter(tuple(groups))


@pytest.mark.parametrize(
    ("written", "path", "what", "mend"),
    [
        ({"severity": "critical"}, "severity", "`critical` is no severity", "did you mean `Critical`?"),
        ({"severity": ["Critical", "Warnin"]}, "severity.1", "`Warnin` is no severity", "did you mean `Warning`?"),
        ({"severity": "P1"}, "severity", "`P1` is no severity", "write `Critical`, `Warning`, `Info`, `Ok`"),
        ([{"titel": "x"}], "0.titel", "there is no field `titel`", "did you mean `title`?"),
        ({"not env": "x"}, "not env", "there is no field `env`", "a label is written `labels.team`; the other fields"),
        ({"labels.": "x"}, "labels.", "there is no field `labels.`", "a label is written"),
        ([{"title": "x"}, {"title": ["a", "/(/"]}], "1.title.1", "RE2 refuses this regular expression", "look-ahead"),
        ({"title": "cidr:1"}, "title", "this is no network: `cidr:1`", "write one such as"),
        ({"title": []}, "title", "there are no values here", "write one such as"),
        ({"title": [""]}, "title.0", "this value is empty", "`not` before the field"),
        ({"title": None}, "title", "a value is a text", "write one such as"),
        ({"title": {"a": "b"}}, "title", "a value is a text", "quote it"),
        ({"title": ["x"] * 501}, "title", "there are 501 values here", "write at most 500"),
        ([], "", "there are no groups here", "remove the line"),
        ({}, "", "there are no conditions here", "remove the line"),
        ([{}], "0", "there are no conditions here", "remove the line"),
        ([[]], "0", "there are no conditions here", "remove the line"),
        ([[{}]], "0.0", "a condition belongs here", "write a field and its values"),
        ([["severity"]], "0.0", "a condition belongs here", "write a field and its values"),
        ("severity", "", "a filter is made of mappings", "write a field and its values"),
        (["severity"], "0", "a filter is made of mappings", "write a field and its values"),
        (None, "", "a filter is made of mappings", "write a field and its values"),
        ([{"title": "x"}] * 51, "", "there are 51 groups here", "write at most 50"),
        ([[{"title": "x"}] * 51], "0", "there are 51 conditions here", "write at most 50"),
        ({"title": "/(\n" + "x" * 99 + "/"}, "title", "`/(?xxx", "RE2"),
    ],
)
def test_a_mistake_has_its_path_and_says_how_to_mend_it(written: object, path: str, what: str, mend: str) -> None:
    [(found, said, way)] = mistakes(written)
    assert found == path
    assert what in said
    assert mend in way


def test_every_mistake_is_found_at_once() -> None:
    written = [{"severity": "critical", "titel": ["a", "/[/"]}, [{"not labels.x": ["num:1"]}, {}]]
    assert [path for path, _, _ in mistakes(written)] == [
        "0.severity",
        "0.titel",
        "0.titel.1",
        "1.0.not labels.x.0",
        "1.1",
    ]


def test_a_filter_asks_only_what_its_subject_has() -> None:
    found = filter_form.read({"alert_key": "x"}, OF_INCIDENTS)
    assert found == (
        Mistake(
            ("alert_key",),
            "this filter cannot look at the field `alert_key`",
            "a label is written `labels.team`; the other fields are "
            "`severity`, `title`, `description`, `channel`, `progress`",
        ),
    )
    assert isinstance(filter_form.read({"alert_key": "x"}, OF_EVENTS), Filter)


@pytest.mark.parametrize(
    "written",
    [
        {"severity": ["Critical"], "not labels.env": ["dev"]},
        [{"severity": ["Critical"]}, {"title": ["a", "b"]}],
        [[{"title": ["a*"]}, {"title": ["*b"]}]],
        [{"title": ["a"]}, [{"title": ["a*"]}, {"title": ["*b"]}]],
    ],
)
def test_what_is_written_in_short_is_written_again_so(written: object) -> None:
    found = filter_form.read(written)
    assert isinstance(found, Filter)
    assert filter_form.write(found) == written


@given(filtering.filters)
def test_what_is_written_is_read_again(made: Filter) -> None:
    found = filter_form.read(filter_form.write(made))
    bad = any("/(/" in condition.values for group in made.groups for condition in group)
    assert isinstance(found, tuple) if bad or not made.groups else found == made


plain = st.recursive(
    st.none() | st.text(max_size=5) | st.sampled_from(["severity", "Critical", "/(/", "*"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=3) | st.sampled_from(["severity", "labels.a", "not title"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@given(plain)
def test_whatever_is_written_is_read_or_has_mistakes(written: object) -> None:
    found = filter_form.read(written)
    assert found.groups if isinstance(found, Filter) else found
