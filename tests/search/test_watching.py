"""The page of a run that goes on: who is answered, and what a browser sees of it."""

import socket
import threading
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest

import search
from neurograph.builders import mlp
from search.evolution import EvolutionOptions, evolve
from search.evolution.kept import settings
from search.runs import create_run, open_run
from search.watching import Watcher

HOW = {"first_cycle": 2, "cycle": 1, "slope": 1.0, "newborns": 2, "cool_down": 0, "settle": 0, "autophagy": "none"}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "run"
    search.metabolize(mlp([64, 4, 10], seed=0), "digits", run=path, epochs=1, **HOW)
    return open_run(path)


@contextmanager
def serving(run):
    watcher = Watcher(run)
    thread = threading.Thread(target=watcher.serve)
    thread.start()
    try:
        yield watcher
    finally:
        watcher.close()
        thread.join(10)
        assert not thread.is_alive()


def asked(watcher, path, host=None, method="GET"):
    connection = HTTPConnection("127.0.0.1", watcher.port, timeout=20)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host or f"127.0.0.1:{watcher.port}")
    connection.endheaders()
    answer = connection.getresponse()
    return answer.status, answer.read(200)


def test_only_the_page_and_its_events_are_answered(run):
    with serving(run) as watcher:
        assert watcher._server.server_address[0] == "127.0.0.1"
        home = f"/{watcher.token}/"
        status, text = asked(watcher, home)
        assert status == 200 and text.startswith(b"<!doctype html>")
        outside = ["config.json", "../config.json", "/etc/passwd", "%2e%2e/config.json"]
        for path in (
            "/",
            "//",
            "/wrong/",
            "/wrong/events",
            home[:-2] + "/",
            f"/../{watcher.token}/",
            *map(home.__add__, outside),
        ):
            assert asked(watcher, path) == (404, b""), path
        for host in ("evil.example", f"evil.example:{watcher.port}", "127.0.0.1", f"127.0.0.1:{watcher.port}.evil.com"):
            assert asked(watcher, home, host) == (403, b""), host
        assert asked(watcher, home, f"localhost:{watcher.port}")[0] == 200
        for method in ("POST", "PUT", "DELETE"):
            assert asked(watcher, home, method=method)[0] == 501


def test_two_hosts_or_none_are_refused(run):
    with serving(run) as watcher:
        for hosts in ("", f"Host: 127.0.0.1:{watcher.port}\r\nHost: evil.example\r\n"):
            with socket.create_connection(("127.0.0.1", watcher.port), timeout=20) as raw:
                raw.sendall(f"GET /{watcher.token}/ HTTP/1.1\r\n{hosts}\r\n".encode())
                assert b" 403 " in raw.recv(100)


def test_tokens_are_random_and_long(run):
    found = set()
    for _ in range(3):
        with serving(run) as watcher:
            found.add(watcher.token)
    assert len(found) == 3
    assert all(len(token) >= 32 for token in found)


def test_a_page_receives_what_a_run_that_goes_on_does(tmp_path):
    pytest.importorskip("selenium", reason="selenium is not installed")
    from tests.neurograph.view.browsing import chromium

    path = tmp_path / "run"
    search.metabolize(mlp([64, 4, 10], seed=0), "digits", run=path, epochs=1, **HOW)
    with chromium(tmp_path / "profile") as browser, serving(open_run(path)) as watcher:
        browser.driver.get(watcher.address)
        browser.until("window.neurograph && window.neurograph.received >= 1")
        assert browser.run("return app.data.timeline.curves.epoch.length") == 1
        assert not browser.text("#headline")
        search.metabolize(mlp([64, 4, 10], seed=0), "digits", run=path, force=True, epochs=5, **HOW)
        browser.until("window.neurograph && document.getElementById('headline').textContent.includes('event')")
        kept = open_run(path)
        events = [row for row in kept.metrics() if row["event"]]
        browser.until(f"window.neurograph.data.timeline.curves.epoch.length === {len(kept.metrics())}")
        assert browser.text("#headline").split(", ")[1] == f"{len(events)} events"
        assert browser.complaints() == []


def test_the_page_of_a_search_grows_with_it(tmp_path):
    pytest.importorskip("selenium", reason="selenium is not installed")
    from tests.neurograph.view.browsing import chromium

    def evolved(generations, **how):
        options = EvolutionOptions(4, generations, objectives={"synapses": 1.0}, seed=1)
        evolve(mlp([2, 2, 1]), lambda one: one.graph.number_of_edges(), options, run=tmp_path / "run", **how)

    evolved(2)
    with chromium(tmp_path / "profile") as browser, serving(open_run(tmp_path / "run")) as watcher:
        browser.driver.get(watcher.address + "#individual=3")
        browser.until("window.neurograph")
        assert browser.text("#headline").startswith("2 generations, ") and browser.text("#chosen") == "Individual 3"
        evolved(4, resume=True)
        browser.until(
            "window.neurograph && document.getElementById('headline').textContent.startsWith('4 generations')"
        )
        assert browser.text("#chosen") == "Individual 3"
        assert browser.complaints() == []


def test_a_search_without_a_generation_says_so(tmp_path):
    create_run(tmp_path / "run", {"command": "evolve", "options": settings(EvolutionOptions(4, 2), None)})
    with serving(open_run(tmp_path / "run")) as watcher:
        status, words = asked(watcher, f"/{watcher.token}/")
        assert status == 503 and b"no generation of the search is over" in words
