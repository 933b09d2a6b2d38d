"""Odd containers by how they run: users, processes, logs, time, memory and inputs."""

from tests.support.odd.container import NO_SENTENCE, PASSES, Odd

TIME = "Time limit exceeded"
MEMORY = "The container was killed as it exceeded its memory limit"
SILENT = "No errors were reported in the logs."
IS_ROOT = (
    "The container runs as root. Please add a user, group and USER instruction to your Dockerfile, rebuild, test and"
    " upload the container again, see https://docs.docker.com/develop/develop-images/dockerfile_best-practices/#user"
)
NO_USER = "The user defined in the containers USER instruction does not exist"
BAD_USER = "Invalid argument for the containers USER instruction"
SIX_S = ("--limit-s", "6")
SMALL = ("--ram-gib", "1.25")
LARGER = ("--ram-gib", "2")
STRICTER = "stricter here, so it warns"
SLEEPS = "subprocess.Popen(['sleep', '300'], start_new_session=True"

RUNS = {
    "a user whose name begins with _": Odd("", BAD_USER, "SHIM", user="_app"),
    "the user root": Odd("", IS_ROOT, "GC-12", user="root"),
    "the user 0:0": Odd("", IS_ROOT, "GC-12", user="0:0"),
    "the user 00": Odd("", PASSES, "GC-12", user="00", warns="overlooks"),
    "a user that is only a number": Odd("", PASSES, "SHIM", user="4242"),
    "a user that does not exist": Odd("", NO_USER, "SHIM", user="nobody-of-this-name"),
    "a label with quotes within": Odd("", PASSES, "GC-26", lines=("LABEL org.grand-challenge.api-method=\"'ex'ec\"",)),
    "a label of another generation": Odd(
        "", "The label org.grand-challenge.api-method must be one of …, instead we found 'serve'.", "GC-26",
        here=NO_SENTENCE, why="refused in both, here in the rehearsal's own words",
        lines=("LABEL org.grand-challenge.api-method=serve",),
    ),
    "files written beside /output": Odd(
        "Path('/cache/x').write_text('x')", PASSES, "RUN", why=STRICTER, warns="root file system",
        lines=("RUN mkdir -m 777 /cache",),
    ),
    "the model's folder written to": Odd(
        "Path('/opt/ml/model/x').write_text('x')", PASSES, "SHIM", why=STRICTER, warns="/opt/ml/model",
    ),
    "600 threads": Odd(
        "import threading\nend = threading.Event()\n"
        "threads = [threading.Thread(target=end.wait, daemon=True) for _ in range(600)]\n"
        "[thread.start() for thread in threads]\nend.set()",
        PASSES, "RUN", why=STRICTER, warns="processes and threads",
    ),
    "a setuid helper": Odd(
        "subprocess.run(['/usr/local/bin/peek', '/root-only'], check=True, stdout=subprocess.DEVNULL)",
        PASSES, "SHIM", why=STRICTER, warns="privileges",
        lines=("RUN cp /bin/cat /usr/local/bin/peek && chmod 4755 /usr/local/bin/peek"
               " && echo x > /root-only && chmod 600 /root-only",),
    ),
    "a helper that keeps stdout open": Odd(
        SLEEPS + ", stderr=subprocess.DEVNULL)", TIME, "RUN", options=SIX_S,
    ),
    "a helper that keeps stderr open": Odd(
        SLEEPS + ", stdout=subprocess.DEVNULL)", TIME, "RUN", options=SIX_S,
    ),
    "a daemon that closes its streams": Odd(
        SLEEPS + ", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)", PASSES, "SHIM", options=SIX_S,
    ),
    "nothing printed": Odd("", PASSES, "SHIM"),
    "a bad byte, then much output": Odd(
        "os.write(2, b'\\xff\\n')\nfor _ in range(300): os.write(2, b'x' * 1023 + b'\\n')", TIME, "SHIM",
    ),
    "a bad byte at the end": Odd("os.write(1, b'\\xff\\n')", NO_SENTENCE, "SHIM"),
    "a line of 1 MiB": Odd("print('x' * (1 << 20))", PASSES, "SHIM", warns="leaves out"),
    "a bar of carriage returns": Odd(
        "print('real')\nfor n in range(5000): print(f'{n} of 5000', end='\\r')\nprint()",
        PASSES, "RUN", warns="carriage returns",
    ),
    "empty lines after the reason": Odd("print('Reason\\n\\n  \\n', file=sys.stderr)\nos._exit(1)", "Reason", "GC-12"),
    "status 1 and nothing on stderr": Odd("os._exit(1)", SILENT, "GC-12"),
    "status 200": Odd("print('Odd end', file=sys.stderr)\nos._exit(200)", "Odd end", "GC-12"),
    "SIGKILL by itself": Odd(
        "os.kill(os.getpid(), signal.SIGKILL)", SILENT, "RUN",
    ),
    "an abort": Odd("print('Assertion failed', file=sys.stderr, flush=True)\nos.abort()", "Assertion failed", "RUN"),
    "an exception": Odd("raise ValueError('no tumour')", "ValueError: no tumour", "GC-12"),
    "more memory than the machine's": Odd(
        "import mmap\nblock = mmap.mmap(-1, 3 << 30)\nfor at in range(0, 3 << 30, 4096): block[at] = 1",
        MEMORY, "RUN, where SageMaker names memory", options=SMALL,
    ),
    "more memory than RLIMIT_DATA": Odd("block = bytearray(1 << 30)", "MemoryError", "SHIM", options=SMALL),
    "most of /dev/shm": Odd("Path('/dev/shm/x').write_bytes(bytes(400 << 20))", PASSES, "DOC", options=LARGER),
    "past the limit, SIGTERM obeyed": Odd("time.sleep(300)", TIME, "SHIM", options=SIX_S, writes=False),
    "past the limit, SIGTERM ignored": Odd(
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(300)", TIME, "SHIM", options=SIX_S, writes=False,
    ),
    "past the limit, label map written": Odd("time.sleep(300)", TIME, "RUN", options=SIX_S),
    "the network asked": Odd(
        "socket.create_connection(('203.0.113.1', 80), timeout=2)", "OSError: [Errno 101] Network is unreachable",
        "DOC",
    ),
    "inputs.json of today": Odd(
        "for entry in json.loads(Path('/input/inputs.json').read_bytes()):\n"
        "    assert Path('/input', entry['socket']['relative_path']).exists(), entry\n"
        "    assert entry['interface']['slug'] == entry['socket']['slug']", PASSES, "GC-26",
    ),
    "inputs.json read as in 2025": Odd(
        "slugs = {entry['interface']['slug'] for entry in json.loads(Path('/input/inputs.json').read_bytes())}\n"
        "assert len(slugs) == 3, slugs", PASSES, "GC-26",
    ),
    "the model's folder listed": Odd("os.listdir('/opt/ml/model')", PASSES, "SHIM"),
    "find /input": Odd(
        "found = subprocess.run(['find', '/input', '-name', '*.mha'], capture_output=True, check=True).stdout\n"
        "if not found: sys.exit('no image')", "no image", "RUN",
    ),
    "/input resolved": Odd(
        "if Path('/input').resolve() != Path('/input'): sys.exit('not /input')",
        "not /input", "SHIM",
    ),
    "/input written to": Odd(
        "try: Path('/input/x').write_text('x')\nexcept OSError: sys.exit('/input is read-only')",
        "/input is read-only", "SHIM",
    ),
}  # fmt: skip
"""Odd containers that speak exec, by name."""
