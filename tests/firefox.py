"""Firefox for the tests: as much of Playwright's manner as they use, over WebDriver BiDi, which Firefox speaks.

    with Firefox(path) as browser:
        page = browser.new_context(viewport={"width": 390, "height": 900}, has_touch=True).new_page()

So a test of the site runs in Firefox as it stands. Playwright's own Firefox is a changed one from its own server,
and its way to a Firefox as readers have it asks for commands that the long-term release lacks, and cannot tap.
"""

from __future__ import annotations

import contextlib
import fnmatch
import json
import re
import select
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from types import SimpleNamespace

from websocket import create_connection

WAIT = 60  # seconds that anything may take; busy machines exist
# Files go to a folder of the test's, unasked; a finger on the screen is told to the page; the camera is a made-up
# one, and the reader lets the page use it.
SETTINGS = {
    "browser.download.folderList": 2,
    "browser.download.useDownloadDir": True,
    "browser.download.always_ask_before_handling_new_types": False,
    "browser.download.alwaysOpenPanel": False,
    "dom.w3c_touch_events.enabled": 1,
    "general.smoothScroll": False,
    "media.navigator.permission.disabled": True,
    "media.navigator.streams.fake": True,
    "network.prefetch-next": False,  # or it asks for pages that nobody has opened
    "ui.prefersReducedMotion": 0,
    "ui.systemUsesDarkTheme": 0,
}
EVENTS = ["log.entryAdded", "network.beforeRequestSent", "network.responseCompleted", "network.fetchError"]
KEYS = {
    name: chr(0xE000 + number)
    for number, name in {
        0x03: "Backspace", 0x04: "Tab", 0x06: "Enter", 0x08: "Shift", 0x09: "Control", 0x0A: "Alt", 0x0C: "Escape",
        0x0E: "PageUp", 0x0F: "PageDown", 0x10: "End", 0x11: "Home", 0x12: "ArrowLeft", 0x13: "ArrowUp",
        0x14: "ArrowRight", 0x15: "ArrowDown", 0x17: "Delete", 0x3D: "Meta",
    }.items()
} | {"Space": " "}  # fmt: skip


class Trouble(Exception):
    """Firefox, or a script in its page, refused."""


class Firefox:
    """One headless browser, on a profile of its own that goes with it."""

    def __init__(self, path: str):
        self.folder = Path(tempfile.mkdtemp(prefix="firefox-"))
        self.downloads = self.folder / "downloads"
        self.downloads.mkdir()
        settings = SETTINGS | {"browser.download.dir": str(self.downloads)}
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in settings.items()]
        (self.folder / "user.js").write_text("\n".join(lines), "utf-8")
        self.process = subprocess.Popen(
            [path, "--headless", "--no-remote", "--profile", self.folder, "--remote-debugging-port", "0"],
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, errors="replace",
        )  # fmt: skip
        self.number, self.answers, self.pages, self.socket = 0, {}, {}, None
        try:
            address = self._address()
            self.socket = create_connection(f"{address}/session", timeout=WAIT, suppress_origin=True)
            self.version = self.send("session.new", capabilities={})["capabilities"]["browserVersion"]
            self.send("session.subscribe", events=EVENTS)
        except BaseException:
            self.close()
            raise

    def _address(self) -> str:
        """Where it listens, as it says; what it says afterwards is read away, or it would come to a stop."""
        said, found = [], threading.Event()

        def read():
            for line in self.process.stderr:
                said.append(line)
                if "WebDriver BiDi listening on" in line:
                    found.set()
            found.set()

        threading.Thread(target=read, daemon=True).start()
        found.wait(WAIT)
        address = re.search(r"WebDriver BiDi listening on (ws://\S+)", "".join(said))
        if not address:
            raise Trouble("Firefox did not start: " + "".join(said)[-2000:])
        return address[1]

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        """End it, and take its profile away."""
        with contextlib.suppress(Exception):
            self.send("browser.close")
        with contextlib.suppress(Exception):
            self.socket.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- Messages

    def send(self, method: str, **wishes) -> dict:
        """A command, and its answer."""
        self.number += 1
        number = self.number
        self.socket.send(json.dumps({"id": number, "method": method, "params": wishes}))
        end = time.monotonic() + WAIT
        while number not in self.answers:
            if time.monotonic() > end:
                raise Trouble(f"{method}: no answer after {WAIT} s")
            self.listen(1)
        answer = self.answers.pop(number)
        if answer["type"] == "error":
            raise Trouble(f"{method}: {answer['error']}: {answer['message']}")
        return answer["result"]

    def listen(self, seconds: float) -> None:
        """Take what comes until a message has come or the time is over."""
        if self.socket.sock is None or not select.select([self.socket.sock], [], [], max(0, seconds))[0]:
            return
        message = json.loads(self.socket.recv() or "{}")
        if "id" in message:
            self.answers[message["id"]] = message
        elif message:
            self._event(message["method"], message["params"])

    def _event(self, kind: str, told: dict) -> None:
        """Hand an event to its page; what belongs to none, as a worker's, to all."""
        context = told.get("context") or told.get("source", {}).get("context")
        for page in [self.pages[context]] if context in self.pages else list(self.pages.values()):
            if kind == "log.entryAdded" and told["level"] == "error":
                place = (told.get("stackTrace") or {}).get("callFrames") or [{}]
                text = f"{told['text']} ({place[0].get('url', '')}:{place[0].get('lineNumber', '')})"
                if told["type"] == "javascript":
                    page.tell("pageerror", text)
                else:
                    page.tell("console", SimpleNamespace(type="error", text=text))
            elif kind.startswith("network."):
                url = told["request"]["url"]
                if kind == "network.beforeRequestSent":
                    page.tell("request", SimpleNamespace(url=url))
                elif kind == "network.responseCompleted":
                    page.tell("response", SimpleNamespace(url=url, status=told["response"]["status"]))

    def new_context(self, **wishes) -> Window:
        """A window of its own: no cache, no memory of an earlier page."""
        return Window(self, **wishes)


