"""How the program is told to stop: Ctrl-C, SIGTERM and the hang-up of a terminal all end it the same way.

Each becomes a KeyboardInterrupt, so that what cleans up after Ctrl-C does so after all of them. Python loses one that
falls into a callback of its garbage collection (Numba has such); it is sent once more.
"""

import math
import os
import signal
import stat
import sys
import threading
import time
from types import FrameType, TracebackType

# Ctrl-C is Python's own; these would end the process with everything half-done.
_TOLD = (signal.SIGTERM, signal.SIGHUP)
_AT_ONCE = 2.0  # seconds
_ONCE_MORE = 0.05  # seconds later, when the callback is over


class Stops:
    """While it is entered, SIGTERM and SIGHUP interrupt as Ctrl-C does; `exit_code` says which one came.

    Those that follow at once are let pass, as a terminal that closes sends two and the second would cut the cleaning
    short; a later one interrupts again, as Ctrl-C does. One that is ignored already, as under nohup, stays ignored.
    """

    def __init__(self) -> None:
        self.number = signal.SIGINT
        self._last = -math.inf
        self._hook = sys.unraisablehook
        self._before: dict[signal.Signals, signal._HANDLER] = {}

    def __enter__(self) -> "Stops":
        try:
            for number in _TOLD:
                if signal.getsignal(number) == signal.SIG_DFL:
                    self._before[number] = signal.signal(number, self._stop)
        except ValueError:  # not the main thread, which alone is told of signals
            pass
        self._hook, sys.unraisablehook = sys.unraisablehook, self._lost
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.unraisablehook = self._hook
        for number, handler in self._before.items():
            signal.signal(number, handler if self.number == signal.SIGINT else signal.SIG_IGN)

    @property
    def exit_code(self) -> int:
        """The exit code of a program that a signal ended: 130 for Ctrl-C, 143 for SIGTERM, 129 for a hang-up."""
        return 128 + self.number

    def _stop(self, number: int, frame: FrameType | None) -> None:
        now, before = time.monotonic(), self._last
        self._last = now
        if now - before > _AT_ONCE:
            self.number = signal.Signals(number)
            _let_go_of_a_dead_terminal()
            raise KeyboardInterrupt

    def _lost(self, unraisable: "sys.UnraisableHookArgs") -> None:
        """Send again an interrupt that was raised where nothing can be."""
        if unraisable.exc_type is not KeyboardInterrupt:
            self._hook(unraisable)
            return
        self._last = -math.inf
        again = threading.Timer(_ONCE_MORE, os.kill, (os.getpid(), self.number))
        again.daemon = True
        again.start()


def _let_go_of_a_dead_terminal() -> None:
    """Send to nowhere what is still to be said to a terminal that has hung up: writing to it would be an error."""
    for descriptor in (1, 2):
        try:
            is_gone = stat.S_ISCHR(os.fstat(descriptor).st_mode) and not os.isatty(descriptor)
        except OSError:  # closed from the start
            continue
        if is_gone:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, descriptor)
            os.close(nowhere)
