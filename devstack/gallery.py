"""Every page a person can see, each under a name, served by the public app itself."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import uvicorn
from playwright.async_api import Page as BrowserPage
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from devstack.ports import LOOPBACK
from devstack.pretended import NOW, TENANT, Pretence, PretendedRuns
from likeness.failures import FailureCode
from likeness.stages import Hold, Stage
from likeness.temporal.keyring import Key, KeyRing
from likeness.temporal.people import PersonStands
from runtime.h5_hosts import H5Hosts
from runtime.links import InviteToken, LinkSealer
from runtime.receipts import ReceiptSigner
from web.branding import Brand
from web.calls import RefusedByRunError, UpdateUnderWayError
from web.consent import consent_in, load_consent_texts
from web.deps import PublicDeps
from web.devices import told_apart
from web.forms import FormSeals
from web.pages import Page
from web.public import public_app
from web.reader import DEVICE
from web.taps import Tap

_GRACE_S = 5.0
_KEYS = KeyRing.of(Key.of(b"g" * 32))
_COMPUTER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0"
_WECHAT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Mobile MicroMessenger/8.0"
_TAP = Tap.now("A" * 22, NOW.timestamp()).update_id
_DEVICE = "d" * 43
_SCRIPT = "**/follow.js"
_CONSENT = consent_in(load_consent_texts(), "en").given()

Act = Callable[[BrowserPage], Awaitable[object]]
_INVITED = Pretence()


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One state of one page: the run behind it, the address, and what is done there.

    ``stranger`` is a form on another site's page that is sent to the address instead.
    """

    page: Page
    run: Pretence = _INVITED
    path: str = ""
    act: Act | None = None
    agent: str | None = None
    stranger: str | None = None
    token: bool = True


async def _tap(page: BrowserPage) -> None:
    await page.get_by_role("checkbox").check()
    await page.locator("form[action$='/start'] button").click()


async def _tap_without_the_box(page: BrowserPage) -> None:
    await page.locator("form[action$='/start']").evaluate("form => { form.noValidate = true }")
    await page.locator("form[action$='/start'] button").click()


async def _tap_on_an_old_page(page: BrowserPage) -> None:
    await page.locator("input[name='csrf']").first.evaluate("field => { field.value = 'x' }")
    await _tap(page)


def _answered(answer: Exception) -> Pretence:
    return Pretence(answer=answer)


def _failed(*codes: int, device: str | None = told_apart(_DEVICE)) -> Pretence:
    return Pretence(stage=Stage.VERIFYING, results=codes, consent=_CONSENT, device=device)


_VERIFYING = Pretence(
    stage=Stage.VERIFYING, open_attempt=True, consent=_CONSENT, device=told_apart(_DEVICE)
)
_ELSEWHERE = replace(_VERIFYING, device=told_apart("another"))
_HELD = Pretence(stage=Stage.VERIFYING, hold=Hold.NEEDS_OPERATOR)
_PASSED = Pretence(stage=Stage.IN_REVIEW, consent=_CONSENT, person=PersonStands.VERIFIED)

SCENES: dict[str, Scene] = {
    "invite": Scene(page=Page.INVITE, path="?here=1"),
    "invite-in-an-app": Scene(page=Page.INVITE, agent=_WECHAT),
    "invite-without-the-box": Scene(page=Page.INVITE, path="?here=1", act=_tap_without_the_box),
    "invite-grown-old": Scene(page=Page.INVITE, path="?here=1", act=_tap_on_an_old_page),
    "handoff": Scene(page=Page.HANDOFF, agent=_COMPUTER),
    "handoff-begun": Scene(page=Page.HANDOFF, agent=_COMPUTER, run=_ELSEWHERE),
    "preparing": Scene(
        page=Page.PREPARING, path="?here=1", run=_answered(UpdateUnderWayError()), act=_tap
    ),
    "ready": Scene(page=Page.READY, path=f"/preparing/{_TAP}"),
    "checking": Scene(
        page=Page.CHECKING, path=f"?back={NOW.timestamp():.0f}&here=1", run=_VERIFYING
    ),
    "try-again": Scene(page=Page.TRY_AGAIN, path="?here=1", run=_VERIFYING),
    "not-passed": Scene(page=Page.NOT_PASSED, path="?here=1", run=_failed(-1003)),
    "not-passed-elsewhere": Scene(
        page=Page.NOT_PASSED, path="?here=1", run=_failed(-1003, device=None)
    ),
    "not-passed-last-try": Scene(
        page=Page.NOT_PASSED, path="?here=1", run=_failed(-1006, -3003, -1003, 60102)
    ),
    "other-device": Scene(
        page=Page.OTHER_DEVICE,
        path="?here=1",
        run=_answered(RefusedByRunError(FailureCode.OTHER_DEVICE)),
        act=_tap,
    ),
    "too-soon": Scene(
        page=Page.TOO_SOON,
        path="?here=1",
        run=_answered(RefusedByRunError(FailureCode.TOO_SOON)),
        act=_tap,
    ),
    "held": Scene(page=Page.HELD, path="?here=1", run=_HELD),
    "exhausted": Scene(
        page=Page.EXHAUSTED,
        path="?here=1",
        run=Pretence(
            stage=Stage.VERIFYING,
            hold=Hold.NEEDS_OPERATOR,
            reason=FailureCode.ATTEMPTS_EXHAUSTED,
            results=(-1003,) * 5,
            consent=_CONSENT,
        ),
    ),
    "done": Scene(page=Page.DONE, run=_PASSED),
    "finished": Scene(
        page=Page.FINISHED,
        run=Pretence(stage=Stage.COMPLETED, consent=_CONSENT, person=PersonStands.VERIFIED),
    ),
    "say-no": Scene(page=Page.SAY_NO, path="/decline"),
    "declined": Scene(page=Page.DECLINED, run=Pretence(stage=Stage.DECLINED)),
    "withdraw": Scene(page=Page.WITHDRAW, path="/withdraw", run=_PASSED),
    "withdrawn": Scene(
        page=Page.WITHDRAWN,
        run=Pretence(
            stage=Stage.DECLINED,
            reason=FailureCode.WITHDRAWN,
            consent=_CONSENT,
            person=PersonStands.WITHDRAWN,
        ),
    ),
    "erased": Scene(page=Page.ERASED, run=Pretence(gone=True, person=PersonStands.ERASED)),
    "expired": Scene(page=Page.EXPIRED, run=Pretence(stage=Stage.EXPIRED)),
    "failed": Scene(page=Page.FAILED, run=Pretence(stage=Stage.FAILED)),
    "canceled": Scene(page=Page.CANCELED, run=Pretence(stage=Stage.CANCELED)),
    "over": Scene(page=Page.OVER, run=Pretence(gone=True)),
    "away": Scene(page=Page.AWAY, run=Pretence(away=True)),
    "broken": Scene(page=Page.BROKEN, run=Pretence(broken=True)),
    "neutral": Scene(page=Page.NEUTRAL, path="/i/none-of-ours", token=False),
    "elsewhere": Scene(page=Page.ELSEWHERE, path="/start", stranger="consent=yes"),
    "too-large": Scene(page=Page.TOO_LARGE, path="/start", stranger="x" * 100_000),
    "wrong-method": Scene(page=Page.WRONG_METHOD, stranger="x=1"),
}


