"""One headless Chromium for the tests of the page, and what they ask of it."""

import io
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
from selenium.webdriver.common.action_chains import ActionChains  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--use-angle=swiftshader",  # WebGL by the processor
    "--enable-unsafe-swiftshader",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--window-size=1000,640",
)
NO_WEBGL = """
const old = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return /^webgl/.test(kind) ? null : old.call(this, kind, ...rest);
};
"""


@contextmanager
def chromium(profile: Path) -> Iterator["Browser"]:
    """A browser with a profile of its own; skips where there is none."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not program or not driver:
        pytest.skip("chromium or its driver is not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield Browser(started)
    finally:
        started.quit()


class Browser:
    """A tab with a page of ours."""

    def __init__(self, driver) -> None:
        self.driver = driver

    def open(self, path: Path, theme: str = "light") -> None:
        """Load a page from the disk and wait until it is drawn."""
        features = [{"name": "prefers-color-scheme", "value": theme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        for log in ("browser", "performance"):
            self.driver.get_log(log)
        self.driver.get(path.as_uri())
        self.until("document.documentElement.dataset.state !== 'loading'")
        self.settle()

    def until(self, condition: str, seconds: float = 60.0) -> None:
        """Wait for a condition in JavaScript."""
        end = time.monotonic() + seconds
        while not self.driver.execute_script(f"return Boolean({condition})"):
            assert time.monotonic() < end, f"still not so after {seconds:g} s: {condition}; {self.complaints()}"
            time.sleep(0.03)

    def settle(self) -> None:
        """Wait for two frames, so that what was asked for is drawn."""
        self.driver.execute_async_script(
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()))"
        )

    def run(self, script: str, *given):
        """The result of a function body in which `app` is the page's state."""
        found = self.driver.execute_script("const app = window.neurograph; " + script, *given)
        self.settle()
        return found

    def text(self, css: str) -> str:
        return self.driver.find_element(By.CSS_SELECTOR, css).text

    def texts(self, css: str) -> list[str]:
        return [found.text for found in self.driver.find_elements(By.CSS_SELECTOR, css)]

    def click(self, css: str) -> None:
        self.driver.find_element(By.CSS_SELECTOR, css).click()
        self.settle()

    def press(self, *keys: str) -> None:
        ActionChains(self.driver).send_keys(*keys).perform()
        self.settle()

    def click_neuron(self, number: int) -> None:
        """Move the mouse to where a neuron is drawn, and click."""
        x, y = self.run(
            "const m = app.model.of, p = app.stage.sigma.graphToViewport({x: m.x[arguments[0]], y: m.y[arguments[0]]});"
            "const box = app.stage.container.getBoundingClientRect(); return [p.x + box.left, p.y + box.top]",
            number,
        )
        actions = ActionChains(self.driver)
        actions.w3c_actions.pointer_action.move_to_location(round(x) - 3, round(y))
        actions.w3c_actions.pointer_action.move_to_location(round(x), round(y))
        actions.pause(0.1)
        actions.click().perform()
        self.settle()

    def hover(self, x: float, y: float) -> None:
        """Move the mouse to a place of the window."""
        actions = ActionChains(self.driver)
        for by in (-3, 0):
            actions.w3c_actions.pointer_action.move_to_location(round(x) + by, round(y))
        actions.pause(0.1).perform()
        self.settle()

    def pixels(self) -> np.ndarray:
        """(height, width, 3) of what the network is drawn on."""
        picture = self.driver.find_element(By.TAG_NAME, "main").screenshot_as_png
        return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)

    def complaints(self) -> list[str]:
        """What the console says since the page was opened."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """The addresses that were asked for since the page was opened."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        sent = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
        return [one["request"]["url"] for one in sent]