class Window:
    """What Playwright calls a context: pages that share cookies and caches."""

    def __init__(self, browser, viewport=None, has_touch=False, is_mobile=False, **others):
        harmless = {"color_scheme": "light", "accept_downloads": True, "reduced_motion": "no-preference"}
        for name, wish in others.items():
            if name not in harmless or wish != harmless[name]:
                raise Trouble(f"{name}={wish!r} is not made for Firefox: see tests/firefox.py.")
        self.browser, self.viewport, self.pages = browser, viewport, []
        self.ident = browser.send("browser.createUserContext")["userContext"]

    def add_init_script(self, text: str) -> None:
        """Run a script in each page before its own."""
        wishes = {"functionDeclaration": f"() => {{ {text} }}", "userContexts": [self.ident]}
        self.browser.send("script.addPreloadScript", **wishes)

    def set_offline(self, offline: bool) -> None:
        """Take the network away, or give it back."""
        wish = {"type": "offline"} if offline else None
        self.browser.send("emulation.setNetworkConditions", networkConditions=wish, userContexts=[self.ident])

    def new_page(self) -> Page:
        """A new page, in front."""
        self.pages.append(Page(self))
        return self.pages[-1]

    def close(self):
        """Close its pages and forget what it knew."""
        for page in self.pages:
            self.browser.pages.pop(page.ident, None)
        self.browser.send("browser.removeUserContext", userContext=self.ident)


