"""Dagster's UI as a person uses it, in headless Chromium."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from cdp_assets_tests.e2e.services import wait_until

LOCATION = "cdp"
"""Name of the code location, as in workspace.yaml."""

_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1760,1100",
)  # fmt: skip

_END_OF_RUN = "query EndOfRun($run: ID!) { runOrError(runId: $run) { ... on Run { endTime } } }"
_ENDED = r"\b(Success|Failure|Failed|Canceled)\b"


@contextmanager
def chromium(profile: Path) -> Iterator[webdriver.Chrome]:
    """A browser with a new profile in an empty folder."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    try:
        driver.set_page_load_timeout(60)
        yield driver
    finally:
        driver.quit()


class DagsterUI:
    """The pages and buttons that the tests use."""

    def __init__(self, driver: webdriver.Chrome, address: str, screenshots: Path) -> None:
        self._driver = driver
        self._address = address
        self._screenshots = screenshots

    def open(self, path: str) -> None:
        """Open a page of the UI."""
        self._driver.get(self._address + path)

    def launch(self, job: str) -> str:
        """Open the job's page, press its button, and return the id of the run it started."""
        self.open(f"/locations/{LOCATION}/jobs/{job}")
        self._button("Materialize all").click()
        return self._wait(60).until(lambda _: self._launched())

    def watch(self, run_id: str, seconds: float) -> str:
        """Look at a run's page, wait until the run has ended, and look again; returns the word the page tells it with.

        In between the browser rests: to draw hundreds of steps without a graphics card takes half of a small machine.
        """
        self.open(f"/runs/{run_id}")
        self.shows(run_id[:8])
        self.leave()
        wait_until(lambda: self._has_ended(run_id), "the run to end", seconds, every=1)
        self.open(f"/runs/{run_id}")
        ended = self._wait(60).until(lambda _: re.search(_ENDED, self._text()))
        return str(ended.group(0))

    def leave(self) -> None:
        """Look at no page for a while."""
        self._driver.get("about:blank")

    def _has_ended(self, run_id: str) -> bool:
        query = {"query": _END_OF_RUN, "variables": {"run": run_id}}
        asked = urllib.request.Request(
            f"{self._address}/graphql", json.dumps(query).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return json.load(answer)["data"]["runOrError"]["endTime"] is not None

    def switch_on(self, sensor: str) -> None:
        """Switch a sensor on by the switch on its page, and wait until the page says that it runs."""
        self.open(f"/locations/{LOCATION}/sensors/{sensor}")
        switch = self._wait(60).until(lambda _: self._find(By.CSS_SELECTOR, "label[class*='formatSwitch'] input"))
        if not switch.is_selected():
            switch.find_element(By.XPATH, "..").click()
        self._wait(30).until(
            lambda _: (box := self._find(By.CSS_SELECTOR, "label[class*='formatSwitch'] input")) and box.is_selected()
        )

    def shows(self, text: str, seconds: float = 60) -> bool:
        """Whether the page comes to show a text."""
        return bool(self._wait(seconds).until(lambda _: text in self._text()))

    def screenshot(self, name: str, settle: float = 2.0) -> Path:
        """Keep what the window shows, once it has stopped moving."""
        time.sleep(settle)
        file = self._screenshots / f"{name}.png"
        self._driver.save_screenshot(str(file))
        return file

    def _wait(self, seconds: float, every: float = 0.5) -> WebDriverWait[webdriver.Chrome]:
        return WebDriverWait(self._driver, seconds, every, ignored_exceptions=[StaleElementReferenceException])

    def _text(self) -> str:
        return self._driver.find_element(By.TAG_NAME, "body").text

    def _find(self, by: str, value: str) -> WebElement | None:
        found = self._driver.find_elements(by, value)
        return found[0] if found else None

    def _button(self, text: str) -> WebElement:
        return self._wait(60).until(
            lambda _: next(
                (
                    each
                    for each in self._driver.find_elements(By.TAG_NAME, "button")
                    if each.text == text and each.is_enabled()
                ),
                None,
            )
        )

    def _launched(self) -> str | None:
        """The run that the page's notice ("Launched run …, View") links to."""
        for link in self._driver.find_elements(By.LINK_TEXT, "View"):
            if found := re.search(r"/runs/([0-9a-f-]{36})", link.get_attribute("href") or ""):
                return found.group(1)
        return None
