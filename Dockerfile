# One image for every process of ours: python worker.py, python -m web, python starter.py,
# python -m simulator. devstack stays outside: it is for one machine without containers.
# Never built where it was written; see the header of docker-compose.yml.
FROM python:3.11.15-slim-bookworm AS build
# As in the Makefile, held by a test.
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /app
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never
COPY pyproject.toml uv.lock ./
# Everything but the project itself, which is copied below: nothing of ours is installed.
RUN uv sync --locked --no-dev --no-group bench --no-install-project

FROM python:3.11.15-slim-bookworm
# A named volume takes over its folder's mode, so any user that compose names can write.
RUN groupadd --gid 1000 likeness \
    && useradd --uid 1000 --gid 1000 --no-create-home --home-dir /tmp likeness \
    && install -d -m 1777 /var/lib/likeness/archive /var/lib/likeness/api
WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
COPY --from=build /app/.venv .venv
COPY likeness likeness
COPY apimart apimart
COPY runtime runtime
COPY outbound outbound
COPY workflows workflows
COPY activities activities
COPY web web
COPY commands commands
COPY simulator simulator
COPY worker.py starter.py ./
# The file system is read-only later: without it, each start would compile all of this anew. By
# hash, not by time: what unpacks an image may give files another time than they were built with.
RUN python -m compileall -q --invalidation-mode unchecked-hash \
    likeness apimart runtime outbound workflows activities web commands simulator
USER 1000:1000
CMD ["python", "worker.py"]
