"""Guards of the product, each with a way to break it and the tests that have to notice.

A replacement is exact text that stands in its file once. The tests are the fewest that should
notice: files, classes or tests of pytest.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from devstack.commands import ROOT

UNIT = "tests/unit"
SERVER = "tests/workflows"
SEQUENCES = f"{UNIT}/hostile/test_sequences.py"


class Mutant(NamedTuple):
    """``name`` says what the broken product does; ``file`` holds ``sound``, for ``broken``."""

    name: str
    file: str
    sound: str
    broken: str
    tests: tuple[str, ...]


class DoesNotApplyError(Exception):
    """The sound text is not in its file exactly once: the guard has moved, and so must this."""


MUTANTS = (
    # A POST is sent once.
    Mutant(
        "repeats a POST whose answer got lost",
        "activities/waiting.py",
        "        except WORTH_WAITING as error:\n            wait_s",
        "        except ApimartError as error:\n            wait_s",
        (f"{UNIT}/activities/test_asset_steps.py", f"{UNIT}/activities/test_waiting.py"),
    ),
    Mutant(
        "lets Temporal repeat a POST",
        "workflows/performing.py",
        "ONCE = RetryPolicy(maximum_attempts=1)",
        "ONCE = RetryPolicy(maximum_attempts=3)",
        (f"{UNIT}/workflows/test_performing.py",),
    ),
    Mutant(
        "takes a lost answer for a refusal without effect",
        "apimart/errors.py",
        "class OutcomeUnknown(ApimartError):",
        "class OutcomeUnknown(NotSent):",
        (f"{UNIT}/activities/test_asset_steps.py", f"{UNIT}/activities/test_outcomes.py"),
    ),
    Mutant(
        "forgets the task id that a heartbeat keeps",
        "activities/sessions.py",
        "            activity.heartbeat(task_id)\n",
        "",
        (f"{UNIT}/activities/test_create_session.py",),
    ),
    Mutant(
        "mints another session although the lost one's task is known",
        "workflows/verification.py",
        '        order = order.model_copy(update={"resume_task_id": task_id})\n',
        "",
        (f"{SEQUENCES}::TestTheStage",),
    ),
    # A paid order is one order.
    Mutant(
        "draws a random idempotency key",
        "workflows/video_paying.py",
        "    return hashlib.sha256(name.encode()).hexdigest()",
        '    import uuid\n\n    return f"{uuid.uuid4()}{name[:0]}"',
        (f"{UNIT}/workflows/test_idempotency_key.py",),
    ),
    Mutant(
        "takes a new key for an order sent again",
        "workflows/video_paying.py",
        "            idempotency_key=self.key,",
        '            idempotency_key=f"{self.key[:60]}{self.number}",',
        (
            f"{SERVER}/test_videos.py::TestUnconfirmed::test_sent_again_it_has_the_same_key_and_bytes",
        ),
    ),
    Mutant(
        "resends a paid order where keys are not proven to be honoured",
        "activities/videos.py",
        "        if order.resend_proven and may_be_resent(error):",
        "        if may_be_resent(error):",
        (f"{UNIT}/activities/test_video_steps.py",),
    ),
    Mutant(
        "weighs no price of an order",
        "activities/spending.py",
        "    if at_most and usd > at_most:",
        "    if False:",
        (f"{SERVER}/test_paying.py::TestLimits::test_an_order_beyond_one_is_not_sent",),
    ),
    Mutant(
        "grants any order of the day",
        "workflows/spending.py",
        "        if total_usd > wish.limit_usd:",
        "        if False:",
        (f"{SERVER}/test_paying.py::TestLimits::test_a_day_counts_the_videos_of_an_account",),
    ),
    Mutant(
        "orders again what was sent before a reset",
        "activities/spending.py",
        "            if reserved.by_another_run and not order.resend_proven:",
        "            if False:",
        (f"{SERVER}/test_paying.py::TestReset",),
    ),
    Mutant(
        "counts a day's order twice when it is asked for again",
        "workflows/spending.py",
        "        if (known := self._entry_of(wish.order)) is not None:",
        "        if (known := self._entry_of(wish.order)) and False:",
        (f"{UNIT}/workflows/test_spending.py",),
    ),
    Mutant(
        "calls a video failed that takes too long",
        "activities/videos.py",
        "                return GenerationFinished(succeeded=False, stalled=True)",
        '                return GenerationFinished(succeeded=False, reason="too slow")',
        (f"{UNIT}/activities/test_video_steps.py",),
    ),
    Mutant(
        "takes a used key with another body for a refusal",
        "activities/videos.py",
        "        if isinstance(error, BadRequest) and error.status == HTTPStatus.CONFLICT:",
        "        if False:",
        (f"{UNIT}/activities/test_video_steps.py",),
    ),
    # The person.
    Mutant(
        "opens a session without consent",
        "workflows/verification.py",
        "        if tap.consent is None:",
        "        if False:",
        (SEQUENCES,),
    ),
    Mutant(
        "opens a session for a tap of long ago",
        "workflows/verification.py",
        "        if workflow.time() > tap.not_after:",
        "        if False:",
        (SEQUENCES,),
    ),
    Mutant(
        "opens sessions without end",
        "workflows/verification.py",
        "        return FailureCode.ATTEMPTS_EXHAUSTED\n",
        "        return None\n",
        (f"{SEQUENCES}::TestTheStage",),
    ),
    Mutant(
        "gives a check that is under way to any device",
        "workflows/attempts.py",
        "        other = None not in (device, self.device) and device != self.device",
        "        other = False",
        (
            f"{SERVER}/test_devices.py::TestDevice::test_a_second_one_is_told_that_the_check_is_under_way",
        ),
    ),
    Mutant(
        "heeds only a callback that claims a pass",
        "workflows/attempts.py",
        "            self.callback = callback\n            self._caused(Cause.CALLBACK)",
        "            self.callback = callback\n            if callback.result_code == 10000:\n"
        "                self._caused(Cause.CALLBACK)",
        (f"{UNIT}/workflows/test_attempts.py",),
    ),
    Mutant(
        "looks again for every copy of a callback",
        "workflows/attempts.py",
        "        if self.callback is None:\n            self.callback = callback\n"
        "            self._caused(Cause.CALLBACK)",
        "        self.callback = callback\n        self._caused(Cause.CALLBACK)",
        (f"{UNIT}/workflows/test_attempts.py",),
    ),
    Mutant(
        "counts no looks",
        "workflows/looks.py",
        "            attempt.looks += looked.looks\n",
        "",
        (f"{SEQUENCES}::TestTheStage",),
    ),
    Mutant(
        "counts no looks of a step that was lost",
        "workflows/looks.py",
        "        attempt.looks = min(attempt.looks + sent.looks + 2, self._policy.max_looks)\n",
        "",
        (f"{SEQUENCES}::TestTheStage",),
    ),
    Mutant(
        "looks before there is a cause",
        "workflows/attempts.py",
        "        if due is not None and due <= now:",
        "        if due is not None:",
        (f"{UNIT}/workflows/test_attempts.py",),
    ),
    Mutant(
        "spends the timed looks on what the person says",
        "workflows/attempts.py",
        "        return max(self.policy.max_looks - self.looks - len(self.timed), 0)",
        "        return max(self.policy.max_looks - self.looks, 0)",
        (f"{UNIT}/workflows/test_attempts.py",),
    ),
    Mutant(
        "keeps a check's credentials after its end",
        "workflows/verification.py",
        "            attempt.session = None\n",
        "            pass\n",
        (
            f"{SERVER}/test_memory.py::TestCredentials::test_of_an_attempt_that_did_not_pass_are_gone",
        ),
    ),
    Mutant(
        "believes the group of a failed task",
        "apimart/protocol/groups.py",
        "        group_id = None\n    verdict",
        "        pass\n    verdict",
        (f"{UNIT}/apimart/test_groups.py",),
    ),
    # Links and pages.
    Mutant(
        "takes a token of any purpose",
        "runtime/links.py",
        "        return fields if kind == purpose and len(fields) == count else None",
        "        return fields if len(fields) == count else None",
        (f"{UNIT}/runtime/test_links.py", f"{UNIT}/hostile/test_tokens.py"),
    ),
    Mutant(
        "takes a token in other spellings",
        "runtime/links.py",
        "return content if base64.urlsafe_b64encode(raw).decode() == padded else None",
        "return content",
        (f"{UNIT}/hostile/test_tokens.py",),
    ),
    Mutant(
        "accepts a link of any number",
        "web/visits.py",
        "        return run if in_force else None",
        "        return run",
        (f"{UNIT}/web/test_invite.py", f"{UNIT}/web/test_coming_back.py"),
    ),
    Mutant(
        "lets the address say which attempt came back",
        "web/callback_relay.py",
        "VerificationCallback(attempt=callback.attempt,",
        "VerificationCallback(attempt=hint.result_code or callback.attempt,",
        (f"{UNIT}/web/test_callback_relay.py",),
    ),
    Mutant(
        "wakes a run when a browser only looks ahead",
        "web/callback_relay.py",
        '        if request.method == "HEAD" or is_prefetch(request):',
        "        if False:",
        (f"{UNIT}/web/test_callback_relay.py",),
    ),
    Mutant(
        "wakes a run as often as anybody likes",
        "web/callback_relay.py",
        'return "too_many" if wait_s else None',
        "return None",
        (f"{UNIT}/web/test_callback_relay.py",),
    ),
    Mutant(
        "takes a form that somebody forged",
        "web/forms.py",
        "        if not _NONCE.fullmatch(fields.nonce) or not fields.seal.isascii():",
        "        if fields.nonce:\n            return True\n        if not fields.seal.isascii():",
        (f"{UNIT}/web/test_start.py", f"{UNIT}/web/test_answers.py"),
    ),
    Mutant(
        "sends the person to any host",
        "activities/sessions.py",
        "        if (host := self._unlisted_host(session.h5_link)) is not None:",
        "        if (host := self._unlisted_host(session.h5_link)) and False:",
        (f"{UNIT}/activities/test_create_session.py",),
    ),
    Mutant(
        "logs what a fault said",
        "web/shield.py",
        '    return f"{type(error).__name__} at {place}"',
        '    return f"{type(error).__name__} at {place}: {error}"',
        (f"{UNIT}/web/test_headers.py",),
    ),
    Mutant(
        "logs addresses with their queries",
        "runtime/redaction.py",
        '    (re.compile(r"(https?://[^\\s?#\\"\'<>]*)[?#][^\\s\\"\'<>]*", re.IGNORECASE), '
        'rf"\\1?{REDACTED}"),\n',
        "",
        (f"{UNIT}/runtime/test_logs.py",),
    ),
    # Assets.
    Mutant(
        "submits all again when one is replaced",
        "workflows/assets.py",
        "        return [s for s in self.submissions if s.state is AssetState.WAITING]",
        "        return [s for s in self.submissions if s.state is not AssetState.UNKNOWN]",
        (f"{UNIT}/workflows/test_assets.py", f"{UNIT}/workflows/test_avatar.py"),
    ),
    Mutant(
        "takes items for assets by their place",
        "workflows/assets.py",
        "        by_name = {item.name: item for item in self.items}",
        "        by_name = {a.name: i for a, i in zip(self.assets, self.items, strict=False)}",
        (f"{UNIT}/workflows/test_assets.py",),
    ),
    Mutant(
        "adopts a task that stands for another asset",
        "workflows/avatar.py",
        "        if self.book.is_anothers(order.task_id, undecided[0]):",
        "        if False:",
        (
            f"{SERVER}/test_resolving.py::TestUnconfirmedSubmission::test_one_task_cannot_stand_for_two_assets",
        ),
    ),
    Mutant(
        "takes a submission whose answer got lost for never sent",
        "workflows/avatar.py",
        "        elif not failed.had_no_effect:",
        "        elif False:",
        (
            f"{SERVER}/test_holds.py::TestAssets::test_a_lost_answer_to_a_submission_is_never_sent_again",
        ),
    ),
    Mutant(
        "sends assets unseen",
        "activities/assets.py",
        "        if self._preflight is None:",
        "        if self._preflight is self._preflight:",
        (f"{UNIT}/activities/test_asset_steps.py",),
    ),
    Mutant(
        "takes nothing of a review that failed in part",
        "apimart/protocol/reviews.py",
        '        *_items(result, "usable_assets", silent=True),\n',
        "",
        (f"{UNIT}/apimart/test_reviews.py",),
    ),
    Mutant(
        "calls an asset usable that the review has not decided",
        "activities/assets.py",
        "                usable=item.active is True,",
        "                usable=item.active is not False,",
        (f"{UNIT}/activities/test_asset_steps.py",),
    ),
    Mutant(
        "connects to private addresses",
        "outbound/dialling.py",
        "        if not all(is_public(address) for address in addresses):",
        "        if False:",
        ("tests/unit/outbound",),
    ),
    # Starting, keys and messages.
    Mutant(
        "gives another request's run for the same id",
        "likeness/temporal/onboardings.py",
        "    if glance.memo is None or glance.memo.request != request.fingerprint():",
        "    if glance.memo is None:",
        ("tests/integration/runtime/test_onboardings.py::TestStart",),
    ),
    Mutant(
        "starts an ended onboarding anew",
        "likeness/temporal/onboardings.py",
        "            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,",
        "            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,",
        ("tests/integration/runtime/test_onboardings.py::TestStart",),
    ),
    Mutant(
        "reads payloads of another namespace",
        "likeness/temporal/codec.py",
        'f"{namespace}\\n{key.id}".encode()',
        'f"{key.id}".encode()',
        (f"{UNIT}/likeness/test_codec.py",),
    ),
    Mutant(
        "fails a task for ever over an encoding nobody knows",
        "likeness/temporal/converter.py",
        "        except (KeyError, RuntimeError, UnicodeDecodeError):",
        "        except ZeroDivisionError:",
        (f"{UNIT}/likeness/test_converter.py",),
    ),
    Mutant(
        "sends the key where the upstream redirects to",
        "apimart/aiohttp_wire.py",
        "allow_redirects=False",
        "allow_redirects=True",
        (f"{UNIT}/apimart/test_client_on_sockets.py",),
    ),
    Mutant(
        "calls an account good that has no balance",
        "activities/account.py",
        "            return left is None or left > order.more_than_usd",
        "            return left is None or left >= 0",
        (f"{UNIT}/activities/test_account.py",),
    ),
    # A caller is told once, and holds nothing up.
    Mutant(
        "tells a webhook again where nothing has changed",
        "workflows/telling.py",
        "        if now == self._told or (",
        "        if (",
        (f"{UNIT}/workflows/test_telling.py",),
    ),
    Mutant(
        "keeps an ended run open for as long as a webhook is tried",
        "workflows/telling.py",
        "once=is_end",
        "once=False",
        (f"{UNIT}/workflows/test_telling.py",),
    ),
    Mutant(
        "forgets the webhooks that are undelivered when a run ends",
        "workflows/telling.py",
        "        owed = self._deliveries.owed\n",
        "        owed: tuple[WebhookEvent, ...] = ()\n",
        (f"{SERVER}/test_telling.py::TestAReceiverThatIsDown",),
    ),
    Mutant(
        "goes on telling a webhook that is gone",
        "workflows/delivering.py",
        "        if delivered.gone:\n            self._stops()\n",
        "",
        (f"{SERVER}/test_telling.py::TestAReceiverThatIsGone",),
    ),
    Mutant(
        "tells no webhook that the video is held",
        "workflows/video_order.py",
        "        if self._heard is None or status.stage",
        "        if self._heard is not None or status.stage",
        (f"{SERVER}/test_telling.py::TestAHold",),
    ),
    Mutant(
        "takes an order while the webhook of the end is tried",
        "workflows/operator_orders.py",
        "refuse_if(self.ending or self.standing.stage.is_end, ",
        "refuse_if(self.ending, ",
        (f"{SERVER}/test_telling.py::TestAReceiverThatDoesNotAnswer",),
    ),
    # A webhook is ours, for its receiver alone, and given up in the end.
    Mutant(
        "signs a webhook without its id",
        "outbound/signing.py",
        'b".".join((event_id.encode("ascii"), str(sent_at)',
        'b".".join((b"", str(sent_at)',
        ("tests/integration/webhooks/test_verifying.py",),
    ),
    Mutant(
        "signs with the newest secret only",
        "outbound/signing.py",
        "for secret in secrets)",
        "for secret in secrets[:1])",
        ("tests/integration/webhooks/test_verifying.py",),
    ),
    Mutant(
        "sends a webhook unsigned where there is no secret",
        "activities/webhooks.py",
        "        if not secrets:\n",
        "        if False:\n",
        (f"{UNIT}/activities/test_webhooks.py",),
    ),
    Mutant(
        "tells a failed delivery with the receiver's address",
        "activities/webhooks.py",
        'return _Answer(None, "no connection")',
        'return _Answer(None, f"no connection to {order.url.get_secret_value()}")',
        (f"{UNIT}/activities/test_webhooks.py",),
    ),
    Mutant(
        "tries a webhook for ever",
        "activities/webhooks.py",
        "again = not order.once and attempt <= len(self._retries_s)",
        "again = not order.once",
        (f"{UNIT}/activities/test_webhooks.py",),
    ),
    Mutant(
        "waits for a receiver as long as it takes",
        "activities/webhooks.py",
        "async with asyncio.timeout(DELIVERY_TIMEOUT_S):",
        "async with asyncio.timeout(None):",
        ("tests/integration/webhooks/test_receivers.py",),
    ),
    Mutant(
        "reads webhook secrets once",
        "runtime/owned_files.py",
        "if self._known is None or seen is None or self._known[0] != seen:",
        "if self._known is None:",
        (f"{UNIT}/runtime/test_webhook_keys.py",),
    ),
    # The API is entered by its gate.
    Mutant(
        "takes a key by its id alone",
        "runtime/api_keys.py",
        "        if key is None or not known:",
        "        if key is None:",
        (f"{UNIT}/runtime/test_api_keys.py",),
    ),
    Mutant(
        "takes a key that has expired",
        "runtime/api_keys.py",
        "        if key.expires_at is not None and key.expires_at <= now:",
        "        if key.expires_at is not None and key.expires_at <= key.created_at:",
        (f"{UNIT}/runtime/test_api_keys.py",),
    ),
    Mutant(
        "takes the keys of a file that is open to others",
        "runtime/api_keys.py",
        "    check_mode(path, found.mode)",
        "    pass",
        (f"{UNIT}/runtime/test_api_keys.py",),
    ),
    Mutant(
        "lets every key do everything",
        "web/api/gate.py",
        "        if not key.scope.includes(scope):",
        "        if not scope.includes(scope):",
        (f"{UNIT}/web/api/test_gate.py",),
    ),
    Mutant(
        "serves every key the same tenant",
        "web/api/gate.py",
        "            tenant=key.tenant,",
        '            tenant="default",',
        (f"{UNIT}/web/api/test_gate.py",),
    ),
    Mutant(
        "lets a key send as much as it likes",
        "web/api/gate.py",
        "        if wait_s := self._good.wait_s(key.id, Quota(key.per_minute, MINUTE_S)):",
        "        if wait_s := 0.0:",
        (f"{UNIT}/web/api/test_gate.py",),
    ),
    Mutant(
        "lets a route declare no scope",
        "web/api/routing.py",
        "        if declared is None:",
        "        if declared is False:",
        (f"{UNIT}/web/api/test_matrix.py::TestTheMatrix",),
    ),
    Mutant(
        "adds a route beside the gate",
        "web/api/app.py",
        "        if not isinstance(route, GatedRoute):",
        '        if not hasattr(route, "path"):',
        (f"{UNIT}/web/api/test_matrix.py::TestTheMatrix",),
    ),
    Mutant(
        "takes parameters that nobody knows",
        "web/api/routing.py",
        "    if unknown:",
        "    if len(unknown) > len(known) + 9:",
        (f"{UNIT}/web/api/test_refusals.py::TestParameters",),
    ),
    Mutant(
        "reads a body however large it is",
        "web/api/routing.py",
        "    body = await body_of(request, BODY_BYTES)",
        "    body = await body_of(request, BODY_BYTES * 9)",
        (f"{UNIT}/web/api/test_refusals.py::TestBodies",),
    ),
    Mutant(
        "logs what a fault says",
        "web/api/refusals.py",
        '            _log.error("fault", reason=where(error))',
        '            _log.error("fault", reason=repr(error))',
        (f"{UNIT}/web/api/test_refusals.py::TestWhatGoesWrongBehindARoute",),
    ),
)


def broken(mutant: Mutant, text: str) -> str:
    """Give the text of its file with the guard broken, or raise ``DoesNotApplyError``."""
    times = text.count(mutant.sound)
    if times != 1:
        raise DoesNotApplyError(
            f"{mutant.name}: its sound text stands {times} times in {mutant.file}, not once; "
            "give tests/mutants/guards.py the text that holds this guard now."
        )
    return text.replace(mutant.sound, mutant.broken)


def unfit(root: Path = ROOT) -> Iterator[str]:
    """Tell which mutants do not apply, and which name tests that are not there."""
    for mutant in MUTANTS:
        try:
            broken(mutant, (root / mutant.file).read_text())
        except (DoesNotApplyError, FileNotFoundError) as error:
            yield str(error)
        for test in mutant.tests:
            if not (root / test.partition("::")[0]).exists():
                yield f"{mutant.name}: there is no {test}"
