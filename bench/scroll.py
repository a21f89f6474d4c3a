"""
The list in a real browser: a scripted scroll of ten seconds through 100,000 rows or more.

Every frame is timed by the page itself. Part of `make bench`; alone: `python -m bench.scroll`.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

from bench.events import encode_batches
from bench.measure import Numbers
from bench.service import Client, Service

SECONDS = 10
LONG_FRAME_MS = 50
WHEEL_PX = 900
WHEEL_EVERY_MS = 50
CHROMIUM = os.environ.get("INDELIBLE_CHROMIUM") or "/usr/bin/chromium"

_WATCH = """
window.shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
_TIME_FRAMES = """() => {
  window.frames_ms = []; window.most_rows = 0;
  let last = performance.now();
  const frame = (now) => {
    window.frames_ms.push(now - last);
    last = now;
    const rows = document.querySelectorAll("tr[data-place]").length;
    window.most_rows = Math.max(window.most_rows, rows);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""


def scroll(service: Service, numbers: Numbers) -> None:
    """Slowest frame, most rows in the document, and how much the layout shifted."""
    if not Path(CHROMIUM).exists():
        numbers.notes.append("The scroll was not measured: there is no Chromium here.")
        return
    cookie = _log_in(service)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            context = chromium.new_context(viewport={"width": 1440, "height": 900})
            context.add_init_script(_WATCH)
            name, _, value = cookie.partition("=")
            context.add_cookies([{"name": name, "value": value, "url": service.url}])
            _measure(context.new_page(), service, numbers)
        finally:
            chromium.close()


def _measure(page: Page, service: Service, numbers: Numbers) -> None:
    page.goto(f"{service.url}/?last=30d")
    page.wait_for_selector('tr[data-place="20"]', timeout=60_000)
    page.wait_for_load_state("networkidle")
    page.mouse.move(700, 600)
    page.evaluate(_TIME_FRAMES)
    end_s = time.monotonic() + SECONDS
    while time.monotonic() < end_s:
        page.mouse.wheel(0, WHEEL_PX)
        page.wait_for_timeout(WHEEL_EVERY_MS)
    frames: list[float] = page.evaluate("window.frames_ms")
    most_rows = page.evaluate("window.most_rows")
    reached = page.evaluate(
        "Math.max(...[...document.querySelectorAll('tr[data-place]')]"
        ".map((row) => Number(row.dataset.place)))"
    )
    frames.sort()
    numbers.values["scroll_frame"] = frames[-1]
    numbers.values["scroll_rows"] = float(most_rows)
    numbers.values["scroll_shift"] = float(page.evaluate("window.shift"))
    p95 = frames[int(len(frames) * 0.95)]
    long = sum(frame > LONG_FRAME_MS for frame in frames)
    numbers.notes.append(
        f"Scroll of {SECONDS} s: {len(frames)} frames, p95 {p95:.0f} ms,"
        f" {long} over {LONG_FRAME_MS} ms, down to row {reached:,};"
        " in headless Chromium without a GPU, on the same cores as the service."
    )


def _log_in(service: Service) -> str:
    """The session cookie of an account made by a one-time link."""
    made = json.loads(
        service.command(
            "users", "reset-link", "bench@example.com", "--data", str(service.data), "--json"
        )
    )
    body = {
        "token": made["token"],
        "email": "bench@example.com",
        "name": "Bench",
        "password": "only for this bench, then gone",
    }
    parts = urlsplit(service.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        headers = {"content-type": "application/json"}
        connection.request("POST", "/v1/setup", json.dumps(body), headers)
        reply = connection.getresponse()
        reply.read()
        if reply.status != 200:
            raise RuntimeError(f"/v1/setup answered {reply.status}")
        return str(reply.headers["set-cookie"]).split(";", 1)[0]
    finally:
        connection.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.scroll", description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="indelible-scroll-"))
    numbers = Numbers()
    try:
        service = Service(folder / "data")
        try:
            size: Any = 0
            writer = Client(service.url, service.write_key)
            for body in encode_batches(options.events, 500, end_us=time.time_ns() // 1000):
                size = writer.post("/v1/events", body)["tree_size"]
            service.wait_until_indexed(int(size))
            scroll(service, numbers)
        finally:
            service.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps({"values": numbers.values, "notes": numbers.notes}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
