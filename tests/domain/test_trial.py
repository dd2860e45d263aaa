"""What comes of the test of somebody's methods."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.delivery import Place
from bot.domain.organisation import Organisation, Provider, Workspace
from bot.domain.people import LINES, Account, ChatLink, ContactKind, Method, People, WorkspaceId
from bot.domain.trial import AGAIN_AFTER, MOST, Outcome, Proof, Result, Step, begin, clicked, judged, method_of, proven
from bot.domain.verification import Obstacle
from tests.domain.cast import ANA, NIGHT

ACME = WorkspaceId(1)
CODES = [f"{number:06d}" for number in range(MOST)]
SECOND = timedelta(seconds=1)


def organisation(person: Account, *, linked: bool = True) -> Organisation:
    links = (ChatLink(ACME, "U1", ANA),) if linked else ()
    providers = tuple(Provider("main", "any", method) for method in (Method.SMS, Method.EMAIL))
    return Organisation(
        1, People({ANA: person}), workspaces={ACME: Workspace(ACME, "acme", "chat")}, links=links, providers=providers
    )


PERSON = Account(ANA, "Ana", "ana@example.com", "+4930123456", verified=frozenset(ContactKind))
TRIAL = begin(PERSON, organisation(PERSON), CODES, NIGHT)
CHAT, EMAIL, SMS = (ring.place for ring in TRIAL.rings)


def test_each_way_is_rung_with_a_code_of_its_own_and_the_others_are_named() -> None:
    assert [(ring.method, ring.code) for ring in TRIAL.rings] == [
        (Method.IM, "000000"),
        (Method.EMAIL, "000001"),
        (Method.SMS, "000002"),
    ]
    assert TRIAL.obstacles == ((Method.VOICE, Obstacle.NO_PROVIDER), (Method.PUSH, Obstacle.NO_PROVIDER))
    assert TRIAL.again_at == NIGHT + AGAIN_AFTER
    assert method_of(Place(LINES[Method.PUSH], account=ANA)) is Method.PUSH


def test_what_is_not_verified_or_linked_is_not_rung() -> None:
    person = replace(PERSON, verified=frozenset())
    trial = begin(person, organisation(person, linked=False), CODES, NIGHT)
    assert trial.rings == ()
    assert dict(trial.obstacles)[Method.IM] is Obstacle.NOT_LINKED
    assert dict(trial.obstacles)[Method.SMS] is Obstacle.NOT_VERIFIED


def test_the_newest_word_counts_and_a_proof_more_than_any() -> None:
    taken = Step(Outcome.ACCEPTED, NIGHT, "main", "queued")
    key = Step(Outcome.PROVEN, NIGHT + SECOND, "main", "1", Proof.KEY)
    ended = Step(Outcome.REPORTED, NIGHT + 2 * SECOND, "main", "ended")
    found = judged(TRIAL, [[], [taken, ended], [taken, key, ended]])
    assert [ring.result for ring in found.rings] == [
        Result(),
        Result(Outcome.REPORTED, NIGHT + 2 * SECOND, "main", "ended"),
        Result(Outcome.PROVEN, NIGHT + SECOND, "main", "1", Proof.KEY),
    ]
    assert found.version == TRIAL.version + 1
    assert judged(found, [[], [taken, ended], [ended]]) is found, "what was proven stays so"


def test_a_code_proves_its_own_message_and_a_click_its_chat() -> None:
    typed = proven(TRIAL, "000002", NIGHT)
    assert typed is not None
    assert [ring.result.proof for ring in typed.rings] == [None, None, Proof.CODE]
    by_button = proven(TRIAL, "000000", NIGHT)
    assert by_button is not None
    assert by_button.rings == clicked(TRIAL, CHAT, NIGHT).rings
    assert proven(TRIAL, "123456", NIGHT) is None
    assert proven(typed, "000002", NIGHT + SECOND) is typed
    assert clicked(TRIAL, Place(WorkspaceId(9), account=ANA), NIGHT) is TRIAL
