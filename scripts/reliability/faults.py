"""Faults from the tables of docs/reliability.md. Each strikes one session of a run and says what must hold afterwards; what always must hold
(no acknowledged checkpoint lost, none damaged visible, the end equal to the unbroken run) is checked by who calls them.

A fault is a function of (run, generator) that starts the run, strikes, and returns True when the run came to its end under it. It raises
AssertionError where the promise is broken, and Skip where this machine cannot make the fault."""
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import time

from oracle import kill_at_random, require, wait_for_progress, wait_until

STOPPED, CHECKPOINT = 75, 4


class Skip(Exception):
    """The machine cannot make this fault; the text says why."""


def strace(calls, injection, *paths):
    """What a program is started with, so that some of its system calls meet the injection; only those on `paths`, where there are any."""
    if shutil.which("strace") is None:
        raise Skip("strace is not installed")
    named = [argument for path in paths for argument in ("-P", str(path))]
    return ["strace", "-f", "-qq", "-o", os.devnull, *named, "-e", f"trace={calls}", "-e", f"inject={calls}:{injection}"]


def started(run, generator, **options):
    """A session that has resumed or saved something, at a random moment after that."""
    process = run.start(**options)
    wait_for_progress(run, process)
    time.sleep(generator.uniform(0, 0.5))
    return process


def ended_well(run, process, allowed, timeout=60, is_told=True):
    """True when the run is finished; another exit code than 0 must be one of `allowed`, with a line that begins with 'error:' or a stop, unless
    the log cannot be written either."""
    code = process.wait(timeout=timeout)
    require(code == 0 or code in allowed, f"exit code {code}, wanted 0 or {allowed}:\n{run.text()[-3000:]}")
    require(code in (0, STOPPED) or code < 0 or code > 128 or not is_told or "error: " in run.text(), f"exit code {code} without an error:\n{run.text()[-3000:]}")
    return code == 0


def random_kill(run, generator):
    process = run.start()
    return kill_at_random(run, process, generator, 4.0) is None


def stop_signal(run, generator):
    process = started(run, generator)
    start = time.monotonic()
    process.send_signal(generator.choice((signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGHUP)))
    finished = ended_well(run, process, (STOPPED,))
    require(time.monotonic() - start < 10, "a stop took more than 10 s")
    return finished


def second_signal(run, generator):
    process = started(run, generator)
    process.send_signal(signal.SIGSTOP)  # so that both arrive within a step
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    start = time.monotonic()
    process.send_signal(signal.SIGCONT)
    finished = ended_well(run, process, (128 + signal.SIGTERM, 128 + signal.SIGINT, STOPPED))
    require(time.monotonic() - start < 5, "a second signal did not end the run at once")
    return finished


def held_still(run, generator):
    process = started(run, generator)
    process.send_signal(signal.SIGSTOP)
    time.sleep(generator.uniform(0.5, 3))
    process.send_signal(signal.SIGCONT)
    return ended_well(run, process, (), timeout=300)


def file_size_limit(run, generator):
    """Quota: writes fail with EFBIG for a while."""
    process = started(run, generator)
    limit = generator.choice((0, 1000, 20000))
    if process.poll() is None:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        time.sleep(generator.uniform(0.05, 0.4))
    try:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except ProcessLookupError:
        pass
    return ended_well(run, process, (CHECKPOINT,), timeout=300, is_told=False)


def injected_error(run, generator):
    """The n-th call of a kind fails, once or from then on."""
    call = generator.choice(("fsync", "write", "pwrite64", "rename", "renameat2", "openat", "mkdir", "unlink", "unlinkat", "close"))
    code = generator.choice(("EIO", "ENOSPC"))
    number = generator.randint(1, 60)
    when = f"{number}+" if generator.random() < 0.3 else str(number)
    # The program's own files only: a failing start of the C library proves nothing.
    prefix = strace(call, f"error={code}:when={when}", run.output, run.output / "checkpoints", run.output / "metrics.jsonl")
    return ended_well(run, run.start(prefix=prefix), (CHECKPOINT, 1), timeout=300)


def slow_disk(run, generator):
    delay = generator.choice((2000, 20000))
    process = started(run, generator, prefix=strace("fsync,rename", f"delay_exit={delay}"))
    time.sleep(generator.uniform(0, 1))
    subprocess.run(["pkill", "-KILL", "-f", str(run.config)], check=False)
    process.wait(timeout=60)
    return process.returncode == 0


def killed_at_a_call(run, generator):
    call = generator.choice(("fsync", "write", "rename", "openat", "mkdir", "unlink", "unlinkat", "symlink"))
    prefix = strace(call, f"signal=SIGKILL:when={generator.randint(1, 60)}", run.output, run.output / "checkpoints")
    return ended_well(run, run.start(prefix=prefix), (-signal.SIGKILL, 128 + signal.SIGKILL), timeout=300)


