# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""Opens a report page in a headless Chromium as a person does, without a network, and says what is seen.

    browser.py CHROMIUM PAGE FOLDER WORD

Speaks the DevTools protocol over a pipe. Types WORD into the page's filter, clicks its buttons and its first
row, and writes pictures into FOLDER. Prints JSON: one object for the light and one for the dark page.
"""
import base64
import fcntl
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

WIDTH, HEIGHT = 1366, 768
ANSWER_SECONDS = 60

# What a reader sees at this moment.
LOOK = """(() => {
  const seen = element => element.checkVisibility() && element.getClientRects().length > 0;
  const rows = [...document.querySelectorAll("#rows > *")].filter(seen);
  const texts = [...document.querySelectorAll("body *")].filter(element => seen(element)
    && [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
  const channels = color => color.match(/[0-9.]+/g).map(Number);
  const light = color => {
    const [r, g, b] = channels(color).slice(0, 3).map(value => value / 255)
      .map(value => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if ((channels(color)[3] ?? 1) > 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const contrast = element => {
    const [low, high] = [light(getComputedStyle(element).color), light(ground(element))]
      .sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const worst = texts.reduce((a, b) => contrast(a) < contrast(b) ? a : b);
  const tracks = [...document.querySelectorAll(".track")].filter(seen);
  const bars = tracks.flatMap(track => [...track.querySelectorAll("i")].map(bar => ({
    bar: bar.getBoundingClientRect(), track: track.getBoundingClientRect() })));
  return {
    rows: rows.map(row => row.innerText.replaceAll("\\n", " ").slice(0, 300)),
    count: document.getElementById("count").innerText,
    scrollsSideways: document.documentElement.scrollWidth > innerWidth,
    width: innerWidth,
    smallestText: Math.min(...texts.map(element => parseFloat(getComputedStyle(element).fontSize))),
    leastContrast: Math.round(contrast(worst) * 100) / 100,
    leastContrastOf: worst.innerText.slice(0, 80),
    narrowestTrack: Math.min(...tracks.map(track => track.getBoundingClientRect().width)),
    lowestBar: Math.min(...bars.map(({ bar }) => bar.height)),
    narrowestBar: Math.min(...bars.map(({ bar }) => bar.width)),
    barsOutside: bars.filter(({ bar, track }) => bar.left < track.left - 1
      || bar.right > track.right + 3).length,
    rowsOnScreen: rows.filter(row => row.getBoundingClientRect().bottom <= innerHeight).length,
    axis: [...document.querySelectorAll("#axis span")].filter(seen).map(mark => mark.innerText),
    background: getComputedStyle(document.body).backgroundColor,
    details: [...document.querySelectorAll("details[open] dt")].filter(seen)
      .map(term => term.innerText),
  };
})()"""


class Browser:
    """One Chromium with one page."""

    def __init__(self, program, folder):
        ours, theirs = os.pipe(), os.pipe()
        # Above the numbers that Chromium expects them at.
        reads = fcntl.fcntl(ours[0], fcntl.F_DUPFD, 20)
        writes = fcntl.fcntl(theirs[1], fcntl.F_DUPFD, 20)

        def place():
            os.dup2(reads, 3)
            os.dup2(writes, 4)

        self.process = subprocess.Popen(
            [
                program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--remote-debugging-pipe", f"--user-data-dir={folder}", "--no-first-run",
                "--disable-background-networking", "--disable-component-update",
                # No name leads anywhere, whatever asks for it.
                "--host-resolver-rules=MAP * ~NOTFOUND", "about:blank",
            ],
            pass_fds=(3, 4), preexec_fn=place, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=open(os.path.join(folder, "chromium.log"), "wb"))
        for end in (ours[0], theirs[1], reads, writes):
            os.close(end)
        self.sink, self.source = ours[1], theirs[0]
        os.set_blocking(self.source, False)
        self.rest, self.number, self.session, self.events = b"", 0, None, []

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.sink, json.dumps(message).encode() + b"\0")
        wanted = self.number
        answer = self.take(lambda taken: taken.get("id") == wanted, method)
        if "error" in answer:
            sys.exit(f"{method}: {answer['error']}")
        return answer["result"]

    def wait(self, event):
        if any(taken["method"] == event for taken in self.events):
            return
        self.take(lambda taken: taken.get("method") == event, event)

    def take(self, fits, what):
        """Reads messages until one fits, and keeps all events."""
        end = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < end:
            while b"\0" in self.rest:
                message, self.rest = self.rest.split(b"\0", 1)
                taken = json.loads(message)
                if "method" in taken:
                    self.events.append(taken)
                if fits(taken):
                    return taken
            try:
                piece = os.read(self.source, 1 << 20)
                if not piece:
                    sys.exit(f"Chromium ended before it answered {what}")
                self.rest += piece
            except BlockingIOError:
                time.sleep(0.01)
        sys.exit(f"Chromium did not answer {what} in {ANSWER_SECONDS} s")

    def evaluate(self, script):
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in answer:
            sys.exit(f"{answer['exceptionDetails']}")
        return answer["result"].get("value")

    def click(self, selector):
        """Clicks the middle of an element with the mouse."""
        x, y = self.evaluate(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView({ block: 'center' }); const r = e.getBoundingClientRect();"
            "return [r.left + r.width / 2, r.top + r.height / 2]; })()")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def picture(self, path):
        self.evaluate("scrollTo(0, 0)")
        data = self.call("Page.captureScreenshot", format="png")["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(data))

    def close(self):
        self.session = None
        self.call("Browser.close")
        self.process.wait(ANSWER_SECONDS)


def visit(browser, page, folder, scheme, word):
    browser.session = None
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    browser.session = browser.call(
        "Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    browser.events = []
    for domain in ("Page", "Runtime", "Network", "Log"):
        browser.call(f"{domain}.enable")
    browser.call(
        "Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0,
        uploadThroughput=0)
    browser.call(
        "Emulation.setDeviceMetricsOverride", width=WIDTH, height=HEIGHT, deviceScaleFactor=1,
        mobile=False)
    browser.call(
        "Emulation.setEmulatedMedia",
        features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.events = []
    browser.call("Page.navigate", url=pathlib.Path(page).resolve().as_uri())
    browser.wait("Page.loadEventFired")

    seen = {"scheme": scheme, "whole": browser.evaluate(LOOK)}
    browser.picture(os.path.join(folder, f"report-{scheme}.png"))
    browser.click("#filter")
    browser.call("Input.insertText", text=word)
    seen["filtered"] = browser.evaluate(LOOK)
    browser.picture(os.path.join(folder, f"report-{scheme}-filtered.png"))
    browser.evaluate("document.getElementById('filter').select()")
    for kind in ("keyDown", "keyUp"):
        browser.call(
            "Input.dispatchKeyEvent", type=kind, key="Delete", code="Delete",
            windowsVirtualKeyCode=46)
    browser.click("#failures")
    seen["failures"] = browser.evaluate(LOOK)
    browser.click("details:not([hidden]) > summary")
    seen["opened"] = browser.evaluate(LOOK)
    browser.picture(os.path.join(folder, f"report-{scheme}-failures.png"))
    browser.click("#failures")
    browser.click("#theme")
    seen["other"] = browser.evaluate(LOOK)
    seen["requests"] = [
        event["params"]["request"]["url"] for event in browser.events
        if event["method"] == "Network.requestWillBeSent"]
    seen["complaints"] = [
        event["params"] for event in browser.events
        if event["method"] in ("Runtime.exceptionThrown", "Log.entryAdded")]
    return seen


def main():
    program, page, folder, word = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program, profile)
        try:
            seen = [visit(browser, page, folder, scheme, word) for scheme in ("light", "dark")]
            browser.close()
        finally:
            browser.process.kill()
    print(json.dumps(seen))


main()
