"""The app as files: which path gets what, and with which headers."""

import gzip
import json
import os
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from server import create_app, services_of
from server.demo import pages
from server.headers import CONTENT_SECURITY_POLICY
from sync.encoding import b64

SHELL = b"<!doctype html><title>Enid</title>"
SCRIPT = b"console.log('a script that is long enough')\n" * 50
RECORD, CIRCLE = b64(bytes(range(16))), b64(bytes(range(32)))


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """What the build leaves, in small."""
    folder = tmp_path / "app"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_bytes(SHELL)
    (folder / "sw.js").write_bytes(SCRIPT)
    (folder / "manifest.webmanifest").write_text("{}")
    script = folder / "assets" / "boot-Cv_kncTx.js"
    script.write_bytes(SCRIPT)
    script.with_name(script.name + ".gz").write_bytes(gzip.compress(SCRIPT))
    script.with_name(script.name + ".br").write_bytes(b"as if by brotli")
    return folder


class Browser(FlaskClient):
    """Reads each answer to its end, and so closes the file behind it."""

    def open(self, *given, **more):
        return super().open(*given, **more, buffered=True)


@pytest.fixture
def browser():
    """Open an application in a browser; closed in the end."""
    opened = []

    def browser(app: Flask) -> FlaskClient:
        opened.append(app)
        app.test_client_class = Browser
        return app.test_client()

    yield browser
    for app in opened:
        services_of(app).database.close()


@pytest.fixture
def client(settings, built, browser):
    return browser(create_app(settings | {"ENID_APP": str(built)}))


