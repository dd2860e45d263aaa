"""An event within its limits: what is too long is cut, visibly; what is too much is left out."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import event as limits
from bot.domain.event import Event, Image, Link, Severity, cut, fit

PLAIN = Event(Severity.WARNING, "Disk full")


def test_severities_are_ranked_and_written_as_on_the_wire() -> None:
    assert sorted(Severity, key=lambda severity: severity.rank) == ["Ok", "Info", "Warning", "Critical"]
    assert [severity for severity in Severity if Event(severity, "x").is_recovery] == [Severity.OK]


@pytest.mark.parametrize(("text", "expected"), [("abc", "abc"), ("abcd", "ab…"), ("", "")])
def test_what_is_cut_shows_that_something_is_missing(text: str, expected: str) -> None:
    assert cut(text, 3) == expected


def test_long_texts_are_cut() -> None:
    event = fit(replace(PLAIN, title="t" * 999, description="d" * 9999, labels={"name": "v" * 9999}))

    assert event.title == "t" * (limits.TITLE_LIMIT - 1) + "…"
    assert event.description == "d" * (limits.DESCRIPTION_LIMIT - 1) + "…"
    assert event.labels == {"name": "v" * (limits.LABEL_VALUE_LIMIT - 1) + "…"}


def test_what_fits_stays_as_it_is() -> None:
    event = Event(
        Severity.CRITICAL,
        "t" * limits.TITLE_LIMIT,
        alert_key="key",
        description="d" * limits.DESCRIPTION_LIMIT,
        labels={"k" * limits.LABEL_KEY_LIMIT: "v" * limits.LABEL_VALUE_LIMIT},
        images=(Image("s" * limits.IMAGE_SRC_LIMIT, "a" * limits.IMAGE_ALT_LIMIT, "h" * limits.IMAGE_HREF_LIMIT),),
        links=(Link("x" * limits.LINK_TEXT_LIMIT, "h" * limits.LINK_HREF_LIMIT),),
        starts_at=datetime(2026, 11, 21, tzinfo=UTC),
    )

    assert fit(event) == event


def test_labels_that_cannot_be_kept_are_left_out() -> None:
    labels = {"": "x", "empty": "", "k" * 129: "x", "kept": "x"}
    many = {f"label{number}": "x" for number in range(99)}

    assert fit(replace(PLAIN, labels=labels)).labels == {"kept": "x"}
    assert list(fit(replace(PLAIN, labels=many)).labels) == list(many)[: limits.LABELS_LIMIT]


def test_pictures_and_links_whose_address_is_too_long_or_missing_are_left_out() -> None:
    images = (Image("s" * 257), Image(""), Image("a.png", "a" * 200, "h" * 300))
    links = (Link("x", "h" * 2049), Link("x", ""), Link("t" * 200, "https://example.com"))

    event = fit(replace(PLAIN, images=images, links=links))

    assert event.images == (Image("a.png", "a" * 127 + "…", "h" * 256),)
    assert event.links == (Link("t" * 127 + "…", "https://example.com"),)


def test_of_two_pictures_of_one_name_the_later_is_kept_and_those_without_a_name_are_all_kept() -> None:
    images = (Image("1.png", "cpu"), Image("2.png", "cpu"), Image("3.png"), Image("4.png"))

    assert [image.src for image in fit(replace(PLAIN, images=images)).images] == ["2.png", "3.png", "4.png"]


def test_too_many_pictures_and_links_are_left_out() -> None:
    event = fit(
        replace(
            PLAIN,
            images=tuple(Image(f"{number}.png") for number in range(99)),
            links=tuple(Link("x", f"https://example.com/{number}") for number in range(99)),
        )
    )

    assert (len(event.images), len(event.links)) == (limits.IMAGES_LIMIT, limits.LINKS_LIMIT)


SHORT = st.text(max_size=300)
EVENTS = st.builds(
    Event,
    status=st.sampled_from(Severity),
    title=st.text(max_size=600),
    alert_key=st.none() | SHORT,
    description=SHORT,
    labels=st.dictionaries(st.text(max_size=140), SHORT, max_size=60),
    images=st.lists(st.builds(Image, SHORT, SHORT, SHORT), max_size=25).map(tuple),
    links=st.lists(st.builds(Link, SHORT, SHORT), max_size=15).map(tuple),
)


@given(EVENTS)
def test_every_event_fits_and_what_fits_is_not_touched_again(event: Event) -> None:
    fitted = fit(event)

    assert len(fitted.title) <= limits.TITLE_LIMIT
    assert len(fitted.labels) <= limits.LABELS_LIMIT
    assert all(0 < len(name) <= limits.LABEL_KEY_LIMIT for name in fitted.labels)
    assert len(fitted.images) <= limits.IMAGES_LIMIT
    assert all(0 < len(image.src) <= limits.IMAGE_SRC_LIMIT for image in fitted.images)
    assert len(fitted.links) <= limits.LINKS_LIMIT
    assert fit(fitted) == fitted


def test_the_same_report_has_the_same_fingerprint_whatever_the_order_of_its_labels() -> None:
    one, other = replace(PLAIN, labels={"a": "1", "b": "2"}), replace(PLAIN, labels={"b": "2", "a": "1"})

    assert one.fingerprint == other.fingerprint


@pytest.mark.parametrize(
    "other",
    [
        replace(PLAIN, status=Severity.CRITICAL),
        replace(PLAIN, title="Disk fuller"),
        replace(PLAIN, alert_key="key"),
        replace(PLAIN, description="91 %"),
        replace(PLAIN, labels={"host": "a"}),
        replace(PLAIN, images=(Image("a.png"),)),
        replace(PLAIN, links=(Link("Graph", "https://example.com"),)),
        replace(PLAIN, starts_at=datetime(2026, 11, 21, tzinfo=UTC)),
    ],
)
def test_a_report_that_differs_in_anything_has_another_fingerprint(other: Event) -> None:
    assert other.fingerprint != PLAIN.fingerprint
