"""Ties a process to its parent's life, then becomes the program it was given.

Run as a script, standard library only: ``python -I -S leash.py PARENT_PID USER PROGRAM ARG...``;
an empty USER is whoever runs it. A program of its own, and no ``preexec_fn``: that one may deadlock
in a process with threads.
"""

import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG = 1
"""https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html"""


def tie_to(parent_pid: int) -> None:
    """Ask the kernel to kill this process when its parent dies; does nothing outside Linux."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # The parent may have died before the kernel was asked: then no signal would ever come.
    if os.getppid() != parent_pid:
        os._exit(128 + signal.SIGKILL)


def become(user: str) -> None:
    """Give up root's rights for those of another system user."""
    account = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


def main() -> None:
    """Tie, then exec; exit code 127 and one sentence where the program cannot be run."""
    parent_pid, user, program, *arguments = sys.argv[1:]
    if user:
        # Before tying: the kernel forgets the tie of a process that changes its user.
        become(user)
    tie_to(int(parent_pid))
    try:
        os.execvp(program, [program, *arguments])  # noqa: S606 - replacing ourselves is the point
    except OSError as error:
        sys.stderr.write(f"{program} cannot be run: {error.strerror}\n")
        sys.stderr.flush()
        os._exit(127)


if __name__ == "__main__":
    main()
