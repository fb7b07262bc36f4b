"""A real headless Chromium for tests, spoken to over two pipes: no driver, no package, no port."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lowres.faces.report.pdf import browser_words

LONGEST_SECONDS = 60
# Names of keys as the protocol wants them, with the code that pages see.
KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}


class Tab:
    """One page: what it said on its console, what it asked the network for, and hands to use it with.

    The protocol is Chromium's own (https://chromedevtools.github.io/devtools-protocol), messages ended by a zero byte.
    """

    def __init__(self, to_browser: int, from_browser: int) -> None:
        """Open a page over the two ends of the pipes."""
        self._to, self._from = to_browser, from_browser
        self._buffer, self._number, self._session = b"", 0, None
        self.said: list[str] = []
        self.asked_for: list[str] = []
        target = self.do("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.do("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.do(f"{domain}.enable")

    def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result; events that come first are noted."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]

    def open(self, page: Path, width: int = 1200, height: int = 900, dark: bool = False) -> None:
        """Load a file in a window of that size and wait until it is there."""
        self.look(width, height, dark)
        self.do("Page.navigate", url=page.resolve().as_uri())
        self.wait_for("document.readyState === 'complete' && location.protocol === 'file:'")

    def visit(self, address: str, width: int = 1200, height: int = 900, dark: bool = False) -> None:
        """Load a page of a server in a window of that size and wait until it is there."""
        self.look(width, height, dark)
        self.do("Page.navigate", url=address)
        self.wait_for(f"document.readyState === 'complete' && location.href.startsWith({json.dumps(address)})")

    def choose(self, selector: str, file: Path) -> None:
        """Put a file into a file input, as its dialog would."""
        root = self.do("DOM.getDocument")["root"]["nodeId"]
        node = self.do("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.do("DOM.setFileInputFiles", nodeId=node, files=[str(file.resolve())])

    def look(self, width: int, height: int = 900, dark: bool = False) -> None:
        """Give the window another size, or the reader another taste."""
        self.do("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.do("Emulation.setEmulatedMedia", features=[scheme])

    def value(self, expression: str) -> Any:
        """What an expression of JavaScript comes to, as JSON has it."""
        result = self.do("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result.get("exceptionDetails")
        return result["result"].get("value")

    def wait_for(self, expression: str) -> None:
        """Wait until an expression is true."""
        began = time.monotonic()
        while not self.value(expression):
            assert time.monotonic() - began < LONGEST_SECONDS, f"never became true: {expression}"
            time.sleep(0.05)

    def click(self, selector: str) -> None:
        """Press the left button in the middle of an element, where a hand would."""
        self.value(
            f"document.querySelector({json.dumps(selector)}).scrollIntoView({{block: 'center', behavior: 'instant'}})"
        )
        box = self.value(
            f"(() => {{const b = document.querySelector({json.dumps(selector)}).getBoundingClientRect();"
            "return [b.x + b.width / 2, b.y + b.height / 2]})()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.do("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def press(self, key: str) -> None:
        """Press and release a key."""
        more = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.do("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=KEYS[key], **more)

    def picture(self, whole: bool = False) -> bytes:
        """A PNG of the window, or of the whole page."""
        return base64.b64decode(self.do("Page.captureScreenshot", captureBeyondViewport=whole)["data"])

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._from], [], [], LONGEST_SECONDS)
            assert ready, "the browser says nothing any more"
            self._buffer += os.read(self._from, 1 << 20)
        line, self._buffer = self._buffer.split(b"\0", 1)
        message = json.loads(line)
        self._note(message.get("method", ""), message.get("params", {}))
        return message

    def _note(self, event: str, facts: dict[str, Any]) -> None:
        if event in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
            self.said.append(json.dumps(facts))
        if event == "Network.requestWillBeSent" and not facts["request"]["url"].startswith(("data:", "about:")):
            self.asked_for.append(facts["request"]["url"])


@contextmanager
def browser_tab(program: str, *more: str) -> Iterator[Tab]:
    """Give a page of a browser that is started for the block, with `more` words, and ended after it."""
    in_read, in_write = os.pipe()
    out_read, out_write = os.pipe()
    with tempfile.TemporaryDirectory(prefix="lowres-browser-", ignore_cleanup_errors=True) as profile:
        words = [program, *browser_words(profile), *more, "--remote-debugging-pipe", "--hide-scrollbars"]
        process = subprocess.Popen(
            words, stderr=subprocess.DEVNULL, close_fds=False, preexec_fn=lambda: _be_three_and_four(in_read, out_write)
        )
        os.close(in_read)
        os.close(out_write)
        try:
            yield Tab(in_write, out_read)
        finally:
            os.close(in_write)
            os.close(out_read)
            process.terminate()
            process.wait(LONGEST_SECONDS)


def _be_three_and_four(reads: int, writes: int) -> None:
    """The browser reads from descriptor 3 and writes to 4; out of the way first, since one may be the other's."""
    away = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, 10) for descriptor in (reads, writes)]
    for descriptor, place in zip(away, (3, 4), strict=True):
        os.dup2(descriptor, place)
        os.close(descriptor)