@dataclass
class Gallery:
    """The scenes under one address; ``brand`` may be changed between two of them."""

    base_url: str
    links: LinkSealer = field(default_factory=lambda: LinkSealer.of(_KEYS))

    async def show(self, page: BrowserPage, name: str, *, language: str) -> None:
        """Bring a browser to a scene."""
        scene = SCENES[name]
        await page.set_extra_http_headers({"Accept-Language": language})
        await page.context.clear_cookies()
        cookie = f"{self.base_url}/i/"
        await page.context.add_cookies([{"name": DEVICE, "value": _DEVICE, "url": cookie}])
        await page.unroute(_SCRIPT)
        if scene.page is Page.READY:
            # It would be left by itself at once.
            await page.route(_SCRIPT, lambda route: route.fulfill(body=""))
        address = f"{self.base_url}{self._path(name, scene)}"
        if scene.stranger is None:
            await page.goto(address)
        else:
            await _send_from_elsewhere(page, address, scene.stranger)
        if scene.act is not None:
            await scene.act(page)
        await page.locator(f'main[data-page="{scene.page}"]').wait_for()
        # Behind an act a page stands before its style sheet has come.
        await page.wait_for_load_state()

    def _path(self, name: str, scene: Scene) -> str:
        if not scene.token:
            return scene.path
        token = InviteToken(tenant=TENANT, onboarding=name, person=name, link=1)
        return f"/i/{self.links.seal_invite(token)}{scene.path}"


async def _send_from_elsewhere(page: BrowserPage, address: str, body: str) -> None:
    await page.goto("about:blank")
    await page.evaluate(
        """([action, body]) => {
          const form = document.createElement("form");
          const field = document.createElement("input");
          [field.name, field.value] = body.split("=");
          [form.method, form.action] = ["post", action];
          form.append(field);
          document.body.append(form);
          form.submit();
        }""",
        [address, body],
    )


@contextmanager
def gallery_open(brand: Brand) -> Iterator[Gallery]:
    """Serve the scenes on a free loopback port, from a thread, for the length of the block."""
    listener = socket.create_server((LOOPBACK, 0))
    base_url = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    runs = PretendedRuns({name: scene.run for name, scene in SCENES.items()})
    deps = PublicDeps(
        onboardings=runs,
        people=runs,
        videos=runs,
        links=LinkSealer.of(_KEYS),
        forms=FormSeals.of(_KEYS),
        receipts=ReceiptSigner.of(_KEYS),
        h5_hosts=H5Hosts.of(["h5.example"]),
        token_ttl_s=1800,
        base_url=base_url,
        brand=brand,
        clock=NOW.timestamp,
    )
    config = uvicorn.Config(
        _Still(public_app(deps), deps.links),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        # A browser keeps connections at hand that never bring a request.
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(
        target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True
    )
    thread.start()
    try:
        yield Gallery(base_url)
    finally:
        server.should_exit = True
        thread.join(_GRACE_S)
        # A browser's connections may outlast even the server's own limit; the thread is a daemon.
        server.force_exit = True
        thread.join(_GRACE_S)


class _Still:
    """Keeps pages from going on by themselves, and gives each scene the browser it is about."""

    def __init__(self, app: ASGIApp, links: LinkSealer) -> None:
        self._app = app
        self._links = links

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_still(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                del headers["refresh"]
            await send(message)

        if (agent := self._agent(scope["path"])) is not None:
            headers = MutableHeaders(scope=scope)
            headers["user-agent"] = agent
            del headers["sec-ch-ua-mobile"]
        await self._app(scope, receive, send_still)

    def _agent(self, path: str) -> str | None:
        _, _, rest = path.partition("/i/")
        invite = self._links.open_invite(rest.partition("/")[0])
        return None if invite is None else SCENES[invite.onboarding].agent
