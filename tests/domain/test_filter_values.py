"""Values: each kind matches what it says, in linear time, and nothing raises."""

import ipaddress
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import filter_values, regex
from bot.domain.filter_values import Misread, exactly
from bot.domain.filters import Condition, Filter, Subject, matches


@pytest.fixture(autouse=True)
def nothing_is_remembered() -> None:
    """Read each value anew, whoever has read it before."""
    filter_values.read.cache_clear()


def takes(value: str, text: str) -> bool:
    """Whether the value, which is a good one, matches the text."""
    found = filter_values.read(value)
    assert not isinstance(found, Misread), found
    return found.matches(text)


def misread(value: str) -> Misread:
    """Return what is wrong with the value."""
    found = filter_values.read(value)
    assert isinstance(found, Misread), found
    return found


@pytest.mark.parametrize(
    ("value", "yes", "no"),
    [
        ("disk", ["disk"], ["Disk", "disks", " disk"]),
        ("*", ["x", " "], []),
        ("db*", ["db", "db-1", "db\n1"], ["xdb", "DB1"]),
        ("*-eu-?", ["a-eu-1", "-eu-é", "a-eu-😀"], ["a-eu-", "a-eu-12"]),
        ("a.b*", ["a.b", "a.b.c"], ["axb"]),
        ("/disk|inode/", ["no inodes", "disk"], ["Disk"]),
        ("/DISK/i", ["a disk full"], ["dis"]),
        ("/^db/", ["db1"], ["a db"]),
        ("/var/log", ["/var/log"], ["/var/log/"]),
        ("/a/b/", ["x/a/b/c", "a/b"], ["a-b"]),
        (
            "cidr:10.0.0.0/8",
            ["10.1.2.3", "10.1.2.3:9100"],
            ["11.1.2.3", "::a", "10.1.2", "host", "10.1.2.3:x", "x" * 99],
        ),
        ("cidr:10.1.2.3", ["10.1.2.3"], ["10.1.2.4"]),
        ("cidr:2001:db8::/32", ["2001:DB8::1", "[2001:db8::1]:9100"], ["2001:db9::1", "10.0.0.1"]),
        ("num:gt:90", ["90.01", "91", " 1e3 "], ["90", "x", "", "nan", "inf", "9_1", "95%", "9" * 65]),
        ("num:ge:90", ["90.0", "91"], ["89.9"]),
        ("num:lt:-1.5", ["-2", "-1.50001"], ["-1.5", "1"]),
        ("num:le:.5", ["0.5", "-7"], ["0.51"]),
    ],
)
def test_a_value_matches(value: str, yes: list[str], no: list[str]) -> None:
    assert [text for text in yes if not takes(value, text)] == []
    assert [text for text in no if takes(value, text)] == []


@pytest.mark.parametrize(
    ("value", "what", "mend"),
    [
        ("", "empty", "`*` for anything"),
        ("x" * 5001, "5001 characters", "at most 5000"),
        ("/a(?=b)/", "RE2 refuses this regular expression: invalid perl operator: (?=", "no look-ahead"),
        ("/(/i", "missing )", "RE2"),
        (r"/(a)\1/", "invalid escape sequence", "back-references"),
        ("/a{2000}/", "invalid repetition size", "RE2"),
        ("/.{1000}.{1000}/", "too large", "RE2"),
        ("cidr:10.0.0.1/8", "no network", "did you mean `cidr:10.0.0.0/8`?"),
        ("cidr:fe80::%eth0/64", "no network", "did you mean `cidr:fe80::/128`?"),
        ("cidr:10.0.0.0/33", "no network", "write one such as"),
        ("num:>90", "no comparison", "`num:gt:90`"),
        ("num:gt:ninety", "no comparison", "`num:gt:90`"),
        ("num:eq:90", "no comparison", "`num:gt:90`"),
        ("é" + "?" * 2000, "wildcard is too long", "shorter"),
    ],
)
def test_a_bad_value_is_named_and_says_how_to_mend_it(value: str, what: str, mend: str) -> None:
    assert what in misread(value).what
    assert mend in misread(value).mend


