"""Nothing that a caller or person confides is said again, but by the routes that are for it."""

from typing import Any

import pytest

from tests.integration.web.api.service import Service, until

pytestmark = pytest.mark.server

CANARIES: dict[str, Any] = {
    "display_name": "canary-name",
    "sender": "canary-sender",
    "contact": "canary-contact",
    "purpose": "canary-purpose",
    "webhook_url": "https://127.0.0.1:1/canary-hook",
    "video": {"prompt": "canary-prompt"},
}


class TestWhatWasConfided:
    async def test_is_in_no_answer_and_no_log(
        self, service: Service, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
    ) -> None:
        api = service.caller()
        async with service.working():
            created = await service.create(api, "refused-canary-asset", **CANARIES)
            which, url = created["onboarding_id"], created["invite_url"]
            await service.pass_the_scan(url)
            await until(api, which, lambda now: now.hold)
            key = {"Idempotency-Key": "order-1"}
            bad = [{"name": "x", "url": "ftp://canary-asset"}]
            replacement = {"assets": bad, "reason": "canary-reason"}
            answers = [
                await api.get(f"/onboardings/{which}"),
                await api.get("/onboardings"),
                await api.get("/onboardings", params={"cursor": "canary-cursor"}),
                await api.post("/onboardings", json=service.body("canary-other"), headers=key),
                await api.post("/onboardings", json={"canary-person": "a@b"}, headers=key),
                await api.post(f"/onboardings/{which}/replace_assets", json=replacement),
                await api.post(f"/onboardings/{which}/resolve", json={"resolution": "give_up"}),
                await api.post(f"/onboardings/{which}/cancel"),
            ]
        out, err = capfd.readouterr()
        told = [each.text for each in answers]
        logged = out + err + caplog.text

        assert [200, 200, 422, 409, 422, 422, 409, 200] == [each.status_code for each in answers]
        # The name of a field that a caller made up is told, and nothing that stood in one.
        told[4] = told[4].replace("canary-person", "")
        assert [] == [text for text in (*told, logged) if "canary" in text]
        assert [] == [text for text in (*told, logged) if url.rpartition("/")[2] in text]
