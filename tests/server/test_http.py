"""What every route and every answer has in common."""

import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server import services_of
from server.headers import HEADERS
from sync.encoding import b64
from sync.kinds import SpaceKind
from tests.server.builders import Circle, Phone, group_of, wire
from tests.server.test_session import code

OPEN = {
    ("POST", "/v1/session/challenge"), ("POST", "/v1/session"),
    ("POST", "/v1/invitation"), ("POST", "/v1/slot"), ("GET", "/v1/openapi.json"),
}  # fmt: skip


@pytest.fixture
def app(sqlite_app):
    """What is tried here never reaches the database's own words."""
    return sqlite_app


def routes(app):
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield method, rule.rule.replace("<string:circle>", b64(bytes(32)))


def test_every_route_of_the_api_demands_a_sign_in_or_is_known_not_to(app):
    """SEC-50: default deny, from the route table."""
    stranger = Phone(app)
    for method, path in routes(app):
        if path.startswith("/v1/") and (method, path) not in OPEN:
            answer = stranger.client.open(path, method=method, json={})
            assert code(answer) == (401, "auth_required"), path


def test_every_answer_has_the_security_headers(app):
    phone = Phone(app).enrol()
    paths = [(method, path) for method, path in routes(app)]
    for method, path in [*paths, ("GET", "/nothing"), ("PUT", "/v1/sync")]:
        kinds: list[dict[str, Any]] = [{"json": {}}, {"data": "x=1"}]
        for kind in kinds:
            answer = phone.client.open(path, method=method, **kind)
            for name, value in HEADERS:
                assert answer.headers.getlist(name) == [value], (path, name)
            stored = "no-store" if path.startswith("/v1/") else "no-cache"
            assert answer.headers["Cache-Control"] == stored
            assert "Access-Control-Allow-Origin" not in answer.headers


def test_scripts_policy_lets_the_worker_register():
    policy = dict(HEADERS)["Content-Security-Policy"]
    assert policy.endswith("trusted-types sw")
    assert "unsafe" not in policy


def test_only_json_is_read(app):
    """SEC-49: a form from another site cannot carry this type."""
    phone = Phone(app)
    for method, path in routes(app):
        if method in ("POST", "PUT"):
            for type_ in ("text/plain", "application/x-www-form-urlencoded", None):
                answer = phone.client.open(
                    path, method=method, data="{}", content_type=type_
                )
                assert code(answer) == (415, "not_json")


def test_problems_say_what_to_do(app):
    answer = Phone(app).client.get("/v1/nothing")
    assert answer.content_type == "application/problem+json"
    assert answer.json == {
        "type": "about:blank", "title": "Not Found", "status": 404,
        "code": "not_found", "retry": "never", "detail": "Not Found",
    }  # fmt: skip
    assert code(Phone(app).client.get("/v1/sync")) == (405, "method_not_allowed")


SPACE, ID32 = b64(bytes(16)), b64(bytes(32))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], ""),
        ({"unknown": 1}, "*"),
        ({"push": []}, "push"),
        ({"push": {"short": []}}, "push.*"),
        ({"push": {SPACE: {}}}, f"push.{SPACE}"),
        ({"push": {SPACE[:-1] + "B": []}}, f"push.{SPACE[:-1]}B"),
        ({"have": {SPACE: [1, 2]}}, f"have.{SPACE}"),
        ({"have": {SPACE: [1, -2, ID32]}}, f"have.{SPACE}.1"),
        ({"have": {SPACE: [1, 2.0, ID32]}}, f"have.{SPACE}.1"),
        ({"have": {SPACE: [True, 2, ID32]}}, f"have.{SPACE}.0"),
        ({"have": {SPACE: [1, 2**63, ID32]}}, f"have.{SPACE}.1"),
        ({"want": [SPACE, 7]}, "want.1"),
        ({"wraps": {SPACE: [["AA", SPACE, "AA"]]}}, f"wraps.{SPACE}.0.0"),
        ({"packs": [[SPACE, SPACE, ID32, "soon", "AA"]]}, "packs.0.3"),
        ({"settled": "1"}, "settled"),
        ({"settled": 1.5}, "settled"),
    ],
)
def test_malformed_request_names_the_field_and_changes_nothing(app, body, field):
    phone = Phone(app).enrol()
    circle, genesis = phone.genesis()
    if isinstance(body, dict) and "push" not in body:
        body = body | {"push": {b64(circle.log): [wire(genesis)]}}
    answer = phone.client.post("/v1/sync", json=body, headers=phone.headers)
    assert code(answer) == (422, "bad_request")
    assert answer.json["field"] == field
    assert phone.pull() == {}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b'"\\ud800"', b"[" * 100_000, b"nul", b"1e999"]
)
def test_what_is_not_json_is_refused(app, body: bytes):
    phone = Phone(app).enrol()
    answer = phone.client.post(
        "/v1/sync", data=body, content_type="application/json", headers=phone.headers
    )
    assert code(answer) == (422, "bad_request")