def wildcard(pattern: str, text: str) -> bool:
    """Match a wildcard in another way: by which prefixes of the text each prefix of the pattern can take."""
    reached = {0}
    for sign in pattern:
        if sign == "*":
            reached = set(range(min(reached), len(text) + 1)) if reached else set()
        else:
            reached = {at + 1 for at in reached if at < len(text) and sign in ("?", text[at])}
    return len(text) in reached


@given(st.text("ab*?.\\é\n😀", max_size=8), st.text("ab.\\é\n😀", max_size=10))
def test_a_wildcard_matches_as_it_does_when_worked_out_sign_by_sign(pattern: str, text: str) -> None:
    value = f"?{pattern}"
    assert takes(value, text) is wildcard(value, text)


networks = st.builds(
    lambda address, bits: ipaddress.ip_network((address, bits % (address.max_prefixlen + 1)), strict=False),
    st.ip_addresses(),
    st.integers(0, 128),
)


@given(networks, st.ip_addresses(), st.integers(0, 2**32 - 1))
def test_a_network_has_the_addresses_that_the_standard_library_says(
    network: ipaddress.IPv4Network | ipaddress.IPv6Network,
    other: ipaddress.IPv4Address | ipaddress.IPv6Address,
    inside: int,
) -> None:
    assert takes(f"cidr:{network}", str(other)) is (other in network)
    assert takes(f"cidr:{network}", str(network[inside % network.num_addresses]))


@given(st.decimals(-100, 100, places=2), st.decimals(-100, 100, places=2))
def test_numbers_are_compared_as_numbers(one: object, other: object) -> None:
    greater, less = (takes(f"num:{word}:{one}", str(other)) for word in ("gt", "lt"))
    assert takes(f"num:le:{one}", str(other)) is not greater
    assert takes(f"num:ge:{one}", str(other)) is not less
    assert not (greater and less)


@given(
    st.text(st.characters(), min_size=1) | st.sampled_from(["*", "a?", "/x/", "cidr:::/0", "num:gt:1", "/a\n/i", "\0*"])
)
def test_any_text_can_be_asked_for_exactly(text: str) -> None:
    value = exactly(text)
    assert takes(value, text)
    assert not takes(value, text + "x")
    assert not takes(value, "x" + text)


def test_a_short_text_is_asked_for_as_it_is() -> None:
    assert exactly("disk full") == "disk full"
    assert exactly("* * *") == r"/\A\*\ \*\ \*\z/"


HOSTILE = [
    "/(a+)+$x/",
    "/(x+x+)+y/",
    "/(a|aa)+$b/",
    "/a.*a.*a.*a.*b/",
    "/(.*a){20}b/",
    "/((a{0,9}){0,9})b/",
    "/(a?){50}a{50}b/",
    "*a*a*a*a*a*b",
    "*" * 200 + "b",
    "num:gt:1",
    "cidr:::/0",
    "/\\bdisk\\b/i",
]


@pytest.mark.parametrize("text", ["a" * 100_000, "ab" * 50_000, "1" * 100_000, "é" * 50_000])
def test_a_hostile_text_costs_fifty_hostile_conditions_milliseconds(text: str) -> None:
    conditions = tuple(Condition("title", (HOSTILE[number % len(HOSTILE)],), negated=True) for number in range(50))
    asked, subject = Filter((conditions,)), Subject({"title": text})
    matches(asked, Subject({"title": "a"}))  # compiles

    took = []
    for _ in range(3):
        begun = perf_counter()
        matches(asked, subject)
        took.append(perf_counter() - begun)

    # About 20 ms here. Something that backtracks takes longer than the universe is old.
    assert min(took) < 0.5


@given(st.text(st.characters(), max_size=20), st.text(st.characters(), max_size=20))
def test_no_value_and_no_text_raises(value: str, text: str) -> None:
    for written in (value, f"/{value}/", f"cidr:{value}", f"num:gt:{value}", f"*{value}"):
        found = filter_values.read(written)
        assert isinstance(found, Misread) or found.matches(text) in (True, False)


def test_what_is_no_unicode_is_searched_all_the_same() -> None:
    assert takes("/a.b/", "a\udc00b")
    assert takes("a*", "a\udc00")
    assert isinstance(regex.compiled("\udc00"), regex.Regex)
