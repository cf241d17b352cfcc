"""Runs a command while ministack plays DynamoDB and KMS, for a second opinion on what the tests hold.

    python infra/tests/second_opinion.py COMMAND [ARGUMENT ...]

The command finds its address in POSTERN_SECOND_OPINION. Whatever happens, ministack ends with the command.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

PATIENCE = 60  # seconds until it answers; it takes five on an idle machine

SETTINGS = {
    "BIND_HOST": "127.0.0.1",  # it would listen to everybody
    "SERVICES": "dynamodb,dynamodbstreams,kms",
    "SFTP_ENABLED": "0",
    "IOT_MTLS_ENABLED": "0",
    "LOG_LEVEL": "ERROR",
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(ministack, address):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if ministack.poll() is not None:
            sys.exit(f"ministack ended with {ministack.returncode}")
        try:
            return urllib.request.urlopen(f"http://{address}/_ministack/health", timeout=2).read()
        except OSError:
            time.sleep(0.1)
    sys.exit(f"ministack did not answer within {PATIENCE} s")


def main(command):
    program = os.path.join(os.path.dirname(sys.executable), "ministack")
    port = str(free_port())
    address = f"127.0.0.1:{port}"
    settings = {**os.environ, **SETTINGS, "GATEWAY_PORT": port}
    ministack = subprocess.Popen([program], env=settings, stdout=subprocess.DEVNULL)
    # A signal to the group ends it by itself; one to this program alone must not leave it behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        wait_for(ministack, address)
        return subprocess.call(command, env={**os.environ, "POSTERN_SECOND_OPINION": address})
    finally:
        ministack.terminate()
        ministack.wait()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
