"""Runs the measured programs, and ends them together with the comparison."""

import contextlib
import os
import signal
import subprocess
import sys


def run(command, **options):
    """Runs a program to its end, like subprocess.run. If a signal ends the comparison, the program and its processes get SIGTERM first."""
    with subprocess.Popen(command, start_new_session=True, **options) as process:
        try:
            output, errors = process.communicate()
        except SystemExit:
            send(process, signal.SIGTERM)
            try:
                process.communicate(timeout=10)
            except (SystemExit, subprocess.TimeoutExpired):
                send(process, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(command, process.returncode, output, errors)


def send(process, number):
    """Sends a signal to the processes of a program, unless they have just ended."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def end_on_signals():
    """Ends the comparison on these signals with the status of a shell, unless they are ignored, as under nohup."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda number, _: sys.exit(128 + number))
