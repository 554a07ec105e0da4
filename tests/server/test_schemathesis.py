"""Requests made from our own OpenAPI document: what it allows and what it forbids.

Schemathesis makes them, through WSGI and signed in with a real token; the seed is
fixed. What it makes up knows no real space, so a second strategy mixes real versions,
broken ones and junk.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks

from server import create_app, services_of, upgrade
from server.services import backup
from sync.encoding import b64, sha256, unb64
from sync.envelope import parse_header, version_id
from sync.kinds import SpaceKind
from tests.server.builders import Circle, Phone, group_of, wire

SEED = 20_261_122
EXAMPLES = 50
EVERY_ANSWER = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
REFUSED = [400, 404, 413, 415, 422]
NO_ROUTE_OF_OURS = {"/v1/openapi.json"}
LEAVE, SLOT, SYNC = "DELETE /v1/session", "PUT /v1/slot", "POST /v1/sync"
# A slot names its account, which no schema can say.
RULED_OUT = {SLOT: {422}}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A server without the limits that a storm of requests would meet."""
    folder = tmp_path_factory.mktemp("server")
    app = create_app({
        "ENID_DATA": str(folder), "DATABASE_URL": "", "SYNC_PER_MINUTE": 0,
        "FAILED_LOOKUPS_PER_MINUTE": 0,
    })  # fmt: skip
    upgrade(app)
    yield app
    services_of(app).database.close()


@pytest.fixture(scope="module")
def phone(app: Flask) -> Phone:
    return Phone(app).enrol()


@pytest.fixture(scope="module")
def circle(app: Flask, phone: Phone) -> Circle:
    return group_of(phone, Phone(app).enrol())


def described(app: Any) -> Any:
    """The document, read by schemathesis; it leaves credentials to us."""
    config = SchemathesisConfig.from_dict({
        "generation": {"with-security-parameters": False},
        "checks": {"negative_data_rejection": {"expected-statuses": REFUSED}},
    })  # fmt: skip
    return schemathesis.openapi.from_wsgi("/v1/openapi.json", app, config=config)


@pytest.fixture(scope="module")
def schema(app: Flask) -> Any:
    return described(app)


def operations(schema: Any) -> dict[str, Any]:
    found = [each.ok() for each in schema.get_all_operations()]
    return {operation.label: operation for operation in found}


def ask(phone: Phone, case: Case) -> Any:
    """Send one request as somebody who is signed in."""
    if case.operation.label == LEAVE or not phone.token:
        assert phone.sign_in().status_code == 201
    answer = case.call(headers=phone.headers)
    if case.operation.label == LEAVE:
        phone.token = ""
    return answer


def for_many(
    strategy: st.SearchStrategy[Any], send: Callable[[Any], None], most: int = EXAMPLES
) -> None:
    """Call with many examples, the same ones each time."""
    made = seed(SEED)(
        settings(
            max_examples=most, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        )(given(strategy)(lambda example: send(example)))
    )  # fmt: skip
    made()


def test_every_route_is_in_the_description(app: Flask, schema: Any):
    told = {operation.path for operation in operations(schema).values()}
    routes = {
        rule.rule.replace("<string:circle>", "{circle}")
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/v1/")
    }
    assert told == routes - NO_ROUTE_OF_OURS


@pytest.mark.slow
def test_what_the_description_allows_is_understood(schema: Any, phone: Phone):
    """Never a 5xx, never *malformed*; each answer looks as described."""
    seen: Counter[str] = Counter()

    def send(case: Case) -> None:
        answer = ask(phone, case)
        seen[f"{case.operation.label} {answer.status_code}"] += 1
        case.validate_response(answer, checks=EVERY_ANSWER)
        allowed = RULED_OUT.get(case.operation.label, set())
        if answer.status_code in {400, 405, 413, 415, 422} - allowed:
            assert has_whole_floats(case.body), (answer.text, case.body)

    for operation in operations(schema).values():
        strategy = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        for_many(strategy, send)
    assert seen[f"{SYNC} 200"] > EXAMPLES / 4, seen
    assert seen[f"{LEAVE} 204"], seen
    assert seen["POST /v1/session/challenge 200"], seen


def has_whole_floats(value: Any) -> bool:
    """1.0 is an integer to JSON Schema, but no client of ours writes one so."""
    if isinstance(value, dict):
        return any(map(has_whole_floats, value.values()))
    if isinstance(value, list):
        return any(map(has_whole_floats, value))
    return isinstance(value, float)


@pytest.mark.slow
def test_what_the_description_forbids_is_refused(schema: Any, phone: Phone):
    """The right code in a problem document, whatever comes."""
    wanted = [*EVERY_ANSWER, checks.negative_data_rejection]

    def send(case: Case) -> None:
        case.validate_response(ask(phone, case), checks=wanted)

    for operation in operations(schema).values():
        if operation.body:  # otherwise there is nothing that could be wrong
            strategy = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
            for_many(strategy, send)


