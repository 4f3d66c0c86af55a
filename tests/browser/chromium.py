"""Headless Chromium, driven over its DevTools protocol without any package.

With `--remote-debugging-pipe` the browser reads commands from descriptor 3 and writes answers and
events to descriptor 4, each one JSON text that ends with a zero byte.
"""

import base64
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from select import select
from typing import Any, Self

PATIENCE = 60.0
"""Seconds for anything that a page does; only a failing test ever waits that long."""

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    "--remote-debugging-pipe",
    "--window-size=1280,900",
)

Event = dict[str, Any]


def found_chromium() -> str | None:
    """The path of a Chromium or Chrome, None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for path in map(shutil.which, names) if path), None)


class Chromium:
    """A browser with one page at a time; `events` is all that it has told since the page opened."""

    def __init__(self, program: str, profile: Path) -> None:
        down_read, self._down = os.pipe()
        self._up, up_write = os.pipe()
        # The shell puts the two pipes where the browser looks for them; `3<&11` is not for all.
        pipes = f"3</dev/fd/{down_read} 4>/dev/fd/{up_write}"
        script = f'exec "$0" "$@" {pipes} </dev/null >/dev/null 2>&1'
        command = ["/bin/sh", "-c", script, program, *FLAGS, f"--user-data-dir={profile}"]
        self._process = subprocess.Popen(
            command, pass_fds=(down_read, up_write), start_new_session=True
        )
        os.close(down_read)
        os.close(up_write)
        self._buffer = b""
        self._last = 0
        self._session: str | None = None
        self._target: str | None = None
        self.events: list[Event] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(PATIENCE)
        os.close(self._down)
        os.close(self._up)

    def open(self, address: str, *, width: int = 1280, dark: bool = False) -> None:
        """Show `address` in a fresh page with storage of its own, and wait until it is loaded."""
        if self._target:
            self._session = None
            self.call("Target.closeTarget", targetId=self._target)
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)
        self._target = target["targetId"]
        attached = self.call("Target.attachToTarget", targetId=self._target, flatten=True)
        self._session = attached["sessionId"]
        self.events.clear()
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            self.call(f"{domain}.enable")
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Page.navigate", url=address)
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of one DevTools command; raises `RuntimeError` with the browser's words."""
        self._last += 1
        number = self._last
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._down, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE
        for answer in self._messages(deadline):
            if answer.get("id") != number:
                continue
            if "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']}")
            result = answer["result"]
            assert isinstance(result, dict)
            return result
        raise TimeoutError(method)

    def _messages(self, deadline: float) -> Iterator[Event]:
        """What the browser says until `deadline`; events are kept."""
        while True:
            while b"\0" not in self._buffer:
                left = deadline - time.monotonic()
                if left <= 0 or not select([self._up], [], [], left)[0]:
                    return
                chunk = os.read(self._up, 1 << 16)
                if not chunk:
                    raise RuntimeError("the browser is gone")
                self._buffer += chunk
            text, _, self._buffer = self._buffer.partition(b"\0")
            message = json.loads(text)
            if "method" in message:
                self.events.append(message)
            yield message

    def evaluate(self, script: str) -> Any:
        """The value of a JavaScript expression in the page, awaited if it is a promise."""
        found = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in found:
            raise RuntimeError(str(found["exceptionDetails"].get("exception", found)))
        return found["result"].get("value")

    def until(self, script: str) -> None:
        """Wait until a JavaScript expression is true in the page."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            # It fails while the page is being replaced, or has not come so far.
            with suppress(RuntimeError):
                if self.evaluate(f"Boolean({script})"):
                    return
            time.sleep(0.05)
        raise TimeoutError(f"never true: {script}\n{self.complaints()}")

    def type(self, text: str) -> None:
        """Type a text where the cursor is."""
        self.call("Input.insertText", text=text)

    def press(self, key: str, code: int, modifiers: int = 0) -> None:
        """Press and release a key by its name and Windows key code; 2 as modifier is Control."""
        for kind in ("rawKeyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
                modifiers=modifiers,
            )

    def picture(self, path: Path) -> None:
        """Write a PNG of the visible part of the page."""
        shot = self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shot["data"]))

    def addresses(self) -> list[str]:
        """Every address that the page has asked for so far."""
        sent = [each for each in self.events if each["method"] == "Network.requestWillBeSent"]
        return [str(each["params"]["request"]["url"]) for each in sent]

    def complaints(self) -> list[str]:
        """Errors of scripts, failed requests and breaches of the page's policy, as texts."""
        found = []
        for event in self.events:
            method, parameters = event["method"], event["params"]
            if method == "Runtime.exceptionThrown":
                found.append(str(parameters["exceptionDetails"]))
            elif method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
                found.append(f"{parameters['entry']['text']} {parameters['entry'].get('url', '')}")
            elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "assert"):
                found.append(
                    str([each.get("value", each.get("description")) for each in parameters["args"]])
                )
            elif method == "Audits.issueAdded":
                issue = parameters["issue"]
                if issue["code"] == "ContentSecurityPolicyIssue":
                    found.append(str(issue["details"]["contentSecurityPolicyIssueDetails"]))
        return found
