"""A clean Debian in a folder, for one test: made once, kept as an archive, laid out anew each time."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import time

SUITE = "stable"
MIRROR = "http://deb.debian.org/debian"
# So that the unit is enabled as on a real machine; it is not started, since nothing boots here.
INCLUDED = "systemd,ca-certificates"


class Impossible(Exception):
    """The machine can't do it; says why."""


def run(*command, **more):
    return subprocess.run(command, check=True, text=True, capture_output=True, **more)


def archive(cache):
    """The archive of a clean Debian, made where it is missing."""
    path = pathlib.Path(cache) / f"debian-{SUITE}.tar"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    made = tempfile.mkdtemp(prefix="redoubt-root-", dir=path.parent)
    try:
        command = ["debootstrap", "--variant=minbase", f"--include={INCLUDED}", SUITE, made, MIRROR]
        done = subprocess.run(command, text=True, capture_output=True)
        if done.returncode != 0:
            raise Impossible(f"debootstrap failed: {done.stdout[-500:]}{done.stderr[-500:]}")
        new = path.with_suffix(".new")
        run("tar", "--numeric-owner", "-C", made, "-cf", str(new), ".")
        new.rename(path)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return path


class Root:
    """A Debian of one's own, removed at the end. Commands run in it with their own mounts and processes."""

    def __init__(self, cache):
        if os.geteuid() != 0:
            raise Impossible("only root can make a Debian of its own")
        for tool in ["debootstrap", "unshare", "chroot", "tar"]:
            if shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin:/sbin") is None:
                raise Impossible(f"{tool} is missing")
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="redoubt-root-", dir=pathlib.Path(cache)))
        run("tar", "--numeric-owner", "-C", str(self.path), "-xf", str(archive(cache)))
        # Its / is for everybody, as on any machine.
        self.path.chmod(0o755)
        try:
            self.sh("true")
        except subprocess.CalledProcessError as error:
            self.remove()
            raise Impossible(f"namespaces are not allowed here: {error.stderr}") from error

    def sh(self, script, **more):
        """Runs a script in it; gives what it says."""
        inside = f"mount -t proc proc {self.path}/proc && exec chroot {self.path} /bin/sh -ec \"$1\""
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", inside, "sh", script]
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
        done = subprocess.run(command, text=True, capture_output=True, env=environment, **more)
        if done.returncode != 0:
            raise AssertionError(f"{script}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def boot(self):
        """The same Debian as a running machine."""
        return Booted(self.path)

    def put(self, file, place):
        shutil.copy(file, self.path / place.lstrip("/"))

    def listing(self):
        """Every path with what tells whether it was changed, but for what any installation writes for itself."""
        found = {}
        for folder, folders, files in os.walk(self.path):
            for name in folders + files:
                path = pathlib.Path(folder) / name
                inside = str(path.relative_to(self.path))
                if not inside.startswith(OWN_OF_THE_SYSTEM):
                    found[inside] = self._what(path)
        return found

    @staticmethod
    def _what(path):
        status = path.lstat()
        content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        return status.st_mode, status.st_uid, status.st_gid, content

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


# What systemd needs to be the first process, and nothing with which it could reach the machine that it runs on: its
# own mounts, processes, name and control group; settings of the kernel for reading only; no consoles, modules, clocks and devices.
BOOT = """
echo $$ > "$2/cgroup.procs"
exec unshare --mount --pid --fork --kill-child --uts --ipc --cgroup sh -ec '
root=$1
mount --make-rprivate /
mount --rbind "$root" "$root"
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for node in null zero full random urandom tty; do
  : > "$root/dev/$node"
  mount --bind "/dev/$node" "$root/dev/$node"
done
cd "$root"
mkdir .old
pivot_root . .old
umount -l /.old
rmdir /.old
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin \\
  setpriv --bounding-set=-sys_module,-sys_time,-sys_rawio,-mknod,-syslog,-net_admin \\
  /usr/lib/systemd/systemd --system
' sh "$1"
"""


class Booted:
    """A Debian that runs, with systemd as its first process. It has the network of the machine that it runs on."""

    def __init__(self, path):
        self.group = self._group()
        self.unshare = subprocess.Popen(["sh", "-ec", BOOT, "sh", str(path), str(self.group)], stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    @staticmethod
    def _group():
        """A control group of its own: what systemd makes is below it."""
        mounts = [line.split() for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
        unified = [mount[1] for mount in mounts if mount[2] == "cgroup2"]
        if not unified:
            raise Impossible("there are no control groups of the second version here")
        group = pathlib.Path(unified[0]) / f"redoubt-test-{os.getpid()}"
        try:
            group.mkdir(exist_ok=True)
        except OSError as error:
            raise Impossible(f"control groups can't be made here: {error}") from error
        return group

    def _wait(self):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if self.unshare.poll() is not None:
                raise Impossible(f"systemd does not run here: {self.unshare.stdout.read()}")
            done = self._in("systemctl", "is-system-running")
            # Of what a machine without devices lacks, nothing is needed.
            if done is not None and done.stdout.strip() in ["running", "degraded"]:
                return
            time.sleep(0.2)
        raise Impossible("systemd does not come up here")

    def _in(self, *command):
        first = run_or_nothing("pgrep", "-P", str(self.unshare.pid))
        if not first:
            return None
        enter = ["nsenter", "-t", first, "-m", "-p", "-u", "-i", "-C", "-r", "-w"]
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
        return subprocess.run([*enter, *command], text=True, capture_output=True, env=environment)

    def sh(self, script):
        """Runs a script on it; gives what it says."""
        done = self._in("/bin/sh", "-ec", script)
        if done.returncode != 0:
            raise AssertionError(f"{script}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def stop(self):
        """Turns it off, cleanly if it can."""
        if self.unshare.poll() is None:
            self._in("systemctl", "poweroff", "--force")
            try:
                self.unshare.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.unshare.kill()
        self.unshare.wait()
        self.unshare.stdout.close()
        for folder, _, _ in os.walk(self.group, topdown=False):
            try:
                os.rmdir(folder)
            except OSError:
                # Its last processes are still on their way out.
                time.sleep(0.5)
                os.rmdir(folder)


def run_or_nothing(*command):
    return subprocess.run(command, text=True, capture_output=True).stdout.strip()


# Logs, the package manager's own account of what it did, copies that tools keep of files that they changed, and caches.
OWN_OF_THE_SYSTEM = (
    "proc/",
    "run/",
    "dev/",
    "var/lib/systemd/",
    "var/log/",
    "var/lib/dpkg/",
    "var/cache/",
    "etc/passwd-",
    "etc/group-",
    "etc/shadow-",
    "etc/gshadow-",
    "etc/.pwd.lock",
    "etc/subuid-",
    "etc/subgid-",
    "tmp/",
    "root/",
    "var/lib/rpm/",
    "usr/lib/sysimage/",
)
