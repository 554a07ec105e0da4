"""The service worker in a real browser: offline, from one version to the next."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from sync.encoding import b64
from tests.pwa.builds import AppServer, build

pytestmark = pytest.mark.slow
PATIENCE_MS = 15_000
RECORD = b64(bytes(range(16)))
DEEP = f"/s/{RECORD}/register"
MISSING = "/assets/missing-00000000.js"


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("builds")
    return {name: build(folder, name) for name in ("N", "N+1")}


@pytest.fixture(scope="module")
def started(
    tmp_path_factory: pytest.TempPathFactory, builds: dict[str, Path]
) -> Iterator[AppServer]:
    server = AppServer(tmp_path_factory.mktemp("server"))
    server.app = builds["N"]
    with server.running():
        yield server


@pytest.fixture
def server(started: AppServer, builds: dict[str, Path]) -> AppServer:
    """A server of build N, whatever the test before has done to it."""
    if started.process is None or started.app != builds["N"]:
        started.update(builds["N"])
    return started


@pytest.fixture
def phone(browser: Browser, server: AppServer) -> Iterator[BrowserContext]:
    """A browser that has never been here."""
    context = browser.new_context(base_url=server.origin)
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def page(phone: BrowserContext) -> Page:
    """A page of build N, whose worker has taken in everything."""
    return opened(phone, "/today")


def opened(phone: BrowserContext, path: str) -> Page:
    page = phone.new_page()
    page.goto(path)
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    return page


def shows(page: Page, name: str) -> None:
    heading = page.get_by_role("heading")
    expect(heading).to_have_text(f"build {name}", timeout=PATIENCE_MS)


def state(page: Page) -> str:
    """What the page was last told about updates."""
    return page.evaluate("heard.at(-1)")


def until(page: Page, wanted: str) -> None:
    """Wait for a state; the page asks itself, for our policy allows no eval."""
    page.evaluate(
        """([wanted, patience_ms]) => new Promise((done, failed) => {
            const look = () => heard.at(-1) === wanted ? done() : setTimeout(look, 20);
            look();
            setTimeout(() => failed(new Error(`heard ${heard}`)), patience_ms);
        })""",
        [wanted, PATIENCE_MS],
    )


def left_alone(page: Page, ms: int = 5_000) -> None:
    """Time in which nobody touches the page; asking it something counts as a touch."""
    page.wait_for_timeout(ms)


def settled(page: Page) -> None:
    """Ask for a new version, and wait until a worker has been taken in or given up."""
    page.evaluate(
        """async () => {
            await check();
            const { installing } = await navigator.serviceWorker.getRegistration();
            if (installing) await new Promise((done) => {
                installing.onstatechange = done;
            });
        }"""
    )


def without(app: Path, folder: Path, pattern: str) -> Path:
    """The same build with a file lost, as on a server in the middle of an update."""
    copy = folder / "half"
    shutil.copytree(app, copy)
    lost = list(copy.glob(pattern))
    assert lost
    for file in lost:
        file.unlink()
    return copy


def test_it_opens_offline_at_any_of_its_pages(page, phone, server):
    """E-100 and ux.md 1A: also by a link deep into the app, with the server gone."""
    server.kill()
    for path in ("/today", "/", DEEP, "/help"):
        page.goto(path)
        shows(page, "N")
        assert page.url == server.origin + path
    shows(opened(phone, DEEP), "N")
    assert page.evaluate("lazy()") == "lazy words of build N"
    with pytest.raises(Error):
        page.goto("/nowhere")


def test_the_interface_and_the_demo_never_come_from_the_worker(page, server):
    ask = "path => fetch(path).then((answer) => answer.status, () => 'no answer')"
    for path, status in (("/v1/openapi.json", 200), ("/demo/people.json", 404)):
        assert page.evaluate(ask, path) == status
    server.kill()
    for path in ("/v1/openapi.json", "/demo/people.json", "/healthz"):
        assert page.evaluate(ask, path) == "no answer"


def test_a_missing_file_is_404_and_never_the_page(page, server):
    ask = """path => fetch(path).then(async (answer) =>
        [answer.status, (await answer.text()).includes('<html')])"""
    assert page.evaluate(ask, MISSING) == [404, False]
    server.kill()
    assert page.evaluate(ask, MISSING) == [404, False]


def test_a_new_version_waits_until_the_person_takes_it(page, server, builds):
    assert state(page) == "current"
    server.update(builds["N+1"])
    page.evaluate("check()")
    until(page, "ready")
    shows(page, "N")
    # The old page goes on with its own files, which the server no longer has.
    assert page.evaluate("lazy()") == "lazy words of build N"
    with page.expect_navigation():
        assert page.evaluate("apply()")
    shows(page, "N+1")
    assert page.evaluate("lazy()") == "lazy words of build N+1"
    server.kill()
    page.goto(DEEP)
    shows(page, "N+1")


def test_no_version_comes_in_the_middle_of_a_register(page, server, builds):
    """ux.md, row 11: while the page says that it is busy, nothing is put in place."""
    page.evaluate("sessionStorage.setItem('busy', 'a register')")
    server.update(builds["N+1"])
    page.evaluate("check()")
    until(page, "ready")
    assert page.evaluate("apply()") is False
    page.reload()
    left_alone(page)
    until(page, "ready")
    shows(page, "N")
    page.evaluate("sessionStorage.removeItem('busy')")
    with page.expect_navigation():
        page.evaluate("apply()")
    shows(page, "N+1")


def test_at_the_next_start_it_is_put_in_place_by_itself_with_one_reload(
    page, server, builds
):
    server.update(builds["N+1"])
    page.evaluate("check()")
    until(page, "ready")
    page.goto(DEEP)
    page.wait_for_event("framenavigated", timeout=PATIENCE_MS)
    shows(page, "N+1")
    assert page.url == server.origin + DEEP
    # The first load, the next start, and the one reload.
    assert page.evaluate("loads") == 3


def test_a_page_that_was_touched_is_not_reloaded_by_itself(page, server, builds):
    server.update(builds["N+1"])
    page.evaluate("check()")
    until(page, "ready")
    page.reload()
    page.mouse.click(20, 20)
    left_alone(page)
    assert page.evaluate("heard") == ["ready"]
    shows(page, "N")


def test_a_version_that_never_takes_over_is_tried_once_and_no_page_loops(
    page, server, builds, tmp_path
):
    stuck = tmp_path / "stuck"
    shutil.copytree(builds["N+1"], stuck)
    worker = stuck / "sw.js"
    worker.write_text(worker.read_text().replace("self.skipWaiting()", "undefined"))
    for compressed in stuck.glob("sw.js.*"):
        compressed.unlink()
    server.update(stuck)
    page.evaluate("check()")
    until(page, "ready")
    page.reload()
    left_alone(page, 10_000)
    assert page.evaluate("heard") == ["ready", "applying", "ready"]
    page.reload()
    left_alone(page)
    assert page.evaluate("heard") == ["ready"]
    assert page.evaluate("loads") == 3
    shows(page, "N")


@pytest.mark.parametrize("lost", ["assets/lazy-*.js*", "index.html*", "icons/*.svg*"])
def test_the_old_version_stays_whole_while_the_new_one_is_incomplete(
    page, server, builds, tmp_path, lost
):
    server.update(without(builds["N+1"], tmp_path, lost))
    settled(page)
    assert state(page) == "current"
    caches = page.evaluate("caches.keys()")
    assert len(caches) == 1
    server.kill()
    page.goto(DEEP)
    shows(page, "N")
    assert page.evaluate("lazy()") == "lazy words of build N"
    server.start()
    server.update(builds["N+1"])
    page.evaluate("check()")
    until(page, "ready")


def test_a_page_of_another_build_is_not_mixed_in(page, server, builds, tmp_path):
    """A server that has the worker of one version and the page of another."""
    mixed = tmp_path / "mixed"
    shutil.copytree(builds["N+1"], mixed)
    (mixed / "index.html").write_text("<!doctype html>Please sign in to this network")
    for compressed in mixed.glob("index.html.*"):
        compressed.unlink()
    server.update(mixed)
    settled(page)
    assert state(page) == "current"
    page.reload()
    shows(page, "N")


def test_another_tab_is_told_and_never_reloaded(page, phone, server, builds):
    other = opened(phone, DEEP)
    server.update(builds["N+1"])
    page.evaluate("check()")
    until(page, "ready")
    with page.expect_navigation():
        page.evaluate("apply()")
    shows(page, "N+1")
    until(other, "ready")
    shows(other, "N")
    assert other.evaluate("loads") == 1
    assert other.evaluate("lazy()") == "lazy words of build N"
    with other.expect_navigation():
        assert other.evaluate("apply()")
    shows(other, "N+1")


def test_it_may_be_installed_and_breaks_no_rule_of_ours(page, phone):
    inspector = phone.new_cdp_session(page)
    errors = inspector.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # A private window, which each test is, cannot install anything.
    assert {e["errorId"] for e in errors} <= {"in-incognito"}
    manifest = inspector.send("Page.getAppManifest")
    assert manifest["errors"] == []
    told = json.loads(manifest["data"])
    assert told["id"] == "/"
    assert {icon.get("purpose") for icon in told["icons"]} == {"any", "maskable"}
    assert page.evaluate("refused") == []
    for script in ("/other.js", "/sw.js"):
        why = "url => navigator.serviceWorker.register(url).catch((e) => e.name)"
        assert page.evaluate(why, script) == "TypeError"


def test_the_first_visit_is_not_loaded_a_second_time(page):
    until(page, "current")
    page.wait_for_timeout(500)
    assert page.evaluate("navigator.serviceWorker.controller !== null")
    assert page.evaluate("[loads, heard.length]") == [1, 1]
