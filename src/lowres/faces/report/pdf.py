"""report.pdf: the page printed by the browser that is installed, so that the paper shows what the screen does."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from lowres.errors import MissingDependency
from lowres.files.atomic import atomic_path

# All of one family: they print from the command line with the same words.
BROWSERS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge",
    "brave-browser",
)  # fmt: skip
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
# Nothing is fetched and nobody is told: the page needs no network, so the browser gets none to use.
QUIET_WORDS = (
    "--headless", "--disable-gpu", "--no-first-run", "--no-default-browser-check", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-quic",
)  # fmt: skip
_LONGEST_SECONDS = 120


def find_browser() -> str | None:
    """Return the program of a browser that can print, None where none is installed."""
    found = (shutil.which(name) for name in BROWSERS)
    return next((path for path in (*found, *(place for place in PLACES if Path(place).is_file())) if path), None)


def print_pdf(page: Path, pdf: Path, browser: str | None = None) -> None:
    """Print the HTML file `page` to `pdf`, whole or not at all, by `browser` or the one that is installed.

    Refused with MissingDependency: no browser, or one that does not print.
    """
    program = browser or find_browser()
    if program is None:
        raise MissingDependency(
            "expected Chromium, Chrome or Edge to print report.pdf, found none; install one (Debian and Ubuntu: "
            f"apt install chromium), or open {page} in any browser and print it to a file"
        )
    with tempfile.TemporaryDirectory(prefix="lowres-browser-") as profile, atomic_path(pdf) as part:
        words = [*browser_words(profile), "--no-pdf-header-footer", f"--print-to-pdf={part.resolve()}"]
        complaint = _run([program, *words, page.resolve().as_uri()])
        if complaint is not None or not part.is_file():
            raise MissingDependency(
                f"expected {program} to print {page}, got {complaint or 'no file'}; open the page in a browser and "
                "print it to a file"
            )


def browser_words(profile: str) -> list[str]:
    """Return the words every start of the browser takes: headless, quiet, with a profile of its own."""
    # As root it refuses to start with its sandbox on; containers are often root.
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*QUIET_WORDS, *(["--no-sandbox"] if is_root else []), f"--user-data-dir={profile}"]


def _run(command: list[str]) -> str | None:
    """What the program complained of, None where it ended well."""
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_SECONDS, errors="replace")
    except subprocess.TimeoutExpired:
        return f"no end after {_LONGEST_SECONDS} s"
    except OSError as error:
        return error.strerror or "no start"
    lines = result.stderr.strip().splitlines()
    return None if result.returncode == 0 else f"exit code {result.returncode} ({lines[-1] if lines else 'no word'})"
