"""Scripts that are run to their end, and end with whatever they started when they take too long."""

from devstack.child import Child


class ScriptFailedError(RuntimeError):
    """A script failed or took too long; its own last words are in the sentence."""


def run_script(script: Child, *, within_s: float) -> None:
    """Run a script to its end; nothing that it started outlives it.

    Raises:
        ScriptFailedError: It ended with another code than 0, or not within ``within_s`` seconds.

    """
    script.start()
    try:
        if not script.wait(within_s):
            raise ScriptFailedError(f"{script.name} did not end within {within_s:.0f} s.")
    finally:
        script.kill()
    if script.exit_code != 0:
        raise ScriptFailedError(f"{script.name} ended with {script.exit_code}: {script.log_tail()}")
