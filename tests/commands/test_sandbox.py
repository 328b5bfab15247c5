"""heymilo-prefect sandbox: says where it is, serves, and ends clean."""

import json
import signal
import subprocess
import sys

import httpx
import pytest

COMMAND = [sys.executable, "-m", "heymilo_prefect", "sandbox", "--port", "0"]


def test_it_prints_its_address_and_stops_cleanly() -> None:
    with subprocess.Popen(
        [*COMMAND, "--json", "--candidates", "2", "--postings", "1"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as served:  # fmt: skip
        assert served.stdout
        told = json.loads(served.stdout.readline())
        answer = httpx.get(f"{told['url']}/api/postings", headers={"X-API-KEY": told["api_key"]})
        assert answer.json()["total"] == 1
        assert httpx.get(f"{told['url']}/").status_code == 200
        served.send_signal(signal.SIGINT)
        said, complaints = served.communicate(timeout=30)
    assert served.returncode == 0
    assert "Traceback" not in said + complaints


@pytest.mark.parametrize("variant", ["health-under-api", "health_under_api"])
def test_a_variant_of_the_api_is_an_option(variant: str) -> None:
    command = [*COMMAND, "--json", "--variant", variant, "--variant", "milliseconds"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout
        told = json.loads(served.stdout.readline())
        key = {"X-API-KEY": told["api_key"]}
        found = [
            httpx.get(f"{told['url']}{path}", headers=key).status_code
            for path in ("/health", "/api/health")
        ]
        served.send_signal(signal.SIGINT)
    assert found == [404, 200]