@pytest.mark.parametrize(
    "request_",
    [
        {"push": {SPACE: [[]] * 65}},
        {"push": {b64(bytes([i]) * 16): [[]] * 60 for i in range(5)}},
        {"packs": [[]] * 65},
        {"packs": [[SPACE, SPACE, ID32, 1, b64(bytes(8193))]]},
        {"have": {b64(i.to_bytes(16, "big")): [] for i in range(1025)}},
        {"wraps": {SPACE: [[]] * 1025}},
        {"want": [SPACE] * 1025},
        {"push": {SPACE: ["x" * (1 << 20)]}},
    ],
)
def test_request_past_a_limit_is_refused_whole(app, request_):
    phone = Phone(app).enrol()
    assert code(phone.post(**request_)) == (413, "too_large")


@pytest.mark.parametrize(
    ("size", "refusal"), [(65536 + 49, "too_large"), (1000, "bad_padding")]
)
def test_body_of_an_unlawful_size_is_its_spaces_error(
    leader: Phone, circle: Circle, size: int, refusal: str
):
    room, version = circle.space(SpaceKind.ROOM), bytes(size)
    odd = leader.write(circle, SpaceKind.ROOM, body=version)
    assert leader.push(room, odd)["error"]["code"] == refusal


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    from server import create_app, upgrade

    folder = tmp_path_factory.mktemp("fuzz")
    app = create_app({"ENID_DATA": str(folder), "SYNC_PER_MINUTE": 0})
    upgrade(app)
    leader = Phone(app).enrol()
    yield leader, group_of(leader)
    services_of(app).database.close()


@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.data())
def test_altered_versions_are_refused_and_never_break_the_server(fuzzed, data):
    """SEC-51: every change of a byte or of the shape gets a code."""
    leader, circle = fuzzed
    kind = data.draw(st.sampled_from([SpaceKind.ROOM, SpaceKind.FRAME]))
    make = leader.write if kind is SpaceKind.ROOM else leader.epoch
    version = wire(make(circle, kind))
    leader.tips.pop(circle.space(kind))
    part = data.draw(st.integers(0, 2))
    raw = bytearray(os.urandom(4) if version[part] is None else _bytes(version[part]))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    changed = data.draw(
        st.sampled_from([b64(bytes(raw)), b64(bytes(raw)) + "=", "", None, 7, []])
    )
    version[part] = changed
    push = {b64(circle.space(kind)): [version]}
    answer = leader.client.post("/v1/sync", json={"push": push}, headers=leader.headers)
    assert answer.status_code == 200
    outcome = answer.json["pushed"][b64(circle.space(kind))]
    assert outcome["accepted"] == 0
    assert outcome["error"]["code"] != "server_error"


def _bytes(text: str) -> bytes:
    from sync.encoding import unb64

    return unb64(text)


