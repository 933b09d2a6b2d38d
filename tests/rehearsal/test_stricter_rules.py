"""Containers that fail under rules which the rehearsal has and the platform has not: real images in a real engine."""

import pytest

pytestmark = pytest.mark.engine

WRITE = "from stub_container import *\nwrite()\n"
OPEN_APP = "RUN chmod 777 /opt/app\nUSER 1000:1000"
SETUID_ID = "RUN cp /usr/bin/id /opt/app/id && chmod 4755 /opt/app/id\nUSER 1000:1000"
BREAKING = {
    "root file system": ("open('/opt/app/cache.txt', 'w').write('x')", OPEN_APP),
    "/opt/ml/model": ("open('/opt/ml/model/cache.txt', 'w').write('x')", "USER 1000:1000"),
    "processes and threads": (
        "import threading, time\nfor _ in range(600): threading.Thread(target=time.sleep, args=(2,)).start()",
        "USER 1000:1000",
    ),
    "privileges": (
        "import subprocess, sys\n"
        "if subprocess.run(['/opt/app/id', '-u'], capture_output=True).stdout != b'0\\n': sys.exit('not permitted')",
        SETUID_ID,
    ),
}


@pytest.mark.parametrize("rule", BREAKING)
def test_a_case_that_only_the_stricter_rules_fail_passes_with_a_warning(build, rehearse_image, small_request, rule):
    program, user = BREAKING[rule]
    result = rehearse_image(build(WRITE + program, user=user))
    (case,) = result.cases
    assert case.passed, case.platform_says
    (finding,) = case.findings
    assert finding.severity == "warning"
    assert finding.explanation.startswith(f"It passes on the platform, and failed here under stricter rules ({rule}: ")
    assert case.structures  # scored: the output is that of the second run
    assert list(small_request.model_dir.iterdir()) == []


@pytest.mark.parametrize("rule", BREAKING)
def test_as_strict_as_the_platform_it_passes_at_once(build, rehearse_image, small_request, rule):
    program, user = BREAKING[rule]
    (case,) = rehearse_image(build(WRITE + program, user=user), confinement="platform", pids=1024).cases
    assert (case.passed, case.findings) == (True, ())
    assert list(small_request.model_dir.iterdir()) == []
