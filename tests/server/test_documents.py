"""What an operator can set and a client can call stands in the documents."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROTOCOL = (ROOT / "sync" / "PROTOCOL.md").read_text(encoding="utf-8")
SETTINGS = re.findall(
    r"(?:env\.\w+\(|environ\.get\()['\"]([A-Z_]+)['\"]",
    (ROOT / "server/config.py").read_text()
    + (ROOT / "server/gunicorn.conf.py").read_text(),
)


@pytest.mark.parametrize("name", sorted(set(SETTINGS) - {"SYNC_PER_MINUTE"}))
def test_every_setting_stands_in_the_readme(name: str):
    assert f"`{name}`" in README


def test_there_are_settings_to_look_for():
    assert {"DATABASE_URL", "ENID_ORIGIN", "PORT"} <= set(SETTINGS)


def test_every_route_of_the_interface_stands_in_the_protocol(sqlite_app):
    routes = {
        re.sub(r"<[^>]*>", "<circle>", str(rule))
        for rule in sqlite_app.url_map.iter_rules()
        if str(rule).startswith("/v1/") and "openapi" not in str(rule)
    }
    assert routes
    for route in routes:
        assert route in PROTOCOL, route


def test_the_readme_can_be_read_in_one_go():
    assert len(README.splitlines()) <= 150