# The element, or elements, that a path of steps leads to. Shadow roots are no borders.
FIND = """
const inside = (root) => [root, root.shadowRoot].filter(Boolean);
const deep = (root, selector) => inside(root).flatMap((part) => [...part.querySelectorAll(selector),
    ...[...part.querySelectorAll("*")].filter((one) => one.shadowRoot)
        .flatMap((one) => deep(one.shadowRoot, selector))]);
const plain = (text) => text.replace(/\\s+/g, " ").trim().toLowerCase();
const says = (one, words) => plain(one.textContent).includes(plain(words));
const named = (one) => one.ariaLabel || (one.labels?.length ? [...one.labels].map((l) => l.textContent).join(" ")
    : one.textContent);
const visible = (one) => one.getClientRects().length > 0 && getComputedStyle(one).visibility === "visible";
const ROLES = {button: "button, [role=button]", dialog: "dialog, [role=dialog]", radio: "input[type=radio]",
    link: "a[href]", searchbox: "input[type=search]", status: "[role=status]"};
const steps = {
    css: (found, selector) => found.flatMap((one) => deep(one, selector)),
    text: (found, words) => found.flatMap((one) => deep(one, "*:not(script, style)"))
        .filter((one) => says(one, words) && ![...one.children].some((child) => says(child, words))),
    role: (found, [role, name, exact]) => found.flatMap((one) => deep(one, ROLES[role])).filter((one) =>
        visible(one) && (exact ? plain(named(one)) === plain(name) : plain(named(one)).includes(plain(name)))),
    saying: (found, words) => found.filter((one) => says(one, words)),
    nth: (found, n) => found.slice(n, n + 1 || undefined),
};
const find = (path) => [...new Set(path.reduce((found, [kind, what]) => steps[kind](found, what), [document]))];
const given = (text) => text === undefined ? undefined : JSON.parse(text);
const told = (found) => JSON.stringify(found, (_, one) => (ArrayBuffer.isView(one) ? [...one] : one)) ?? "null";
"""
# Where to press: the middle of an element, or a place in it, brought into sight; and what lies there.
PLACE = """(one, [position, force]) => {
    let box = one.getBoundingClientRect();
    const most = [innerWidth, innerHeight];
    if (box.top < 0 || box.left < 0 || box.bottom > most[1] || box.right > most[0])
        one.scrollIntoView({block: "center", inline: "nearest", behavior: "instant"});
    box = one.getBoundingClientRect();
    const x = box.left + (position?.x ?? box.width / 2), y = box.top + (position?.y ?? box.height / 2);
    let there = document.elementFromPoint(x, y);
    for (let below; (below = there?.shadowRoot?.elementFromPoint(x, y)) && below !== there;) there = below;
    const above = (e) => e && (e === one || [...(one.labels ?? [])].includes(e) || above(e.parentNode ?? e.host));
    const reached = force || above(there) || one.contains(there);
    return [x, y, reached ? "" : (there?.outerHTML ?? "nothing").slice(0, 200)];
}"""


