"""Dynamic assignment: labels name whom a level tells; what they cannot name is said, and the level keeps its own."""

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import dynamic
from bot.domain.escalation import Chat, Reset
from bot.domain.event import Event, Severity
from bot.domain.flow import Arrival, Decision, Known, Moment, NewIds, Outcome, decide, rules_of
from bot.domain.incident import AlertId, ChannelId, Entry, Incident, IncidentId, Notify, Record
from bot.domain.organisation import Channel, Organisation, Workspace
from bot.domain.people import WorkspaceId
from bot.domain.rule import Rule
from tests.domain.cast import ANA, BO, CHEN, DEE, MINUTE, NIGHT, OPS, SRE, level, people, person, team

SHOP = ChannelId(7)
CHATTY, OTHER = WorkspaceId(1), WorkspaceId(2)
THERE, ELSEWHERE = Chat(CHATTY, "C2"), Chat(OTHER, "C3")
LEVELS = (replace(level(ANA), chats=(OPS, ELSEWHERE)), level(BO))
EMAILS, TEAMS = "layer_person_reset_0_emails", "layer_person_reset_0_team_names"
SECOND, CHATS = "layer_person_reset_1_emails", "layer_webhook_reset_0_chattys"


def organisation(*rules: Rule) -> Organisation:
    channels = (
        Channel(SHOP, "shop", rules=rules or (Rule("day and night", LEVELS),)),
        Channel(ChannelId(8), "ops", rules=(Rule("chats", (replace(level(), chats=(THERE,)),)),)),
    )
    workspaces = (Workspace(CHATTY, "acme", "chatty"), Workspace(OTHER, "beta", "other"))
    return Organisation(
        1,
        people(gone=(DEE,)),
        {one.id: one for one in channels},
        workspaces={one.id: one for one in workspaces},
    )


def hears(
    labels: Mapping[str, str], configured: Organisation | None = None, known: Known | None = None, ok: bool = False
) -> Decision:
    event = Event(Severity.OK if ok else Severity.CRITICAL, "Disk full", labels={"host": "db-1", **labels})
    ids = NewIds(AlertId(5), IncidentId(42))
    return decide(Arrival(event, SHOP, "disk"), known or Known(), ids, Moment(configured or organisation(), NIGHT))


def opened(labels: Mapping[str, str], configured: Organisation | None = None) -> tuple[Incident, list[Notify]]:
    ((incident, effects),) = hears(labels, configured).incidents
    return incident, [one for one in effects if isinstance(one, Notify)]


def said(labels: Mapping[str, str], configured: Organisation | None = None) -> list[Mapping[str, str | int]]:
    ((_, effects),) = hears(labels, configured).incidents
    return [one.said for one in effects if isinstance(one, Record) and one.entry is Entry.RESET]


def test_addresses_and_teams_together_stand_in_the_place_of_the_levels_people() -> None:
    labels = {EMAILS: " Ana@example.com,bo@example.com ", TEAMS: "sre", SECOND: "chen@example.com"}
    incident, told = opened(labels)

    assert told == [Notify(0, 0, (ANA, BO, CHEN), (OPS, ELSEWHERE))]
    assert incident.resets == (Reset(0, (person(ANA), person(BO), team(SRE))), Reset(1, (person(CHEN),)))
    assert incident.facts.labels == {"host": "db-1"}
    assert said(labels) == [
        {"key": EMAILS, "level": 1, "to": "Ana, Bo"},
        {"key": TEAMS, "level": 1, "to": "Bo, Chen"},
        {"key": SECOND, "level": 2, "to": "Chen"},
    ]


def test_all_else_of_the_level_stays_and_a_rule_that_changes_later_is_reset_too() -> None:
    incident, _ = opened({SECOND: "chen@example.com"})
    looped = level(ANA, loop=(2, 3), after=9)
    changed = organisation(Rule("day and night", (level(BO), looped, level(DEE))))

    after = rules_of(incident, changed).levels
    assert after == (level(BO), replace(looped, targets=(person(CHEN),)), level(DEE))
    assert rules_of(incident, organisation(Rule("day and night", (level(BO),)))).levels == (level(BO),)


def test_who_is_not_known_is_said_and_where_nobody_is_the_level_keeps_its_own() -> None:
    some = {EMAILS: "eve@example.com,bo@example.com,dee@example.com,,"}
    incident, told = opened(some)
    assert told[0].accounts == (BO,)
    assert said(some) == [{"key": EMAILS, "level": 1, "to": "Bo", "unknown": "eve@example.com, dee@example.com"}]

    nobody = {EMAILS: "eve@example.com", TEAMS: "Nobody"}
    incident, told = opened(nobody)
    assert (incident.resets, told[0].accounts) == ((), (ANA,))
    assert said(nobody) == [
        {"key": EMAILS, "level": 1, "unknown": "eve@example.com"},
        {"key": TEAMS, "level": 1, "unknown": "Nobody"},
    ]


def test_a_label_that_names_nobody_is_said_as_such() -> None:
    assert said({EMAILS: " , ,，"}) == [{"key": EMAILS, "level": 1, "unknown": "–"}]