def sync_bodies(phone: Phone, circle: Circle) -> st.SearchStrategy[dict[str, Any]]:
    """Requests about spaces that are there: true, broken and made-up parts."""
    room, log = b64(circle.space(SpaceKind.ROOM)), b64(circle.log)
    good = st.builds(lambda: wire(phone.write(circle, SpaceKind.ROOM)))
    entry = st.builds(lambda: wire(phone.certify_in(circle)))
    text = st.text(max_size=40) | st.sampled_from(["", "AAAA", b64(bytes(80))])
    scalar = st.none() | st.booleans() | st.integers() | st.just(1.5) | text

    def spoilt(version: list[Any], place: int, what: Any) -> list[Any]:
        version = copy.deepcopy(version)
        version[place % len(version)] = what
        return version

    def cut(version: list[Any], place: int, length: int) -> list[Any]:
        part = version[place % len(version)] or ""
        return spoilt(version, place, part[: length % (len(part) + 1)])

    some, number = good | entry, st.integers(0, 9)
    broken = (
        st.builds(spoilt, some, number, scalar)
        | st.builds(cut, some, number, st.integers(0, 4000))
        | st.lists(scalar, max_size=5)
    )
    spaces = st.sampled_from([room, log, b64(bytes(16))])
    place = st.tuples(st.integers(0, 3), st.integers(0, 90), text).map(list)
    head = st.sampled_from([b64(bytes(32)), b64(b"h" * 32)])
    have = st.tuples(st.integers(0, 3), st.integers(0, 2**63 - 1), head).map(list)
    row = st.lists(scalar, max_size=5)
    some_good = st.builds(
        list.__add__,
        st.lists(good, min_size=1, max_size=3),
        st.lists(broken, max_size=1),
    )
    push = st.fixed_dictionaries({room: some_good}, optional={
        log: st.lists(entry | broken, max_size=2),
        b64(bytes(16)): st.lists(some, max_size=1),
    })  # fmt: skip
    true = st.fixed_dictionaries({"push": push}, optional={
        "have": st.dictionaries(spaces, have), "want": st.lists(spaces, max_size=2),
    })  # fmt: skip
    false = st.fixed_dictionaries({"push": push}, optional={
        "have": st.dictionaries(spaces, place),
        "wraps": st.dictionaries(spaces, st.lists(row, max_size=2)),
        "packs": st.lists(row, max_size=1),
        "settled": st.integers(-1, 3),
    })  # fmt: skip
    return true | true | false


@pytest.mark.slow
def test_broken_versions_of_real_spaces_change_nothing_else(
    app: Flask, schema: Any, phone: Phone, circle: Circle
):
    """Bad input: what stood before the fault stands, and every chain still holds."""
    operation = operations(schema)[SYNC]
    seen: Counter[Any] = Counter()

    def send(body: dict[str, Any]) -> None:
        case = operation.Case(body=body, media_type="application/json")
        answer = ask(phone, case)
        seen[answer.status_code] += 1
        case.validate_response(answer, checks=EVERY_ANSWER)
        go_on_from_the_server(phone, circle)

    for_many(sync_bodies(phone, circle), send, 4 * EXAMPLES)
    assert seen[200]
    assert seen[422]
    file = Path(app.config["ENID_DATA"]) / "enid.sqlite"
    assert backup.check(file)["versions"] > 20


def go_on_from_the_server(phone: Phone, circle: Circle) -> None:
    """Continue the phone's chains where the server has them now."""
    phone.views.clear()
    pages = phone.pull()
    for space in (circle.space(SpaceKind.ROOM), circle.log):
        rows = [(unb64(row[0]), unb64(row[2])) for row in pages[b64(space)]["versions"]]
        for raw, body in rows:
            header = parse_header(raw)
            if header.device == phone.device:
                phone.tips[space] = (header.n, version_id(raw, sha256(body)))


@pytest.mark.slow
def test_an_answer_that_is_not_as_described_would_be_noticed(app: Flask, phone: Phone):
    """The check of the checks: three lies about one answer."""
    lies = [
        ("200 OK", "application/json", b'{"inc": "one"}'),
        ("200 OK", "text/html", b"<p>sign in to the hospital's Wi-Fi</p>"),
        ("500 Internal Server Error", "application/problem+json", b"{}"),
    ]
    for status, kind, body in lies:

        def liar(environ: Any, start: Any, lie: Any = (status, kind, body)) -> Any:
            if environ["PATH_INFO"] != "/v1/sync":
                return app.wsgi_app(environ, start)
            start(lie[0], [("Content-Type", lie[1])])
            return [lie[2]]

        case = operations(described(liar))[SYNC].Case(
            body={}, media_type="application/json"
        )
        with pytest.raises((FailureGroup, AssertionError)):
            case.validate_response(ask(phone, case), checks=EVERY_ANSWER)
