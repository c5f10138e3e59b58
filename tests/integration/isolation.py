"""Commands in namespaces of their own, as root or not. Standard library only."""
import functools
import os
import shutil
import subprocess
import sys


@functools.cache
def unshare(*options):
    """What to put before a command so that it runs under `unshare` with these options; None where the system does not allow it."""
    program = shutil.which("unshare")
    if program:
        for prefix in ((program, *options), (program, "-r", *options)):
            if subprocess.run([*prefix, "true"], capture_output=True, stdin=subprocess.DEVNULL).returncode == 0:
                return list(prefix)
    return None


def in_chroot(root):
    """What to put before a command so that it sees the folder `root` as the whole file system, and no network; None as above."""
    program = shutil.which("chroot", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    for options in (("-n",), ("-rn",)):
        prefix = unshare(*options)
        if prefix and program and subprocess.run([*prefix, program, "/", "true"], capture_output=True).returncode == 0:
            return [*prefix, program, str(root)]
    return None


def with_host_name(name):
    """What to put before a command so that the machine is called `name`; None as above."""
    prefix = unshare("-u")
    # By the system call: another user than root may not write /proc/sys/kernel/hostname, not even in a namespace of his own.
    rename = "import os, socket, sys; socket.sethostname(sys.argv[1]); os.execvp(sys.argv[2], sys.argv[2:])"
    return prefix and [*prefix, sys.executable, "-c", rename, name]