class Locator:
    """A way to elements of a page; it is gone anew each time, and waits until there is one."""

    def __init__(self, page: Page, path: list):
        self.page, self.path = page, path

    def _more(self, *step) -> Locator:
        return Locator(self.page, [*self.path, step])

    def locator(self, selector: str, has_text: str | None = None) -> Locator:
        """Elements below these."""
        found = self._more("css", selector)
        return found._more("saying", has_text) if has_text else found

    def get_by_text(self, words: str) -> Locator:
        """The innermost elements below these that say it."""
        return self._more("text", words)

    def get_by_role(self, role: str, name: str = "", exact: bool = False) -> Locator:
        """Visible elements below these of a kind and a name."""
        return self._more("role", [role, name, exact])

    def filter(self, has_text: str) -> Locator:
        """Those of them that say it."""
        return self._more("saying", has_text)

    def nth(self, number: int) -> Locator:
        """One of them; -1 is the last."""
        return self._more("nth", number)

    @property
    def first(self) -> Locator:
        """The first of them."""
        return self.nth(0)

    @property
    def last(self) -> Locator:
        """The last of them."""
        return self.nth(-1)

    def all(self) -> list[Locator]:
        """Each by itself."""
        return [self.nth(number) for number in range(self.count())]

    def count(self) -> int:
        """How many there are now."""
        return self.page.call("(path) => find(path).length", self.path)

    def evaluate_all(self, function: str, arg=None):
        """Call a function with all of them."""
        return self.page.call(f"(path, arg) => ({function})(find(path), arg)", self.path, arg)

    def evaluate(self, function: str, arg=None):
        """Call a function with the one that there is."""
        self._one()
        return self.page.call(f"(path, arg) => ({function})(find(path)[0], arg)", self.path, arg)

    def _one(self, state: str = "attached") -> None:
        """Wait until there is exactly one."""
        test = {"attached": "", "visible": ".filter(visible)", "hidden": ".filter(visible)"}[state]
        end = time.monotonic() + WAIT
        while True:
            count = self.page.call(f"(path) => find(path){test}.length", self.path)
            if count > 1:
                raise Trouble(f"{count} elements are {self.path}")
            if count == (state != "hidden"):
                return
            if time.monotonic() > end:
                raise Trouble(f"{self.path} is not {state}")
            self.page.wait_for_timeout(30)

    def wait_for(self, state: str = "visible", timeout: float = 0) -> None:
        """Wait until it is visible, attached or hidden."""
        self._one(state)

    def inner_text(self) -> str:
        """What it says."""
        return self.evaluate("(e) => e.innerText ?? e.textContent")

    def text_content(self) -> str:
        """What it says, also where that is hidden."""
        return self.evaluate("(e) => e.textContent")

    def all_inner_texts(self) -> list[str]:
        """What each of them says."""
        return self.evaluate_all("(all) => all.map((e) => e.innerText)")

    def input_value(self) -> str:
        """What stands in a field."""
        return self.evaluate("(e) => e.value")

    def get_attribute(self, name: str) -> str | None:
        """One of its attributes."""
        return self.evaluate("(e, name) => e.getAttribute(name)", name)

    def is_visible(self) -> bool:
        """Whether it can be seen now."""
        return self.page.call("(path) => find(path).some(visible)", self.path)

    def is_hidden(self) -> bool:
        """Whether it cannot."""
        return not self.is_visible()

    def bounding_box(self) -> dict:
        """Where it stands in the window."""
        return self.evaluate(
            "(e) => { const {x, y, width, height} = e.getBoundingClientRect(); return {x, y, width, height}; }"
        )

    def scroll_into_view_if_needed(self) -> None:
        """Bring it into sight."""
        self.evaluate(PLACE, [None, True])

    def _place(self, position, force=False) -> tuple[float, float]:
        """Where a press would meet it; waits while something else lies above."""
        if not force:
            self._one("visible")
        end = time.monotonic() + 5
        while True:
            x, y, other = self.evaluate(PLACE, [position, force])
            if not other:
                return x, y
            if time.monotonic() > end:
                raise Trouble(f"{self.path} lies below {other}")
            self.page.wait_for_timeout(50)

    def click(self, position=None, force=False) -> None:
        """Press it with the mouse."""
        self.page.mouse.click(*self._place(position, force))

    def check(self, force=False) -> None:
        """Press a radio button or a box that is not chosen yet."""
        if not self.evaluate("(e) => e.checked"):
            self.click(force=force)

    def hover(self, position=None) -> None:
        """Put the mouse on it."""
        self.page.mouse.move(*self._place(position))

    def tap(self, position=None) -> None:
        """Press it with a finger."""
        self.page.finger([self._place(position)])

    def focus(self) -> None:
        """Give it the focus."""
        self.evaluate("(e) => e.focus()")

    def blur(self) -> None:
        """Take the focus from it."""
        self.evaluate("(e) => e.blur()")

    def press(self, key: str) -> None:
        """Give it the focus and press a key."""
        self.focus()
        self.page.keyboard.press(key)

    def fill(self, text: str) -> None:
        """Write into a field, in place of what stood there."""
        self.evaluate(
            """(e, text) => { e.focus(); e.select();
                document.execCommand(text ? "insertText" : "delete", false, text); }""",
            text,
        )

    def select_option(self, wish: str = "", label: str = "") -> None:
        """Choose in a list, by value or by words."""
        wish = wish or label
        chosen = self.evaluate(
            """(e, wish) => { const options = [...e.options];
                const one = options.find((o) => o.value === wish) ?? options.find((o) => o.label === wish);
                if (!one) return false;
                e.value = one.value;
                for (const kind of ["input", "change"]) e.dispatchEvent(new Event(kind, {bubbles: true}));
                return true; }""",
            wish,
        )
        if not chosen:
            raise Trouble(f"{self.path} has no {wish!r}")

    def set_input_files(self, files) -> None:
        """Choose a file, or a list of them: a path, or {name, mimeType, buffer}."""
        self._one()
        paths = [self._path(file) for file in (files if isinstance(files, list) else [files])]
        reference = self.page.raw("(path) => find(path)[0]", self.path)
        self.page.command("input.setFiles", element={"sharedId": reference["sharedId"]}, files=paths)

    def _path(self, file) -> str:
        """Where a file lies, which is written if need be."""
        if not isinstance(file, dict):
            return str(file)
        path = Path(tempfile.mkdtemp(dir=self.page.browser.folder)) / file["name"]
        path.write_bytes(file["buffer"])
        return str(path)


