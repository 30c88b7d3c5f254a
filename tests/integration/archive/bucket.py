"""A bucket on a real S3 server on this machine, which checks who signs each request."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from devstack.isolation import child_environment
from devstack.ports import free_port
from devstack.supervisor import ProcessFailedError, ProcessSpec, Supervisor

REGION = "us-east-1"
POLICY = (
    '{"Version": "2012-10-17", "Statement": '
    '[{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
)
UNSIGNED_IAM = (
    f"AWS4-HMAC-SHA256 Credential=root/20260101/{REGION}/iam/aws4_request, "
    "SignedHeaders=host, Signature=none"
)
"""Until ``lock`` the server takes any signature; the header only says which service is meant."""


@dataclass
class S3Server:
    """The server, and the one user who may use it."""

    url: str
    access_key: str = ""
    secret_key: str = ""

    def settings(self) -> dict[str, str]:
        """The standard variables by which any S3 client finds it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
        }

    def make_bucket(self, name: str) -> None:
        """Make a bucket; before ``lock`` only."""
        httpx.put(f"{self.url}/{name}", trust_env=False).raise_for_status()

    def lock(self) -> None:
        """Make the user, and let nobody in from now on but them."""
        self._iam("CreateUser", UserName="worker")
        made = self._iam("CreateAccessKey", UserName="worker")
        self._iam("PutUserPolicy", UserName="worker", PolicyName="all", PolicyDocument=POLICY)
        self.access_key, self.secret_key = (
            re.findall(f"<{field}>([^<]+)<", made)[0]
            for field in ("AccessKeyId", "SecretAccessKey")
        )
        self._count_unchecked("0")

    def unlock(self) -> None:
        """Let anybody in again."""
        self._count_unchecked("inf")

    def _iam(self, action: str, **fields: str) -> str:
        form = {"Action": action, "Version": "2010-05-08", **fields}
        headers = {"Authorization": UNSIGNED_IAM}
        answer = httpx.post(self.url, data=form, headers=headers, trust_env=False)
        return answer.raise_for_status().text

    def _count_unchecked(self, requests: str) -> None:
        url = f"{self.url}/moto-api/reset-auth"
        httpx.post(url, content=requests, trust_env=False).raise_for_status()


@contextmanager
def s3_server(directory: Path) -> Iterator[S3Server]:
    """Run moto's server (a development dependency, so `make setup` brings it)."""
    port = free_port()
    spec = ProcessSpec(
        name="s3",
        argv=(
            sys.executable,
            "-c",
            "import sys; from moto.server import main; main(sys.argv[1:])",
            *("-H", "127.0.0.1", "-p", str(port)),
        ),
        environment=child_environment(directory / "home", {}),
        log_path=directory / "s3.log",
        ready_url=f"http://127.0.0.1:{port}/moto-api/",
        ready_timeout_s=60,
    )
    with Supervisor() as processes:
        try:
            processes.start(spec)
        except ProcessFailedError as error:
            raise RuntimeError(
                "The S3 server of the tests did not start; `make setup` installs moto, and the "
                f"log says: {error.log_tail}"
            ) from error
        yield S3Server(f"http://127.0.0.1:{port}")
