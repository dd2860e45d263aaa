"""What is said to be certain about filters is so, whatever they are asked about."""

import pytest
from hypothesis import given

from bot.domain import filter_form
from bot.domain.filter_logic import can_never_match, covers, example, overlap
from bot.domain.filters import EVERYTHING, Filter, Subject, matches
from tests.domain.filtering import filters, subjects


def of(written: object) -> Filter:
    """Return the filter as it is written; nothing written: everything."""
    found = filter_form.read(written) if written else EVERYTHING
    assert isinstance(found, Filter), found
    return found


def both(*written: dict[str, object]) -> Filter:
    """Return the filter whose one group has all of these conditions."""
    return of([list(written)])


NEVER = [
    (both({"severity": "Critical"}, {"severity": "Warning"}), "no `severity` is [Critical] and [Warning]"),
    (both({"severity": "C*"}, {"not severity": "/^Crit/"}), "no `severity` is [C*] and not [/^Crit/]"),
    (of({"not severity": ["Critical", "Warning", "Info", "Ok"]}), "no `severity` is not [Critical, Warning, Info, …]"),
    (both({"progress": "/x/"}), "no `progress` is [/x/]"),
    (both({"labels.env": "dev"}, {"labels.env": "prod*"}), "no `labels.env` is [dev] and [prod*]"),
    (both({"labels.env": "/a/"}, {"not labels.env": "*"}), "no `labels.env` is [/a/] and not [*]"),
    (both({"labels.env": ["a*", "/b/"]}, {"not labels.env": ["/b/", "c", "a*"]}), "labels.env"),
    (both({"labels.cpu": "num:gt:90"}, {"labels.cpu": "num:lt:10"}), "no `labels.cpu` is [num:gt:90] and [num:lt:10]"),
    (both({"labels.cpu": "num:gt:90"}, {"labels.cpu": "num:le:90"}), "labels.cpu"),
    (both({"labels.cpu": "num:gt:1e999"}, {"labels.cpu": "num:lt:-1e999"}), "labels.cpu"),
    (both({"labels.cpu": "num:ge:5"}, {"not labels.cpu": ["num:ge:5"]}), "labels.cpu"),
    (both({"labels.cpu": "num:ge:5"}, {"labels.cpu": "low"}), "labels.cpu"),
    (both({"labels.ip": "cidr:10.0.0.0/8"}, {"labels.ip": "cidr:11.0.0.0/8"}), "labels.ip"),
    (both({"labels.ip": "cidr:10.0.0.0/8"}, {"not labels.ip": ["cidr:10.0.0.0/9", "cidr:10.128.0.0/9"]}), "labels.ip"),
    (both({"labels.ip": "cidr:::/0"}, {"labels.ip": "cidr:0.0.0.0/0"}), "labels.ip"),
    (both({"labels.ip": "cidr:10.0.0.0/8"}, {"labels.ip": "num:gt:1"}), "labels.ip"),
    (of([[{"title": "a"}, {"title": "b"}], [{"title": "c"}, {"title": "d"}]]), "no `title` is [a] and [b]; no `title`"),
]

MAYBE = [
    EVERYTHING,
    of({"not title": "*"}),
    of({"not progress": ["Triggered", "Processing", "Closed"]}),
    of([[{"title": "a"}, {"title": "b"}], {"title": "c"}]),
    both({"labels.env": "dev*"}, {"labels.env": "*prod"}),
    both({"labels.env": "dev"}, {"labels.env": "d*"}, {"not labels.env": "/prod/"}),
    both({"labels.cpu": "num:gt:90"}, {"labels.cpu": "num:lt:90.0001"}),
    both({"labels.cpu": "num:gt:0." + "0" * 50 + "1"}, {"labels.cpu": "num:lt:0." + "0" * 50 + "11"}),
    both({"labels.cpu": "num:gt:1e900"}),
    both({"labels.cpu": "num:lt:-1e900"}),
    both({"labels.cpu": "num:ge:90"}, {"labels.cpu": "num:le:90"}, {"not labels.cpu": "90"}),
    both({"labels.cpu": "num:ge:90"}, {"labels.cpu": "/9/"}),
    both({"labels.ip": "cidr:10.0.0.0/8"}, {"not labels.ip": "cidr:10.0.0.0/9"}),
    both({"labels.ip": "cidr:255.0.0.0/8"}, {"not labels.ip": "cidr:255.0.0.0/9"}, {"not labels.ip": "255.128.0.0"}),
    both({"labels.ip": ["cidr:10.0.0.0/8", "num:gt:1"]}, {"labels.ip": ["num:lt:5", "x"]}),
]