def test_who_has_left_since_replaces_nobody() -> None:
    incident, _ = opened({SECOND: "chen@example.com"})
    left = replace(organisation(), people=people(gone=(CHEN,)))
    assert rules_of(incident, left).levels == LEVELS


def test_a_level_that_is_not_there_is_said_also_where_no_rule_is_followed() -> None:
    far = {"layer_person_reset_7_emails": "bo@example.com"}
    assert said(far) == [{"key": "layer_person_reset_7_emails", "level": 8, "of": 2}]

    none = organisation(Rule("off", LEVELS, enabled=False))
    assert said({EMAILS: "bo@example.com"}, none) == [{"key": EMAILS, "level": 1, "of": 0}]


def test_chats_that_rules_tell_stand_in_the_place_of_those_of_their_platform() -> None:
    _, told = opened({CHATS: "acme/C2,C2"})
    assert told == [Notify(0, 0, (ANA,), (ELSEWHERE, THERE))]
    assert said({CHATS: "C2,90dbb66b-d9c0"}) == [{"key": CHATS, "level": 1, "to": "C2", "unknown": "…d9c0"}]

    token = {"layer_webhook_reset_0_unheards": "90dbb66b-d9c0", CHATS: "C3"}
    incident, told = opened(token)
    assert (incident.resets, told[0].chats) == ((), (OPS, ELSEWHERE))
    assert [one["unknown"] for one in said(token)] == ["…C3", "…d9c0"]


def test_more_than_fifty_are_too_many() -> None:
    many = ",".join(f"eve{number}@example.com" for number in range(60)) + ",bo@example.com"
    (one,) = said({EMAILS: many})
    assert str(one["unknown"]).endswith("eve49@example.com, +11")
    assert "to" not in one


def test_later_reports_and_recoveries_neither_show_such_labels_nor_change_who_is_told() -> None:
    first = hears({EMAILS: "bo@example.com"})
    ((incident, _),) = first.incidents
    known = Known(first.alerts, {incident.id: incident})

    assert hears({EMAILS: "chen@example.com"}, known=known).outcome is Outcome.REPEATED
    changed = hears({EMAILS: "chen@example.com", "disk": "sda"}, known=known)
    ((after, _),) = changed.incidents
    assert (after.resets, after.facts.labels) == (incident.resets, {"host": "db-1", "disk": "sda"})
    over = hears({SECOND: "chen@example.com", "end": "1"}, known=known, ok=True)
    assert over.alerts[0].labels == {"host": "db-1", "end": "1"}


def test_what_the_query_says_goes_before_the_label() -> None:
    event = Event(Severity.CRITICAL, "Disk full", labels={EMAILS: "ana@example.com", "host": "db-1"})
    query = {EMAILS: "bo@example.com", SECOND: "", "integration_key": "k" * 20, "layer_x": "1"}
    assert dynamic.asked(event, query).labels == {EMAILS: "bo@example.com", "host": "db-1"}
    assert dynamic.asked(event, {"layer_x": "1"}) is event


def test_several_of_one_transaction_are_read_alike() -> None:
    moment = Moment(organisation(), NIGHT)
    told = []
    for name in ("bo", "chen"):
        event = Event(Severity.CRITICAL, "Disk full", labels={EMAILS: f"{name}@example.com"})
        decision = decide(Arrival(event, SHOP, name), Known(), NewIds(AlertId(5), IncidentId(42)), moment)
        told += [one.accounts for _, effects in decision.incidents for one in effects if isinstance(one, Notify)]
    assert told == [(BO,), (CHEN,)]


def test_a_label_that_only_looks_like_one_stays_a_label() -> None:
    odd = {"layer_person_reset_x_emails": "bo@example.com", "layer_person_reset_0_email": "bo@example.com"}
    incident, told = opened(odd)
    assert (incident.facts.labels, incident.resets) == ({"host": "db-1", **odd}, ())
    assert told[0].accounts == (ANA,)
    assert dynamic.read(odd, LEVELS, dynamic.names_of(organisation()), people()) == ((), ())


KEYS = st.from_regex(
    r"layer_(person_reset_[0-9]{1,2}_(emails|team_names)|webhook_reset_[0-9]_(chatty|other)s)", fullmatch=True
)
VALUES = st.lists(
    st.sampled_from(["ana@example.com", "sre", "C1", "acme/C2", "", " "]) | st.text(max_size=8), max_size=4
)


@settings(max_examples=50)
@given(labels=st.dictionaries(KEYS, VALUES.map(",".join), max_size=5))
def test_whatever_they_say_somebody_is_told_and_every_key_is_accounted_for(labels: Mapping[str, str]) -> None:
    incident, told = opened(labels)
    assert told
    assert people().can_be_told(told[0].accounts)
    assert incident.facts.labels == {"host": "db-1"}
    assert sorted(str(one["key"]) for one in said(labels)) == sorted(labels)
    assert all(one.keys() & {"to", "unknown", "of"} for one in said(labels))
    assert incident.due == NIGHT + 5 * MINUTE
