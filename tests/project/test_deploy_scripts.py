"""The scripts of deploy/: the namespace's against a real server, the secrets' on a real disk."""

import asyncio
import os
import re
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from devstack.isolation import child_environment, new_test_namespace
from devstack.namespaces import RETENTION, ensure_namespace
from devstack.temporal_server import RunningServer, connected
from likeness.search import SEARCH_ATTRIBUTES
from tests.project.deployment import ROOT

DEPLOY = ROOT / "deploy"


def run(
    script: Path, *arguments: str, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(script), *arguments],
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


class TestEveryScript:
    @pytest.mark.parametrize("script", sorted(DEPLOY.rglob("*.sh")), ids=lambda it: str(it.name))
    def test_a_plain_shell_understands_it(self, script: Path, tmp_path: Path) -> None:
        checked = subprocess.run(
            ["/bin/sh", "-n", str(script)],
            env=child_environment(tmp_path, {}),
            capture_output=True,
            text=True,
            check=False,
        )

        assert "" == checked.stderr
        assert script.read_text().startswith("#!/bin/sh\n")


class TestDeployingPage:
    def test_its_commands_make_our_search_attributes_and_retention(self) -> None:
        page = (ROOT / "docs" / "deploying.md").read_text()

        assert dict(re.findall(r"--name (\w+) --type (\w+)", page)) == SEARCH_ATTRIBUTES
        assert f"--retention {RETENTION.days}d" in page


@pytest.mark.server
class TestSetupNamespace:
    SCRIPT = DEPLOY / "temporal" / "setup-namespace.sh"

    @pytest.fixture
    def environment(
        self, tmp_path: Path, temporal_cli: Path, temporal_server: RunningServer
    ) -> Mapping[str, str]:
        """The CLI under its plain name, as the admin-tools image has it."""
        programs = tmp_path / "bin"
        programs.mkdir()
        (programs / "temporal").symlink_to(temporal_cli)
        settings = {
            "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "TEMPORAL_ADDRESS": temporal_server.address,
            "TRIES": "5",
        }
        return child_environment(tmp_path, settings)

    async def test_it_gives_thirty_days_and_our_search_attributes_also_twice(
        self, environment: Mapping[str, str], temporal_server: RunningServer
    ) -> None:
        name = new_test_namespace()
        client = await connected(temporal_server.address)
        for _ in range(2):
            done = await asyncio.to_thread(run, self.SCRIPT, name, environment=environment)
            assert (0, "") == (done.returncode, done.stderr)
        namespace = await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=name)
        )

        assert RETENTION == namespace.config.workflow_execution_retention_ttl.ToTimedelta()
        assert await self.attributes(client, name) == SEARCH_ATTRIBUTES

    async def test_a_search_attribute_of_another_type_ends_it_with_a_sentence(
        self, environment: Mapping[str, str], temporal_server: RunningServer
    ) -> None:
        name = new_test_namespace()
        client = await connected(temporal_server.address)
        await ensure_namespace(client, name, search_attributes={"LikenessDeadline": "Keyword"})
        done = await asyncio.to_thread(run, self.SCRIPT, name, environment=environment)

        assert 1 == done.returncode
        assert "LikenessDeadline" in done.stderr

    async def attributes(self, client: Client, namespace: str) -> Mapping[str, str]:
        listed = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=namespace)
        )
        return {
            name: IndexedValueType.Name(kind).removeprefix("INDEXED_VALUE_TYPE_").title()
            for name, kind in listed.custom_attributes.items()
            if name.startswith("Likeness")
        }


class TestMakeSecrets:
    SCRIPT = DEPLOY / "make-secrets.sh"

    def test_it_makes_files_for_their_owner_alone_and_never_overwrites_one(
        self, tmp_path: Path
    ) -> None:
        folder = tmp_path / "secrets"
        environment = child_environment(tmp_path / "home", {})
        first = run(self.SCRIPT, str(folder), environment=environment)
        made = {it.name: it.read_text() for it in folder.iterdir()}
        again = run(self.SCRIPT, str(folder), environment=environment)

        assert (0, 0) == (first.returncode, again.returncode)
        assert {"postgres_password", "codec_token"} == set(made)
        assert made == {it.name: it.read_text() for it in folder.iterdir()}
        assert {0o600} == {stat.S_IMODE(it.stat().st_mode) for it in folder.iterdir()}
        assert 2 == len(set(made.values()))
        assert all(48 == len(it) for it in made.values())

    def test_it_prints_no_secret_and_names_the_file_that_is_missing(self, tmp_path: Path) -> None:
        environment = child_environment(tmp_path / "home", {})
        told = run(self.SCRIPT, str(tmp_path / "secrets"), environment=environment).stdout

        assert "apimart_api_key" in told
        assert (tmp_path / "secrets" / "codec_token").read_text() not in told


class TestStartScripts:
    @pytest.mark.parametrize(
        ("script", "variable"),
        [
            ("temporal/start-server.sh", "POSTGRES_PASSWORD_FILE"),
            ("codec/start.sh", "CODEC_TOKEN_FILE"),
        ],
    )
    def test_a_secret_that_would_break_a_configuration_is_refused_unsaid(
        self, script: str, variable: str, tmp_path: Path
    ) -> None:
        secret = tmp_path / "secret"
        secret.write_text('canary"; evil')
        refused = run(
            DEPLOY / script, environment=child_environment(tmp_path, {variable: str(secret)})
        )

        assert 2 == refused.returncode
        assert "must be letters, digits" in refused.stderr
        assert "canary" not in refused.stderr

    def test_the_server_gets_the_password_of_the_file(self, tmp_path: Path) -> None:
        secret, entrypoint = tmp_path / "secret", tmp_path / "entrypoint"
        secret.write_text("abc_123")
        entrypoint.write_text('#!/bin/sh\nprintf %s "$POSTGRES_PWD"\n')
        entrypoint.chmod(0o700)
        settings = {"POSTGRES_PASSWORD_FILE": str(secret), "TEMPORAL_ENTRYPOINT": str(entrypoint)}
        started = run(
            DEPLOY / "temporal" / "start-server.sh",
            environment=child_environment(tmp_path, settings),
        )

        assert "abc_123" == started.stdout
