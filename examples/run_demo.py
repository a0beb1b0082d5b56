"""Start the service on a free port with an empty database, run the demo against it, stop it.

The service is stopped whatever happens in between.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60
STOP_SECONDS = 30


def main() -> int:
    # A plain kill or a closed terminal must end the service too.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: sys.exit(128 + received))
    with tempfile.TemporaryDirectory(prefix="netverdict-demo-") as folder:
        environment = {
            **os.environ,
            "NETVERDICT_DATABASE_URL": f"sqlite:///{folder}/demo.sqlite3",
            # The log is shown only if the service does not start, and then to a person.
            "NETVERDICT_LOG_FORMAT": "console",
        }
        print("Migrating an empty SQLite database", flush=True)
        subprocess.run(
            [sys.executable, "-m", "service.cli", "upgrade-database"],
            cwd=ROOT,
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        with serving(environment, Path(folder, "service.log")) as base:
            demo = [sys.executable, str(ROOT / "examples" / "demo.py"), base]
            return subprocess.run(demo, cwd=ROOT, check=False).returncode


@contextlib.contextmanager
def serving(environment: dict[str, str], log: Path) -> Iterator[str]:
    """Run gunicorn on a free loopback port until the block ends."""
    # gunicorn inherits the bound socket, so nobody can take the port in between.
    with socket.socket() as listener, log.open("wb") as output:
        listener.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        fd = listener.fileno()
        print(f"Starting the service on {base}", flush=True)
        server = subprocess.Popen(
            [Path(sys.executable).with_name("gunicorn"), "--bind", f"fd://{fd}"],
            cwd=ROOT,
            env=environment | {"NETVERDICT_BIND": base.removeprefix("http://")},
            pass_fds=[fd],
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C reaches this script alone, which then stops the service in order.
            start_new_session=True,
        )
    # The socket is closed here and gunicorn's alone: were it to die, a request would be refused
    # at once instead of waiting.
    try:
        wait_until_ready(base, server, log)
        yield base
    finally:
        stop(server)
        print(f"Stopped the service (process {server.pid})", flush=True)


def wait_until_ready(base: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Return when /readyz says so; give up with the service's log when it does not."""
    deadline = time.monotonic() + START_SECONDS
    reason = "it stopped"
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{base}/readyz", timeout=5):
                return
        except urllib.error.HTTPError as error:
            reason = f"{error.code} {error.read().decode(errors='replace')}"
        except OSError as error:
            reason = str(error)
        time.sleep(0.1)
    sys.exit(f"The service did not get ready: {reason}\n{log.read_text(errors='replace')}")


def stop(server: subprocess.Popen[bytes]) -> None:
    """Ask gunicorn to finish; after a while, insist."""
    if server.poll() is not None:
        return
    server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        # Its workers are in its process group and must not be left behind.
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