@pytest.mark.parametrize(
    "path",
    ["/", "/today", "/groups", f"/groups/{CIRCLE}", f"/groups/{CIRCLE}/ground-rules",
     f"/s/{RECORD}", f"/s/{RECORD}/register", "/notes", f"/notes/{RECORD}", "/more",
     "/more/my-attendance", "/help", "/join", "/open", "/phone", "/today?do=apologies"],
)  # fmt: skip
def test_every_path_of_the_app_opens_by_its_shell(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.data == SHELL
    assert answer.mimetype == "text/html"
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    ["/nowhere", "/today/", "/groups/", "/groups/1", f"/groups/{RECORD[:-1]}B",
     f"/s/{RECORD}/", f"/s/{RECORD}/registers", f"/s/{RECORD}/register/x",
     "/notes/../more", "/more/My", "/index", "/assets/boot-00000000.js", "/assets/",
     "/assets", "/assets/boot-Cv_kncTx.js.br", "/sw.js.map", "/demo",
     "/demo/people.json", f"/s/{RECORD}%0A"],
)  # fmt: skip
def test_whatever_else_is_a_problem_document_and_never_the_shell(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"
    assert answer.json["code"] == "not_found"


@pytest.mark.parametrize("path", ["/today", "/sw.js"])
def test_the_app_is_only_read(client, path):
    answer = client.post(path, json={})
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"


def test_hashed_files_are_kept_for_good_and_the_rest_is_asked_for_again(client):
    script = client.get("/assets/boot-Cv_kncTx.js")
    assert script.headers["Cache-Control"].endswith("public, immutable")
    for path, kind in (
        ("/sw.js", "text/javascript"),
        ("/manifest.webmanifest", "application/manifest+json"),
        ("/index.html", "text/html"),
    ):
        answer = client.get(path)
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.mimetype == kind
        again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304


def test_files_go_out_as_small_as_the_browser_can_read_them(client):
    path = "/assets/boot-Cv_kncTx.js"
    for accepted, encoding, data in (
        ("gzip, br", "br", b"as if by brotli"),
        ("gzip", "gzip", gzip.compress(SCRIPT)),
        ("", None, SCRIPT),
    ):
        answer = client.get(path, headers={"Accept-Encoding": accepted})
        assert answer.headers.get("Content-Encoding") == encoding
        assert len(answer.data) == len(data)
        assert answer.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("path", ["/", "/assets/boot-Cv_kncTx.js", "/sw.js", "/lost"])
def test_every_answer_has_the_strict_policy_and_no_other_site_may_read_it(client, path):
    """SEC-33: Trusted Types too; the one policy is the worker's."""
    headers = client.get(path).headers
    assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert "require-trusted-types-for 'script'" in CONTENT_SECURITY_POLICY
    assert CONTENT_SECURITY_POLICY.endswith("trusted-types sw")
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in headers


def test_probes_and_the_interface_stay_beside_the_app(client):
    assert client.get("/healthz").json == {"status": "up"}
    assert client.get("/v1/openapi.json").status_code == 200
    assert client.get("/v1/lost").headers["Cache-Control"] == "no-store"


def test_a_server_without_a_built_app_says_how_it_is(settings, browser):
    client = browser(create_app(settings))
    assert "Enid server is running" in client.get("/").text
    assert client.get("/today").status_code == 404


def test_a_later_build_does_not_mix_with_the_one_that_is_served(
    settings, tmp_path, browser
):
    first, second, link = (tmp_path / name for name in ("one", "two", "app"))
    for folder in (first, second):
        folder.mkdir()
        (folder / "index.html").write_text(folder.name)
    link.symlink_to(first)
    client = browser(create_app(settings | {"ENID_APP": str(link)}))
    link.unlink()
    link.symlink_to(second)
    assert client.get("/today").text == "one"


def test_two_builds_of_one_time_and_size_are_told_apart(settings, built, browser):
    """Otherwise a phone that asks for a newer worker hears "not modified"."""
    script, names = built / "sw.js", []
    for text in ("files of N  ", "files of N+1"):
        script.write_text(text)
        os.utime(script, (1_000_000_000, 1_000_000_000))
        client = browser(create_app(settings | {"ENID_APP": str(built)}))
        names.append(client.get("/sw.js").headers["ETag"])
        known = {"If-None-Match": names[0]}
    assert len(set(names)) == 2
    assert client.get("/sw.js", headers=known).text == "files of N+1"


class TestDemo:
    """The codes of the made-up people are for this machine only."""

    @pytest.fixture
    def start(self, tmp_path: Path, monkeypatch, browser):
        def start(origin="http://localhost:8000", bind=None):
            monkeypatch.setenv("ENID_DATA", str(tmp_path))
            monkeypatch.setenv("ENID_ORIGIN", origin)
            monkeypatch.delenv("DATABASE_URL", raising=False)
            monkeypatch.delenv("ENID_BIND", raising=False)
            if bind:
                monkeypatch.setenv("ENID_BIND", bind)
            return browser(pages.create_app())

        (tmp_path / "demo.txt").write_text("open <as> a & leader")
        people = [{"role": "member", "name": "Chloe", "code": "0000-0000"}]
        (tmp_path / "people.json").write_text(json.dumps(people))
        return start

    def test_it_says_how_to_open_it_and_as_whom(self, start):
        client = start()
        told = client.get("/demo").text
        assert "<pre>open &lt;as&gt; a &amp; leader</pre>" in told
        assert client.get("/demo/people.json").json[0]["role"] == "member"

    @pytest.mark.parametrize(
        "where",
        [{"origin": "https://groups.example.org"}, {"bind": "0.0.0.0"}],  # noqa: S104
    )
    def test_a_server_that_others_reach_has_no_demo(self, start, where):
        client = start(**where)
        for path in ("/demo", "/demo/people.json"):
            assert client.get(path).status_code == 404

    def test_another_machine_or_another_name_of_this_one_gets_nothing(self, start):
        client, path = start(), "/demo/people.json"
        elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
        assert client.get(path, environ_base=elsewhere).status_code == 404
        rebound = {"Host": "evil.example"}
        assert client.get(path, headers=rebound).status_code == 404