class Mouse:
    """The mouse of a page."""

    kind, parameters = "mouse", {"pointerType": "mouse"}

    def __init__(self, page: Page):
        self.page, self.at = page, (0, 0)

    def act(self, *actions) -> None:
        """Do these one after another."""
        pointer = {"type": "pointer", "id": self.kind, "parameters": self.parameters}
        self.page.command("input.performActions", actions=[pointer | {"actions": list(actions)}])

    @staticmethod
    def step(x: float, y: float, duration: int = 0) -> dict:
        """A move to a place in the window."""
        return {"type": "pointerMove", "x": x, "y": y, "duration": duration}

    def move(self, x: float, y: float, steps: int = 1) -> None:
        """Move there, in so many steps."""
        (a, b), self.at = self.at, (x, y)
        parts = [n / steps for n in range(1, steps + 1)]
        self.act(*(self.step(a + (x - a) * part, b + (y - b) * part) for part in parts))

    def down(self) -> None:
        """Press the left button."""
        self.act({"type": "pointerDown", "button": 0})

    def up(self) -> None:
        """Let it go."""
        self.act({"type": "pointerUp", "button": 0})

    def click(self, x: float, y: float) -> None:
        """Move there and press."""
        self.at = (x, y)
        press = [{"type": kind, "button": 0} for kind in ("pointerDown", "pointerUp")]
        self.act(self.step(x, y), *press)


class Finger(Mouse):
    """A finger on the screen."""

    kind, parameters = "finger", {"pointerType": "touch"}


class Keyboard:
    """The keyboard of a page."""

    def __init__(self, page: Page):
        self.page = page

    def act(self, *actions) -> None:
        """Do these one after another."""
        self.page.command("input.performActions", actions=[{"type": "key", "id": "keys", "actions": actions}])

    def press(self, key: str) -> None:
        """Press a key, or several at once: Control+Shift+z."""
        keys = [KEYS.get(part, part) for part in key.split("+")]
        down = [{"type": "keyDown", "value": each} for each in keys]
        self.act(*down, *({"type": "keyUp", "value": each} for each in reversed(keys)))

    def type(self, text: str) -> None:
        """Write."""
        self.act(*({"type": kind, "value": each} for each in text for kind in ("keyDown", "keyUp")))