@pytest.mark.parametrize(("made", "why"), NEVER)
def test_a_contradiction_is_seen_and_named(made: Filter, why: str) -> None:
    assert why in (can_never_match(made) or "")
    assert example(made) is None
    assert overlap(made, EVERYTHING) is False


@pytest.mark.parametrize("made", MAYBE)
def test_what_can_match_is_no_contradiction(made: Filter) -> None:
    assert can_never_match(made) is None


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ({"severity": "Critical"}, {"severity": ["Critical", "Info"]}, True),
        ({"severity": "Critical"}, {"severity": "Info"}, False),
        ({"severity": "Critical"}, {"labels.team": "db"}, True),
        ({"labels.team": "db*"}, {"labels.team": "/db-?[12]/"}, None),
        ({"labels.host": "db*"}, {"labels.host": "*eu"}, None),
        ({"title": "/^disk|inode$/"}, {"not title": "/cpu/"}, True),
        ({"labels.ip": "cidr:10.0.0.0/8"}, {"labels.ip": "cidr:10.9.0.0/16"}, True),
        ({"labels.cpu": "num:gt:1"}, {"labels.cpu": "num:lt:2"}, True),
        ({"labels.env": "*"}, {"labels.env": "p?*"}, True),
        ({"labels.env": "*"}, {"not labels.env": "*"}, False),
        (None, {"severity": "Ok"}, True),
    ],
)
def test_whether_two_filters_overlap(one: object, other: object, together: bool | None) -> None:
    assert overlap(of(one), of(other)) is together
    assert overlap(of(other), of(one)) is together


@pytest.mark.parametrize(
    ("wide", "narrow", "all_of_it"),
    [
        (None, {"title": "/x/"}, True),
        ({"severity": ["Critical", "Warning"]}, {"severity": "Critical", "labels.env": "prod"}, True),
        ({"severity": "Critical"}, {"severity": ["Critical", "Warning"]}, False),
        ({"not labels.env": "dev"}, {"labels.env": "prod"}, True),
        ({"labels.env": "*"}, {"labels.env": "/pro?d/"}, True),
        ({"labels.env": "p*"}, {"labels.env": ["prod", "preview"]}, True),
        ({"labels.ip": "cidr:10.0.0.0/8"}, {"labels.ip": "cidr:10.9.0.0/16"}, True),
        ({"labels.cpu": "num:gt:80"}, {"labels.cpu": "num:ge:90"}, True),
        ({"labels.cpu": "num:gt:90"}, {"labels.cpu": "num:ge:90"}, False),
        ({"severity": "Critical"}, None, False),
        ([{"title": "a"}, {"title": "b"}], [{"title": "b"}, {"title": "a", "source": "x"}], True),
        ([{"title": "a"}], [{"title": "b"}, {"title": "a"}], False),
    ],
)
def test_whether_a_filter_covers_another(wide: object, narrow: object, all_of_it: bool) -> None:
    assert covers(of(wide), of(narrow)) is all_of_it


@given(filters, subjects())
def test_what_can_never_match_never_does(made: Filter, subject: Subject) -> None:
    assert not (can_never_match(made) and matches(made, subject))


@given(filters, filters, subjects())
def test_what_never_overlaps_never_does_and_what_covers_does(one: Filter, other: Filter, subject: Subject) -> None:
    in_one, in_other = matches(one, subject), matches(other, subject)
    assert not (overlap(one, other) is False and in_one and in_other)
    assert not (covers(one, other) and in_other and not in_one)
    assert overlap(one, other) is overlap(other, one)


@given(filters)
def test_an_example_matches(made: Filter) -> None:
    found = example(made)
    assert found is None or (matches(made, found) and can_never_match(made) is None)