def flipped_bit(run, generator):
    """Between two sessions; the run goes on from the checkpoint before it."""
    return damaged(run, generator, flip)


def cut_file(run, generator):
    return damaged(run, generator, lambda path, random: os.truncate(path, random.randrange(path.stat().st_size)))


def zero_tail(run, generator):
    def tear(path, random):
        size = path.stat().st_size
        begin = random.randrange(size) // 512 * 512
        with open(path, "r+b") as file:
            file.seek(begin)
            before = file.read()
            file.seek(begin)
            file.write(bytes(len(before)))
        if not any(before):
            flip(path, random)
    return damaged(run, generator, tear)


def flip(path, generator):
    position = generator.randrange(path.stat().st_size)
    with open(path, "r+b") as file:
        file.seek(position)
        byte = file.read(1)[0]
        file.seek(position)
        file.write(bytes([byte ^ (1 << generator.randrange(8))]))


def damaged(run, generator, damage):
    checkpoints = run.output / "checkpoints"
    steps = sorted(checkpoints.glob("step-*")) if checkpoints.is_dir() else []
    if len(steps) < 2:
        return random_kill(run, generator)
    victim = generator.choice([path for path in sorted(steps[-1].iterdir()) if path.stat().st_size > 0])
    damage(victim, generator)
    report = {entry["step"]: entry for entry in run.inspect()["training"]["checkpoints"]}
    require(report[int(steps[-1].name[5:])].get("problem"), f"damage in {victim.name} was not seen")
    run.acknowledged = int(steps[-2].name[5:])  # the disk lost one; the promise is the one before it
    process = run.start()
    wait_until(lambda: process.poll() is not None or "resumed at step" in run.text(), run)
    require("is damaged" in run.text() or "skipped" in run.text() or victim.name in run.text(), f"the log does not tell of {victim.name}:\n{run.text()}")
    time.sleep(generator.uniform(0, 1))
    if process.poll() is None:
        process.kill()
    return process.wait(timeout=60) == 0


def two_runs(run, generator):
    process = started(run, generator)
    others = [subprocess.run([str(run.binaries / run.program), str(run.config)], capture_output=True, text=True, timeout=60) for _ in range(2)]
    if process.poll() is None:
        for other in others:
            require(other.returncode == CHECKPOINT and str(process.pid) in other.stderr, f"a second run: {other.returncode}\n{other.stderr}")
    process.kill()
    process.wait(timeout=60)
    return process.returncode == 0


def few_descriptors(run, generator):
    limit = generator.choice((8, 16, 24, 32))
    run_limited = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    return ended_well(run, run.start(preexec=run_limited), (CHECKPOINT, 1, 3, 127), timeout=300)


CLOCK_SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
static long long shift(void) {  /* jumps by a day or an hour with each second */
  static const long long jumps[] = {0, 86400, -3600, 3600, -86400, -1, 40000};
  struct timespec now;
  static int (*real)(clockid_t, struct timespec*);
  if (!real) real = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  real(CLOCK_MONOTONIC, &now);
  return jumps[now.tv_sec % 7];
}
int clock_gettime(clockid_t id, struct timespec* t) {
  static int (*real)(clockid_t, struct timespec*);
  if (!real) real = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  int code = real(id, t);
  if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) t->tv_sec += shift();
  return code;
}
int gettimeofday(struct timeval* restrict t, void* restrict zone) {
  static int (*real)(struct timeval*, void*);
  if (!real) real = (int (*)(struct timeval*, void*))dlsym(RTLD_NEXT, "gettimeofday");
  int code = real(t, zone);
  t->tv_sec += shift();
  return code;
}
time_t time(time_t* t) {
  static time_t (*real)(time_t*);
  if (!real) real = (time_t (*)(time_t*))dlsym(RTLD_NEXT, "time");
  time_t now = real(0) + shift();
  if (t) *t = now;
  return now;
}
"""


def jumping_clock(run, generator):
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise Skip("no C compiler")
    library = pathlib.Path(run.config.parent) / "clock.so"
    if not library.exists():
        source = library.with_suffix(".c")
        source.write_text(CLOCK_SHIM)
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"], check=True)
    process = started(run, generator, environment={"LD_PRELOAD": str(library)})
    time.sleep(generator.uniform(1, 4))
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    finished = ended_well(run, process, (STOPPED,))
    require("-1:" not in run.text() and " left, -" not in run.text(), "a negative time is shown")
    for line in run.all_metrics():
        for key in ("seconds", "tokens_per_second"):
            require(line.get(key, 1) > 0, f"{key} of {line}")
    return finished


FAULTS = {function.__name__: function for function in (
    random_kill, stop_signal, second_signal, held_still, file_size_limit, injected_error, slow_disk, killed_at_a_call, flipped_bit, cut_file,
    zero_tail, two_runs, few_descriptors, jumping_clock)}