class Page:
    """One page."""

    def __init__(self, window: Window):
        self.context, self.browser = window, window.browser
        self.listeners: dict[str, list] = {}
        made = self.browser.send("browsingContext.create", type="tab", userContext=window.ident)
        self.ident = made["context"]
        self.browser.pages[self.ident] = self
        self.mouse, self.keyboard = Mouse(self), Keyboard(self)
        if window.viewport:
            self.set_viewport_size(window.viewport)

    def command(self, method: str, **wishes) -> dict:
        """A command to Firefox that is about this page."""
        return self.browser.send(method, context=self.ident, **wishes)

    def tell(self, kind: str, what) -> None:
        """Tell those who asked for it."""
        for listener in self.listeners.get(kind, []):
            listener(what)

    def on(self, kind: str, listener) -> None:
        """Ask to be told."""
        self.listeners.setdefault(kind, []).append(listener)

    def remove_listener(self, kind: str, listener) -> None:
        """Ask no more."""
        self.listeners[kind].remove(listener)

    def set_default_timeout(self, milliseconds: float) -> None:
        """Firefox is always given WAIT seconds."""

    def set_viewport_size(self, size: dict) -> None:
        """How large the window is."""
        self.command("browsingContext.setViewport", viewport=size)

    def goto(self, address: str, wait_until: str = "load") -> None:
        """Open an address, in front: pages behind others are told that nobody sees them."""
        self.command("browsingContext.activate")
        self.command("browsingContext.navigate", url=address, wait="complete")

    @property
    def url(self) -> str:
        """Where it is."""
        return self.evaluate("location.href")

    def wait_for_url(self, glob: str) -> None:
        """Wait until it is there and loaded."""
        end = time.monotonic() + WAIT
        while not fnmatch.fnmatch(self.url, glob) or self.evaluate("document.readyState") != "complete":
            if time.monotonic() > end:
                raise Trouble(f"It does not come to {glob}, but to {self.url}")
            self.wait_for_timeout(50)

    def close(self) -> None:
        """Close it."""
        self.context.pages.remove(self)
        self.browser.pages.pop(self.ident)
        self.command("browsingContext.close")

    def wait_for_timeout(self, milliseconds: float) -> None:
        """Wait, and take what comes meanwhile."""
        end = time.monotonic() + milliseconds / 1000
        while time.monotonic() < end:
            self.browser.listen(end - time.monotonic())

    def raw(self, function: str, *given) -> dict:
        """What Firefox says of a function's result."""
        arguments = [{"type": "string", "value": json.dumps(each)} for each in given]
        body = f"async (...texts) => {{ {FIND}; return ({function})(...texts.map(given)); }}"
        answer = self.browser.send(
            "script.callFunction", functionDeclaration=body, arguments=arguments, awaitPromise=True,
            target={"context": self.ident}, userActivation=True,
        )  # fmt: skip
        if answer["type"] == "exception":
            raise Trouble(answer["exceptionDetails"]["text"])
        return answer["result"]

    def call(self, function: str, *given):
        """The result of a function that may use FIND; it travels as JSON, so NaN comes as None."""
        answer = self.raw(f"async (...all) => told(await ({function})(...all))", *given)
        return json.loads(answer["value"])

    def evaluate(self, text: str, arg=None):
        """The value of an expression, or of a function called with arg."""
        called = "typeof found === 'function' ? found(arg) : found"
        return self.call(
            f"(arg) => {{ const found = ({text.strip().rstrip(';')}\n); return {called}; }}", arg
        )

    def locator(self, selector: str, has_text: str | None = None) -> Locator:
        """Elements of the page."""
        return Locator(self, []).locator(selector, has_text)

    def get_by_text(self, words: str) -> Locator:
        """The innermost elements that say it."""
        return Locator(self, []).get_by_text(words)

    def get_by_role(self, role: str, name: str = "", exact: bool = False) -> Locator:
        """Visible elements of a kind and a name."""
        return Locator(self, []).get_by_role(role, name, exact)

    def wait_for_selector(self, selector: str) -> None:
        """Wait until there is such an element."""
        self.locator(selector).first.wait_for()

    def wait_for_function(self, text: str, arg=None, timeout: float = 0) -> None:
        """Wait until it holds, for WAIT seconds at most."""
        end = time.monotonic() + WAIT
        while not self.evaluate(text, arg):
            if time.monotonic() > end:
                raise Trouble(f"After {WAIT} s it is not true that {text}")
            self.wait_for_timeout(50)

    def wait_for_load_state(self, state: str, timeout: float = 0) -> None:
        """Wait until nothing has been asked for during half a second."""
        asked, seen = [], -1
        self.on("request", asked.append)
        while seen < len(asked):
            seen = len(asked)
            self.wait_for_timeout(500)
        self.remove_listener("request", asked.append)

    def finger(self, points: list[tuple[float, float]]) -> None:
        """Put a finger down at the first point, move it along the others, lift it."""
        finger, (first, *others) = Finger(self), points
        press = [{"type": kind, "button": 0} for kind in ("pointerDown", "pointerUp")]
        finger.act(finger.step(*first), press[0], *(finger.step(*one, 40) for one in others), press[1])

    @contextlib.contextmanager
    def expect_download(self):
        """What is saved within: .value.suggested_filename, .value.path(), .value.save_as(path)."""
        before, coming = set(self.browser.downloads.iterdir()), SimpleNamespace(value=None)
        yield coming
        end = time.monotonic() + WAIT
        while True:
            now = set(self.browser.downloads.iterdir()) - before
            done = [one for one in now if one.suffix != ".part" and one.stat().st_size]
            if len(done) == len(now) == 1:
                break
            if time.monotonic() > end:
                raise Trouble("No file came.")
            self.wait_for_timeout(50)
        (path,) = done
        coming.value = SimpleNamespace(
            suggested_filename=path.name, path=lambda: path, save_as=lambda to: shutil.move(path, to)
        )
