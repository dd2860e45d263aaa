"""What the tests of filters draw from: texts, values, conditions, filters and subjects that often meet."""

from typing import Final

from hypothesis import strategies as st

from bot.domain.event import Severity
from bot.domain.filters import Condition, Filter, Subject

WORDS: Final = (
    "db1",
    "db2",
    "web",
    "10.1.2.3",
    "10.200.0.1:9100",
    "2001:db8::7",
    "90",
    "95.5",
    "-3",
    "a*b",
    "x\ny",
    "é",
)
VALUES: Final = (
    *WORDS,
    "*",
    "db*",
    "db?",
    "*e*",
    "/^db/",
    "/WEB/i",
    "/./",
    "cidr:10.0.0.0/8",
    "cidr:10.128.0.0/9",
    "cidr:2001:db8::/32",
    "num:gt:90",
    "num:le:90",
    "num:lt:-5",
    "num:ge:95.5",
    "/(/",
)
FIELDS: Final = ("title", "labels.host", "labels.a.b/c")

texts = st.sampled_from(("", *WORDS)) | st.text(max_size=8)
conditions = st.builds(
    Condition,
    st.sampled_from(FIELDS),
    st.lists(st.sampled_from(VALUES), min_size=1, max_size=3, unique=True).map(tuple),
    st.booleans(),
) | st.builds(
    Condition,
    st.just("severity"),
    st.lists(st.sampled_from((*Severity, "C*", "/n/")).map(str), min_size=1, max_size=3, unique=True).map(tuple),
    st.booleans(),
)
groups = st.lists(conditions, min_size=1, max_size=4).map(tuple)
filters = st.lists(groups, max_size=3).map(lambda made: Filter(tuple(made)))


@st.composite
def subjects(draw: st.DrawFn) -> Subject:
    """Return a subject with a severity, whose other fields may be missing."""
    title, host, label = draw(texts), draw(texts), draw(texts)
    severity = str(draw(st.sampled_from(Severity)))
    return Subject({"severity": severity, "title": title}, {"host": host, "a.b/c": label} if label else {"host": host})