def test_sync_is_limited_for_each_account(app):
    one, other = Phone(app).enrol(), Phone(app).enrol()
    for _ in range(120):
        assert one.post().status_code == 200
    limited = one.post()
    assert code(limited) == (429, "rate_limited")
    assert 0 < int(limited.headers["Retry-After"]) <= 60
    assert other.post().status_code == 200


def test_guessing_codes_is_limited_for_each_address(app, clock):
    """SEC-50."""
    guesser = Phone(app)
    for _ in range(60):
        guess = {"lookup": b64(os.urandom(16))}
        answer = guesser.client.post("/v1/invitation", json=guess)
        assert code(answer) == (404, "no_such_invite")
    for path in ("/v1/invitation", "/v1/slot"):
        assert code(guesser.client.post(path, json=guess)) == (429, "rate_limited")
    clock.now += 60
    assert guesser.client.post("/v1/slot", json=guess).status_code == 404


def test_sixty_people_join_from_one_address(app):
    """SEC-50: a teaching hospital shares one."""
    from tests.server.builders import operator_lookup

    for _ in range(60):
        lookup, phone = operator_lookup(app), Phone(app)
        asked = phone.client.post("/v1/invitation", json={"lookup": b64(lookup)})
        assert asked.status_code == 200
        assert phone.sign_in(lookup).status_code == 201


def test_openapi_document_is_served_and_valid(app):
    answer = Phone(app).client.get("/v1/openapi.json")
    document = answer.json
    assert document["openapi"].startswith("3.1")
    api_paths = {path for _method, path in routes(app) if path.startswith("/v1/")}
    known = {p.replace("{circle}", b64(bytes(32))) for p in document["paths"]}
    assert api_paths - {"/v1/openapi.json"} == known
    names = set(document["components"]["schemas"])
    for reference in _references(document):
        kind, name = reference.removeprefix("#/components/").split("/")
        assert name in document["components"][kind]
    assert {"SyncRequestBody", "Problem"} <= names


def _references(tree):
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key == "$ref":
                yield value
            else:
                yield from _references(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _references(value)


def test_pages_tell_how_the_server_is(app):
    client = Phone(app).client
    assert client.get("/healthz").json == {"status": "up"}
    assert client.get("/readyz").json == {"status": "ready"}
    (app.config["ENID_DATA"] / "demo.txt").write_text("open <as> a & leader")
    page = client.get("/").text
    assert "Enid server is running" in page
    assert "<pre>open &lt;as&gt; a &amp; leader</pre>" in page


def test_server_without_tables_is_not_ready(settings):
    from server import create_app

    app = create_app(settings)
    client = Phone(app).client
    assert client.get("/healthz").status_code == 200
    assert code(client.get("/readyz")) == (503, "busy")
    assert client.get("/").status_code == 200
    services_of(app).database.close()


def test_log_lines_hold_no_content(leader: Phone, circle: Circle, capsys):
    """SEC-46: allow-listed keys only."""
    from server.logs import log

    version = leader.write(circle, SpaceKind.ROOM)
    leader.push(circle.space(SpaceKind.ROOM), version)
    log.info("request", body="secret words", token=leader.token, status=200)
    written = capsys.readouterr().err
    lines = [json.loads(line) for line in written.splitlines()]
    assert lines[-2]["route"] == "/v1/sync"
    for secret in ("secret words", leader.token, b64(version.id), b64(leader.account),
                   leader.account.hex(), b64(circle.id)):  # fmt: skip
        assert secret not in written
    assert len({line["account"] for line in lines if line.get("route") == "/v1/sync"})


def test_fault_of_ours_says_nothing_about_itself(app, monkeypatch, capsys):
    from server.api import sync as api

    def broken(*_args: object) -> None:
        raise RuntimeError("the secret text of a fault")

    phone = Phone(app).enrol()
    monkeypatch.setattr(api, "sync", broken)
    answer = phone.post()
    assert code(answer) == (500, "server_error")
    assert "secret text" not in answer.text + capsys.readouterr().err
