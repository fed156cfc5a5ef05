"""A real Dask scheduler with two worker processes: the same table as threads, a killed worker, another version."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner

from underwatch.cli import main
from underwatch.errors import InputError
from underwatch.experiments.engine.executors import executor_for
from underwatch.experiments.engine.tasks import Results, run_tasks
from underwatch.experiments.sweep import Sweep, headlines_of
from underwatch.world.scenario_file import scenario_for

SCENARIO = scenario_for("hoeryong", population=20_000, days=180)
WORDS = "sweep hoeryong --population 700 --days 21 --draws 5"
QUIET = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "3", "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "20s"}
START = 90.0  # seconds for a process to be up


def free_port():
    with socket.socket() as some:
        some.bind(("127.0.0.1", 0))
        return some.getsockname()[1]


def process(*words, path=None):
    environment = os.environ | QUIET | ({"PYTHONPATH": str(path)} if path else {})
    return subprocess.Popen([sys.executable, "-m", *words], env=environment, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, start_new_session=True)  # fmt: skip


def worker(address, path=None):
    return process("distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard",
                   "--local-directory", "/dev/shm", path=path)  # fmt: skip


def workers_up(address, n):
    from distributed import Client

    with Client(address, timeout=START, set_as_default=False) as client:
        client.wait_for_workers(n, timeout=START)


def stop(*processes):
    for one in processes:
        if one.poll() is None:
            os.killpg(one.pid, signal.SIGKILL)
        one.wait()


@pytest.fixture(scope="module")
def scheduler():
    port = free_port()
    one = process("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
    yield f"tcp://127.0.0.1:{port}"
    stop(one)


@pytest.fixture(scope="module")
def cluster(scheduler):
    workers = [worker(scheduler), worker(scheduler)]
    workers_up(scheduler, 2)
    yield scheduler, workers
    stop(*workers)


def do(words, code=0):
    result = CliRunner().invoke(main, words.split())
    assert result.exit_code == code, result.output
    return result


def test_a_cluster_gives_the_table_of_threads_bit_for_bit(cluster, tmp_path):
    do(f"{WORDS} --out {tmp_path}/threads")
    do(f"{WORDS} --dask {cluster[0]} --out {tmp_path}/dask")
    for name in ("draws.parquet", "bands.csv", "report.html"):
        assert (tmp_path / "threads" / name).read_bytes() == (tmp_path / "dask" / name).read_bytes(), name


@pytest.mark.deep
def test_a_worker_killed_in_the_middle_loses_nothing(cluster):
    address, workers = cluster
    sweep = Sweep(SCENARIO, 24)
    with ThreadPoolExecutor(2) as pool:
        expected = run_tasks(sweep.worlds(), headlines_of, pool, Results({}))
    killed = []

    def kill_one(number):
        if not killed:
            killed.append(number)
            os.killpg(workers[0].pid, signal.SIGKILL)

    with executor_for(dask=address) as executor:
        found = run_tasks(sweep.worlds(), headlines_of, executor, Results({}), kill_one)
    assert killed
    assert found == expected


def test_an_address_that_is_none_is_told():
    with pytest.raises(InputError, match="no Dask scheduler"), executor_for(dask="nonsense"):
        pass


@pytest.mark.deep
def test_no_scheduler_at_the_address_is_one_line_within_ten_seconds(tmp_path):
    begun = time.monotonic()
    result = do(f"{WORDS} --dask tcp://127.0.0.1:{free_port()} --out {tmp_path}/none", 2)
    assert time.monotonic() - begun < 15  # 8 s for the answer; the rest is this busy machine
    assert "no Dask scheduler answers there" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.deep
def test_a_worker_with_another_version_is_refused(scheduler, cluster, tmp_path):
    import underwatch

    shutil.copytree(Path(underwatch.__file__).parent, tmp_path / "underwatch")
    front = tmp_path / "underwatch" / "__init__.py"
    front.write_text(front.read_text().replace(f'"{underwatch.__version__}"', '"0.0.0"'))
    other = worker(scheduler, tmp_path)
    try:
        alive = sum(one.poll() is None for one in cluster[1])
        workers_up(scheduler, alive + 1)
        refused = pytest.raises(InputError, match=r"a worker runs underwatch 0\.0\.0 .* and this is")
        with refused, executor_for(dask=scheduler):
            pass
    finally:
        stop(other)
