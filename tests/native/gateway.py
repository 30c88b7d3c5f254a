"""nginx as deploy/gateway/nginx.conf has it, in front of web: TLS, a path, and its two logs."""

import datetime as dt
import os
import shutil
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from devstack.child import Child
from tests.native.blocks import ROOT

CONFIG = ROOT / "deploy" / "gateway" / "nginx.conf"
PREFIX = "/avatars"
REMEDY = "the tests of tests/native need nginx on PATH: apt-get install nginx-light"
_SBIN = ("/usr/sbin", "/usr/local/sbin")

# What a test run changes of the file: where things are on this machine.
_ALONE = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
events {{ worker_connections 64; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/gateway.conf;
}}
"""


@dataclass(frozen=True)
class Gateway:
    """Where it listens, whom its clients must trust, and what it has logged."""

    url: str
    trust: ssl.SSLContext
    folder: Path

    @property
    def access(self) -> list[str]:
        return (self.folder / "access.log").read_text().splitlines()

    @property
    def everything(self) -> str:
        return "".join(log.read_text() for log in sorted(self.folder.glob("*.log")))


@contextmanager
def gateway(folder: Path, *, port: int, web_port: int, takes_path_off: bool) -> Iterator[Gateway]:
    """Run it for as long as the block lasts."""
    folder.mkdir()
    trust = _certificate(folder)
    text = CONFIG.read_text()
    behind = "/" if takes_path_off else ""
    for there, here in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("server_name example.com", "server_name localhost"),
        ("/etc/nginx/tls/example.com", f"{folder}/tls"),
        ("/var/log/nginx/", f"{folder}/"),
        ("http://127.0.0.1:8000", f"http://127.0.0.1:{web_port}{behind}"),
    ):
        assert there in text, there
        text = text.replace(there, here)
    (folder / "gateway.conf").write_text(text)
    (folder / "nginx.conf").write_text(_ALONE.format(folder=folder))
    path = os.pathsep.join([os.environ.get("PATH", ""), *_SBIN])
    program = shutil.which("nginx", path=path)
    assert program, REMEDY
    child = Child(
        "nginx",
        [program, "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")],
        environment={"PATH": path},
        log_path=folder / "stderr.log",
    )
    child.start()
    try:
        yield Gateway(f"https://localhost:{port}{PREFIX}", trust, folder)
    finally:
        child.stop()


def _certificate(folder: Path) -> ssl.SSLContext:
    """Make a certificate for localhost, and give a context that trusts it alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    (folder / "tls.pem").write_bytes(pem)
    (folder / "tls.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return ssl.create_default_context(cadata=pem.decode())
